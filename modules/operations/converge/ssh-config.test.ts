import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildBlueprint } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { edgeOf, jumpCommand } from "./ssh-config.ts";

it("leads over the edge host whatever the folder is called, by options that ssh gets as they are", () => {
  const folder = mkdtempSync(join(tmpdir(), "it's 100% "));
  try {
    const config = join(folder, "config");
    const received = join(folder, "arguments");
    writeFileSync(config, "");
    // ssh itself expands the command, and a shell takes it apart.
    const program = join(folder, "ssh");
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > "${received}"\n`, { mode: 0o755 });
    const edge = edgeOf(buildBlueprint(inputOf(someInstance({}))));
    const jump = jumpCommand(edge, config, ["-o", "ControlPath=/run/%C"]);
    // It ends without SSH's greeting, so ssh fails; what counts is how it was called.
    spawnSync(
      "/usr/bin/ssh",
      ["-F", "none", "-o", `ProxyCommand=${jump}`, "host.example", "true"],
      {
        env: { ...process.env, PATH: `${folder}:/usr/bin:/bin` },
      },
    );
    expect(readFileSync(received, "utf8").trim().split("\n")).toEqual([
      ...["-F", config, "-o", "ControlPath=/run/%C", "-W", "[host.example]:22", edge.name],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
