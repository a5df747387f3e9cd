import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { standIns } from "../../../lab/stand-ins/index.ts";
import {
  type Blueprint,
  buildBlueprint,
  type Host,
  Refused,
} from "../../planning/blueprint/index.ts";
import { anyInstance, inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { renderHost } from "../render/index.ts";
import { turnFragment } from "./index.ts";
import { turnLimits } from "./limits.ts";

const turn = ({ hosts }: Blueprint) => hosts.find(({ role }) => role === "turn") as Host;
const blueprint = buildBlueprint(inputOf(someInstance()));

const fileOf = (of: Blueprint, host: Host, wanted: string) =>
  turnFragment(of, host, loadPrograms()).files?.find(({ path }) => path === wanted)?.content ?? "";
const configOf = (of: Blueprint, host: Host) => fileOf(of, host, "/etc/turnserver.conf");
const values = (config: string, key: string) =>
  [...config.matchAll(new RegExp(`^${key}(?:=(.*))?$`, "gm"))].map((m) => m[1] ?? "");

it("relays to the bridges' private addresses, and to nothing else", () => {
  const config = configOf(blueprint, turn(blueprint));
  const bridges = blueprint.hosts.filter(({ role }) => role === "bridge");
  // Where a running coturn looks again, and nowhere else: what its file allows counts until a restart.
  expect(values(config, "allowed-peer-ip")).toEqual([]);
  const live = fileOf(blueprint, turn(blueprint), "/etc/coturn/live.sql");
  expect([...live.matchAll(/INTO allowed_peer_ip .* \('(.*)'\)/g)].map((m) => m[1])).toEqual(
    bridges.map(({ ipv4 }) => ipv4),
  );
  // Whole ranges, from zero to the end: anything else has holes in 4.6.1.
  expect(values(config, "denied-peer-ip")).toEqual([
    "0.0.0.0-255.255.255.255",
    "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  ]);
  for (const key of ["no-tcp-relay", "no-multicast-peers", "no-cli", "no-dtls", "no-rfc5780"])
    expect(values(config, key)).toEqual([""]);
  expect(config).not.toMatch(
    /^(allow-loopback-peers|no-loopback-peers|verbose|Verbose|web-admin)/m,
  );
});

it("offers no plain TCP, without which 4.6.1 speaks TLS 1.3", () => {
  const config = configOf(blueprint, turn(blueprint));
  expect(values(config, "no-tcp")).toEqual([""]);
  expect(values(config, "tls-listening-port")).toEqual(["443"]);
});

// That 4.6.1 passes is seen with the real one: lab/render.debian.test.ts.
it("starts no coturn on trial for which its file isn't rendered", () => {
  const folder = mkdtempSync(join(tmpdir(), "coturn-"));
  writeFileSync(join(folder, "turnserver"), "#!/bin/sh\necho 4.9.0\n", { mode: 0o755 });
  const { status, stderr } = spawnSync(
    "bash",
    [join(import.meta.dirname, "programs/trial-start.sh"), "config", "openssl", "live", "inside"],
    { env: { PATH: `${folder}:${process.env["PATH"]}` }, encoding: "utf8" },
  );
  rmSync(folder, { recursive: true });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^coturn: got 4\.9\.0, allowed: 4\.6\.1, .*docs\/services\.md/);
});

it("listens where clients come in: behind a floating address, or on the host's own", () => {
  const host = turn(blueprint);
  const publicAddress = { id: "x", ipv4: "203.0.113.7", ipv6: "2001:db8::7" };
  const at = (publicAddresses: "floating" | "direct") =>
    configOf(
      { ...blueprint, cloud: { ...blueprint.cloud, publicAddresses } },
      { ...host, publicAddress },
    );
  expect(values(at("floating"), "listening-ip")).toEqual([host.ipv4]);
  expect(values(at("direct"), "listening-ip")).toEqual([publicAddress.ipv4, publicAddress.ipv6]);
  for (const config of [at("floating"), at("direct")]) {
    expect(values(config, "relay-ip")).toEqual([host.ipv4]);
    expect(values(config, "external-ip")).toEqual(["203.0.113.7"]);
  }
  expect(values(configOf(blueprint, host), "external-ip")).toEqual([]);
});

it("gives away as much as was planned, for any instance", () => {
  fc.assert(
    fc.property(anyInstance, (instance) => {
      let any: Blueprint;
      try {
        any = buildBlueprint(inputOf(instance));
      } catch (error) {
        if (error instanceof Refused) return;
        throw error;
      }
      const limits = turnLimits(any);
      const ports = limits.lastPort - limits.firstPort + 1;
      expect(limits.lastPort).toBeLessThanOrEqual(65535);
      expect(limits.totalQuota).toBeLessThanOrEqual(ports);
      expect(limits.totalQuota).toBeGreaterThanOrEqual(64);
      expect(limits.userQuota).toBeGreaterThan(0);
      for (const load of any.sizing.loads)
        expect(limits.bytesPerSecond * 8).toBeGreaterThan(load.bitsDownPerPerson);
      expect(configOf(any, turn(any))).not.toContain("@@secret");
      const live = fileOf(any, turn(any), "/etc/coturn/live.sql");
      expect(live.match(/@@secret.*?@@/g)).toEqual(["@@secret:turn/accepted-secrets@@"]);
    }),
    { numRuns: 25 },
  );
});

it("asks for no restart where a host more or a step of a rotation changes a file", () => {
  const stepped = ["ca/instance.crt", "gate/rooms.keys", "gate/tokens.pem"];
  const relays = ["turn/shared-secret", "turn/accepted-secrets"];
  for (const host of blueprint.hosts) {
    const { files, units } = renderHost(blueprint, host, loadPrograms(), standIns);
    for (const { path, content } of files) {
      if (![...stepped, ...relays].some((name) => content.includes(`@@secret:${name}@@`))) continue;
      const within = (prefix: string) => path === prefix || path.startsWith(`${prefix}/`);
      const restarted = units.filter(
        ({ carriesCalls, restart, reload }) =>
          carriesCalls && restart.some(within) && !reload.some(within),
      );
      expect(restarted.map(({ name }) => `${host.id} ${path}: ${name}`)).toEqual([]);
    }
  }
});

it("reloads certificates, which cuts nobody off, and restarts only for the rest", () => {
  const [unit] = turnFragment(blueprint, turn(blueprint), loadPrograms()).units ?? [];
  expect(unit?.carriesCalls).toBe(true);
  expect(unit?.reload).toEqual([
    "/etc/coturn/turn.crt",
    "/etc/coturn/turn.key",
    "/etc/coturn/live.sql",
  ]);
  expect(unit?.restart).toContain("/etc/turnserver.conf");
});

it("may be installed: what Debian's coturn depends on is forbidden everywhere but here", () => {
  const absent = (role: string) => {
    const host = blueprint.hosts.find((each) => each.role === role) as Host;
    return renderHost(blueprint, host, loadPrograms(), standIns).packages.absent;
  };
  expect(absent("turn")).not.toContain("inetutils-telnet");
  expect(absent("turn")).not.toContain("telnet");
  expect(absent("control")).toContain("inetutils-telnet");
});
