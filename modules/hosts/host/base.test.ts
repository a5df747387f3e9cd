import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildBlueprint, type Host } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { baseFragment, restartPolicy } from "./index.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const host = (role: string): Host => {
  const found = blueprint.hosts.find((one) => one.role === role);
  if (!found) throw new Error(`no ${role}`);
  return found;
};
const text = (role: string, path: string): string =>
  baseFragment(blueprint, host(role)).files?.find((file) => file.path === path)?.content ?? "";

describe("who gets in", () => {
  it("is the named admins by their keys, and the edge host is a way to port 22 of the others", () => {
    const edge = text("edge", "/etc/ssh/sshd_config");
    const places = /^PermitOpen (.*)$/m.exec(edge)?.[1]?.split(" ") ?? [];
    const others = blueprint.hosts.filter(({ role }) => role !== "edge");
    expect(places).toEqual(others.flatMap((one) => [`${one.ipv4}:22`, `[${one.ipv6}]:22`]));
    for (const role of ["control", "turn", "bridge", "monitor"]) {
      const config = text(role, "/etc/ssh/sshd_config");
      expect(config).toMatch(/^DisableForwarding yes$/m);
      expect(config).not.toContain("PermitOpen");
      expect(config).toMatch(/^PerSourcePenaltyExemptList 10\./m);
    }
    expect(edge).not.toContain("ExemptList");
    for (const config of [edge, text("bridge", "/etc/ssh/sshd_config")]) {
      expect(config).toMatch(/^AllowUsers samdevries$/m);
      expect(config).not.toMatch(/^Include/m);
    }
    expect(text("edge", "/etc/ssh/authorized_keys/samdevries")).toContain("AAAAC3NzaC1lZDI1NTE5");
    expect(text("edge", "/etc/sudoers")).toMatch(/^samdevries ALL=\(ALL:ALL\) NOPASSWD: ALL$/m);
    expect(text("edge", "/etc/sudoers")).not.toMatch(/^[#@]include/m);
  });
});

describe("where a host's journal goes", () => {
  it("is the monitor, by its private address; the monitor sends nothing to itself", () => {
    const path = "/etc/systemd/journal-upload.conf.d/zz-polder.conf";
    expect(text("turn", path)).toContain(`URL=https://${host("monitor").ipv4}:19532`);
    expect(text("monitor", path)).toBe("");
    expect(baseFragment(blueprint, host("monitor")).masked).not.toContain(
      "systemd-journal-remote.socket",
    );
    expect(baseFragment(blueprint, host("turn")).masked).toContain("systemd-journal-remote.socket");
  });

  it("is kept here for the operations' term", () => {
    expect(text("turn", "/etc/systemd/journald.conf.d/zz-polder.conf")).toContain(
      `MaxRetentionSec=${blueprint.retention.operationsDays}day`,
    );
  });
});

describe("where packages come from", () => {
  const sources = (packages: object) => {
    const own = buildBlueprint(inputOf(someInstance({ packages })));
    const fragment = baseFragment(own, own.hosts[0] as Host);
    const file = fragment.files?.find(({ path }) => path.endsWith("/debian.sources"));
    return [...(file?.content ?? "").matchAll(/^URIs: (.*)$/gm)].map((m) => m[1]);
  };
  it("is a place on the host where all comes with converge", () => {
    expect(sources({ source: "folder", folder: "packages" })).toEqual([
      "file:/var/lib/polder-packages/debian",
      "file:/var/lib/polder-packages/debian-security",
    ]);
  });

  it("is Debian, or the mirror's two folders, with or without a final slash", () => {
    expect(sources({ source: "upstream" })).toEqual([
      "https://deb.debian.org/debian",
      "https://deb.debian.org/debian-security",
    ]);
    for (const mirror of ["http://192.0.2.1:3142/", "http://192.0.2.1:3142"])
      expect(sources({ source: "mirror", mirror })).toEqual([
        "http://192.0.2.1:3142/debian",
        "http://192.0.2.1:3142/debian-security",
      ]);
  });
});

describe("the kernel", () => {
  it("gets room for media where media comes, and loose reverse paths with two links only", () => {
    const media = "/etc/sysctl.d/62-polder-media.conf";
    expect(text("bridge", media)).toContain("rmem_max = 10485760");
    expect(text("turn", media)).not.toBe("");
    expect(text("edge", media)).toBe("");
    expect(text("edge", "/etc/sysctl.d/60-polder-network.conf")).toContain("conf.*.rp_filter = 1");
  });

  it("is told with a leading - what a container may not write: no host fails on it", () => {
    const lines = text("edge", "/etc/sysctl.d/61-polder-kernel.conf")
      .split("\n")
      .filter((line) => line && !line.startsWith("#"));
    expect(lines.filter((line) => !line.startsWith("-"))).toEqual([]);
  });
});

describe("what packages may restart", () => {
  const folder = mkdtempSync(join(tmpdir(), "polder-policy-"));
  const list = join(folder, "carries-calls");
  const program = join(folder, "policy-rc.d");
  const fragment = restartPolicy(
    [
      { name: "prosody.service", reload: [], restart: [], carriesCalls: true },
      { name: "ssh.service", reload: [], restart: [], carriesCalls: false },
    ],
    loadPrograms(),
  );
  for (const { path, content } of fragment.files ?? []) {
    const here = content.replace("/etc/polder/carries-calls", list);
    writeFileSync(path === "/usr/sbin/policy-rc.d" ? program : list, here);
  }
  afterAll(() => rmSync(folder, { recursive: true }));
  const ask = (...args: string[]) => spawnSync("sh", [program, ...args]).status;

  it("is all but what carries calls, which may be reloaded", () => {
    for (const name of ["prosody", "prosody.service"]) {
      expect([name, ask(name, "restart"), ask("--quiet", name, "stop")]).toEqual([name, 101, 101]);
      expect([name, ask(name, "reload"), ask(name, "force-reload")]).toEqual([name, 0, 0]);
    }
    for (const name of ["ssh", "ssh.service", "prosod", "prosody-other", "."])
      expect([name, ask(name, "restart")]).toEqual([name, 0]);
  });

  it("is nothing while nobody knows what carries calls", () => {
    rmSync(list);
    expect(ask("ssh", "restart")).toBe(101);
  });

  it("is a program that packages may run", () => {
    expect(fragment.files?.map(({ path, mode }) => [path, mode])).toEqual([
      ["/usr/sbin/policy-rc.d", "0755"],
      ["/etc/polder/carries-calls", "0644"],
    ]);
  });
});
