import { expect, it } from "vitest";
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

it("waits for each address, as systemd passes it on, and gives up after a while", () => {
  const line = awaitAddresses(["10.0.0.1", "fd00::1"]);
  expect(line).toMatch(/^ExecStartPre=-\+\/usr\/bin\/timeout \d+ /);
  expect(line).toContain("for a in 10.0.0.1 fd00::1; do");
  // systemd.service(5): a dollar that is meant for the shell is doubled.
  expect(line).not.toMatch(/(?<!\$)\$(?!\$)/);
});
