import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadPrograms } from "../../workspace/index.ts";
import { programText } from "../configuration/index.ts";
import { awaitAddresses, sandbox } from "./index.ts";

it("leaves a service nothing that it doesn't name", () => {
  const lines = sandbox({});
  expect(lines).toContain("CapabilityBoundingSet=");
  expect(lines).toContain("AmbientCapabilities=");
  expect(lines).toContain("RestrictAddressFamilies=AF_UNIX");
  expect(lines.some((line) => line.startsWith("ReadWritePaths="))).toBe(false);
});

it("gives what is named, no more", () => {
  const lines = sandbox({
    capabilities: ["CAP_NET_BIND_SERVICE"],
    families: ["AF_INET"],
    writable: ["/srv/logs"],
  });
  expect(lines).toContain("CapabilityBoundingSet=CAP_NET_BIND_SERVICE");
  expect(lines).toContain("RestrictAddressFamilies=AF_INET");
  expect(lines).toContain("ReadWritePaths=/srv/logs");
});

describe("waiting for addresses", () => {
  it("gives up after a while, and leaves it to the daemon then", () => {
    expect(awaitAddresses(["10.0.0.1", "fd00::1"])).toMatch(
      /^ExecStartPre=-\+\/usr\/bin\/timeout \d+ \/\S+ 10\.0\.0\.1 fd00::1$/,
    );
  });

  it("ends when each address may be used", () => {
    const folder = mkdtempSync(join(tmpdir(), "polder-addresses-"));
    // Prints what `ip` would of the second address: nothing at first.
    const ip = `#!/bin/sh
echo "$*" >>${folder}/asked
[ "$5" != fd00::1 ] || [ "$(grep -c fd00::1 ${folder}/asked)" -gt 2 ] || exit 0
echo "2: eth0    inet $5/24"
`;
    try {
      writeFileSync(join(folder, "ip"), ip, { mode: 0o755 });
      const program = programText(loadPrograms(), "sandbox/programs/await-addresses.sh");
      const { status } = spawnSync("sh", ["-c", program, "sh", "10.0.0.1", "fd00::1"], {
        env: { PATH: `${folder}:${process.env["PATH"]}` },
        timeout: 20_000,
      });
      const show = (address: string) => `-o address show to ${address} -tentative`;
      expect([status, readFileSync(join(folder, "asked"), "utf8").trim().split("\n")]).toEqual([
        0,
        [show("10.0.0.1"), show("fd00::1"), show("fd00::1"), show("fd00::1")],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
