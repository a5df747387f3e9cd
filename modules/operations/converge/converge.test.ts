import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { standIns } from "../../../lab/stand-ins/index.ts";
import { renderAll } from "../../hosts/render/index.ts";
import { buildBlueprint } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { explainSsh } from "./connections.ts";
import { explain, parseEvent, Results } from "./events.ts";
import { inventory } from "./inventory.ts";
import { inForce, inRestartOrder, restartCost } from "./restarts.ts";
import { knownHosts, sshConfig } from "./ssh-config.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const KEY = `ssh-ed25519 ${"A".repeat(68)}`;
const entry = {
  key: KEY,
  fingerprint: `SHA256:${"a".repeat(43)}`,
  state: "unverified",
  on: "2026-11-24",
} as const;

describe("ssh configuration", () => {
  const text = sshConfig(
    blueprint,
    { user: "sam", identity: "/home/sam/id with blank" },
    "/b/known",
  );
  const blocks = text.split(/^Host /m).slice(1);

  it("reaches every host but the edge through the edge, by its private address", () => {
    for (const host of blueprint.hosts) {
      const block = blocks.find((one) => one.startsWith(`${host.name}\n`)) ?? "";
      expect(block).toContain(`HostKeyAlias ${host.name}`);
      expect(block.includes("ProxyJump")).toBe(host.role !== "edge");
      if (host.role !== "edge") expect(block).toContain(`HostName ${host.ipv4}\n`);
    }
  });

  it("trusts nobody else's files and forwards nothing", () => {
    expect(text).toContain("GlobalKnownHostsFile /dev/null");
    expect(text).toContain("StrictHostKeyChecking yes");
    expect(text).toContain("ForwardAgent no");
    expect(text).toContain('IdentityFile "/home/sam/id with blank"');
  });

  it("leaves the key to the agent where none is named", () => {
    expect(sshConfig(blueprint, { user: "sam" }, "/b/known")).not.toContain("Identit");
  });
});

describe("known hosts", () => {
  it("hold each host's own key, and the CA for this instance's names alone", () => {
    const [first] = blueprint.hosts;
    const lines = knownHosts(blueprint, { [first?.id ?? ""]: entry }, `${KEY}\n`)
      .trim()
      .split("\n");
    expect(lines).toEqual([
      `@cert-authority *.${blueprint.instance}.internal ${KEY}`,
      `${first?.name} ${KEY}`,
    ]);
  });
});

describe("inventory", () => {
  const wishes = { check: false };
  const text = inventory(
    blueprint,
    ...(["/b/hosts", "/i/vault.yaml", { "turn-1": "cert" }, "keys", wishes] as const),
  );
  const { all } = load(text) as {
    all: { vars: Record<string, unknown>; hosts: Record<string, Record<string, unknown>> };
  };

  it("names every host, with its configuration and its roles", () => {
    expect(Object.keys(all.hosts)).toEqual(blueprint.hosts.map(({ id }) => id));
    for (const host of blueprint.hosts)
      expect(all.hosts[host.id]).toMatchObject({
        ansible_host: host.name,
        polder_configuration: `/b/hosts/${host.id}`,
        polder_role: host.role,
      });
    expect(all.hosts["turn-1"]?.["polder_public"]).toEqual({
      "ssh/turn-1.cert": "cert",
      "gate/tokens.pem": "keys",
    });
    expect(all.vars["polder_check"]).toBe(false);
  });

  it("asks each service where it listens: a relay with an address of its own there, not inside", () => {
    const publicAddress = { id: "x", ipv4: "203.0.113.7" };
    const at = (publicAddresses: "direct" | "floating", id: string) => {
      const hosts = blueprint.hosts.map((host) => ({ ...host, publicAddress }));
      const cloud = { ...blueprint.cloud, publicAddresses };
      const written = inventory({ ...blueprint, cloud, hosts }, "/b", "/v", {}, "", wishes);
      return (load(written) as { all: typeof all }).all.hosts[id];
    };
    const inside = (id: string) => blueprint.hosts.find((host) => host.id === id)?.ipv4;
    expect(at("direct", "turn-1")?.["polder_relay_address"]).toBe("203.0.113.7");
    expect(at("floating", "turn-1")?.["polder_relay_address"]).toBe(inside("turn-1"));
    expect(at("direct", "control-1")?.["polder_address"]).toBe(inside("control-1"));
    expect(at("direct", "control-1")).not.toHaveProperty("polder_relay_address");
  });

  it("names the folder of Debian's packages where hosts fetch none", () => {
    const archive = { folder: "/p", digest: "d" };
    const of = (options: object) =>
      load(inventory(blueprint, "/b", "/v", {}, "", { ...wishes, ...options })) as {
        all: { vars: Record<string, unknown> };
      };
    expect(of({ archive }).all.vars["polder_archive"]).toEqual(archive);
    expect(of({}).all.vars).not.toHaveProperty("polder_archive");
  });

  it("mounts the volumes that there are, at their size", () => {
    for (const host of blueprint.hosts) {
      const volume = all.hosts[host.id]?.["polder_volume"] as { sizeGiB: number } | undefined;
      expect(volume?.sizeGiB).toBe(host.volumes[0]?.sizeGiB);
    }
  });
});

describe("events", () => {
  const event = (event: object) => parseEvent(JSON.stringify(event));
  const compare = (host: string, report: object) =>
    event({ event: "ok", host, task: "t", changed: false, phase: "compare", report });

  it("that aren't ours are text", () => {
    for (const line of ["[WARNING]: x", "{", "null", "[]", "3"])
      expect(parseEvent(line)).toEqual({ event: "text", text: line });
  });

  it("make one result a host, and silence is no success", () => {
    const results = new Results(["a", "b", "c", "d"], false);
    results.add(compare("a", { same: true, pending: ["prosody.service"] }));
    results.add(compare("b", { same: false, drift: { "/etc/x": "edited" }, files: ["/etc/y"] }));
    results.add(event({ event: "ok", host: "b", task: "t", changed: true }));
    results.add(
      event({
        event: "unreachable",
        host: "c",
        task: "t",
        changed: false,
        message: "ssh: Connection timed out",
      }),
    );
    expect(results.all().map(({ host, outcome }) => [host, outcome])).toEqual([
      ["a", "unchanged"],
      ["b", "changed"],
      ["c", "failed"],
      ["d", "failed"],
    ]);
    expect(results.all()[0]?.pending).toEqual(["prosody.service"]);
    expect(results.all()[0]?.running).toEqual([
      "prosody.service runs with older files than it has",
    ]);
    expect(results.all()[1]?.lines).toEqual(["drift: /etc/x: edited", "files: /etc/y"]);
    expect(results.all()[1]?.tasks).toBe(2);
    expect(results.all()[2]?.lines[0]).toMatch(/connection was lost/);
    expect(results.all()[3]?.lines).toEqual(["was not looked at"]);
  });

  it("only tell with --check", () => {
    const results = new Results(["a"], true);
    results.add(compare("a", { same: false, files: ["/etc/y"] }));
    expect(results.all()[0]?.outcome).toBe("differs");
  });

  it("name units whose restart or reload is due, and not those that are down, which the probe of units names", () => {
    const results = new Results(["a"], true);
    const ask = {
      "ssh.service": "reload",
      "nftables.service": "restart",
      "nginx.service": "start",
    };
    results.add(compare("a", { same: false, units: { ask, enable: [], mask: [] } }));
    expect(results.all()[0]?.running).toEqual([
      "ssh.service runs with older files than it has",
      "nftables.service runs with older files than it has",
    ]);
  });

  it("name what is loaded or runs otherwise, and what is beyond, which stays a person's", () => {
    const results = new Results(["a", "b", "c"], false);
    results.add(
      compare("a", {
        same: false,
        idle: { "/etc/nftables.conf": "nothing is loaded" },
        old: { "coturn.service": "/usr/bin/turnserver" },
      }),
    );
    results.add(compare("b", { same: true, beyond: { "/etc/cron.d/x": "no package's file" } }));
    results.add(
      compare("c", { same: false, idle: { "/etc/sysctl.d/60-a.conf": "x is 1, not 0" } }),
    );
    results.add(
      event({
        event: "ok",
        host: "c",
        task: "t",
        changed: true,
        phase: "switch",
        report: { asked: {}, idle: { "/etc/sysctl.d/60-a.conf": "x is 1, not 0" } },
      }),
    );
    const [a, b, c] = results.all();
    expect(a?.running).toEqual([
      "not in force: /etc/nftables.conf: nothing is loaded",
      "old program: coturn.service runs /usr/bin/turnserver, which was replaced since",
    ]);
    expect(a?.lines).toEqual(a?.running);
    expect(a?.outcome).toBe("changed");
    expect([b?.outcome, b?.left]).toEqual([
      "differs",
      ["beyond: /etc/cron.d/x: no package's file"],
    ]);
    expect([c?.outcome, c?.left]).toEqual([
      "differs",
      ["still not in force: /etc/sysctl.d/60-a.conf: x is 1, not 0"],
    ]);
  });

  it("say which security updates the folder lacks, also where nothing else is to do", () => {
    const results = new Results(["a", "b"], false);
    results.add(compare("a", { same: true, archive: null, lacks: ["x_1_all.deb"] }));
    results.add(compare("b", { same: false, archive: "another one was brought", lacks: ["x"] }));
    const report = { lacks: [] };
    results.add(
      event({ event: "ok", host: "b", task: "t", changed: true, phase: "packages", report }),
    );
    const [a, b] = results.all();
    expect([a?.outcome, a?.lacks]).toEqual(["differs", ["x_1_all.deb"]]);
    expect([b?.outcome, b?.lacks]).toEqual(["changed", []]);
    expect(b?.lines).toEqual(["folder of packages: another one was brought"]);
  });

  it.each([
    [{ leftover: true }, /a run that was killed/],
    [{ volume: { state: "blank", folder: "/srv" } }, /a blank disk/],
    [{ volume: { state: "unmounted", folder: "/srv", sizeGiB: 1, wantedGiB: 1 } }, /isn't mounted/],
    [{ volume: { state: "grown", folder: "/srv", sizeGiB: 2, wantedGiB: 2 } }, /smaller than its/],
    [{ units: { ask: { "x.service": "start" }, enable: [], mask: [] } }, /start x\.service/],
    [{ accounts: { missing: [], former: [{ user: "jo" }] } }, /no admins any more: jo/],
  ])("say what differs: %j", (report, line) => {
    const results = new Results(["a"], true);
    results.add(compare("a", { same: false, ...report }));
    expect(results.all()[0]?.lines.join("\n")).toMatch(line);
  });

  it("say of a volume that has another size what it is, and what to do", () => {
    const said = (volume: object) => {
      const results = new Results(["a"], true);
      results.add(compare("a", { same: true, volume: { folder: "/srv", ...volume } }));
      return results.all()[0]?.lines.join("\n");
    };
    expect(said({ state: "ready", sizeGiB: 1, wantedGiB: 2 })).toMatch(/has 1 GiB, not 2: .*apply/);
    expect(said({ state: "ready", sizeGiB: 2, wantedGiB: 2 })).toBe("");
    expect(said({ state: "absent", wantedGiB: 2, seen: ["virtio-1 of 1 GiB"] })).toBe(
      "/srv is a folder of the root disk: no volume of 2 GiB is attached, only virtio-1 of 1 GiB",
    );
  });

  it("shorten long lists", () => {
    const results = new Results(["a"], false);
    results.add(
      compare("a", { same: false, files: Array.from({ length: 11 }, (_, i) => `/f${i}`) }),
    );
    expect(results.all()[0]?.lines[0]).toMatch(/\/f7, and 3 more$/);
  });
});

describe("restarts that cut calls", () => {
  const of = (host: string, ...pending: string[]) =>
    ({ host, outcome: "unchanged", pending }) as const;

  it("come one host after the other: relays, bridges, and Prosody last", () => {
    const order = inRestartOrder(blueprint, [
      of("control-1", "prosody.service"),
      of("bridge-1", "polder-bridge-stand-in.service"),
      of("edge-1"),
      of("turn-2", "coturn.service"),
      { host: "bridge-2", outcome: "failed", pending: ["polder-bridge-stand-in.service"] },
      of("turn-1", "coturn.service"),
    ]);
    expect(order.map(({ host }) => host)).toEqual(["turn-2", "turn-1", "bridge-1", "control-1"]);
  });

  it("leave a host out of those that have all that lies there, until they are done", () => {
    const failed = { host: "bridge-1", outcome: "failed", pending: [] } as const;
    expect(inForce([of("turn-1", "coturn.service"), of("turn-2"), failed])).toEqual(["turn-2"]);
  });

  it("say what they cost, whatever carries calls", () => {
    const carriers = renderAll(blueprint, loadPrograms(), standIns)
      .flatMap(({ units }) => units)
      .filter(({ carriesCalls }) => carriesCalls)
      .map(({ name }) => restartCost(name, blueprint));
    expect(new Set(carriers).size).toBe(4);
    expect(restartCost("x.service", blueprint)).toBe("the calls that it carries end");
    // One host has no other to go on by.
    const alone = (unit: string) => restartCost(unit, { size: "single" });
    expect(alone("polder-videobridge.service")).toContain("no other host carries it");
    expect(alone("coturn.service")).toBe("its relays end until it is back");
    expect(alone("prosody.service")).toBe(restartCost("prosody.service", blueprint));
  });
});

describe("errors", () => {
  it.each([
    ["Task failed: Decryption failed (no vault secrets were found)", /vault doesn't open/],
    ["Failed to connect to the host via ssh: mux_client_request_session", /connection was lost/],
    ['Data could not be sent to remote host "h". Make sure', /connection was lost/],
    ["OSError: No space left on device", /disk is full/],
    ["sudo: a password is required", /may not become root/],
    ["packages: there is no package nginxx", /^packages: there is no package nginxx$/],
  ])("%s", (message, expected) => expect(explain(message)).toMatch(expected));

  it.each([
    ["x@y: Permission denied (publickey).", /refuses the login/],
    ["ssh: connect to host 1.2.3.4 port 22: Connection timed out", /doesn't answer/],
    ["channel 0: open failed: administratively prohibited: open failed", /doesn't forward/],
    ["", /ended without a word/],
  ])("ssh: %s", (stderr, expected) => expect(explainSsh(stderr)).toMatch(expected));

  it("a changed key is refused with what was shown and what to do", () => {
    const shown = `SHA256:${"b".repeat(43)}`;
    const told = explainSsh(
      `@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@\nThe fingerprint for the ED25519 key sent by the remote host is\n${shown}.\nHost key verification failed.`,
    );
    expect(told).toContain(shown);
    expect(told).toContain("polder keys confirm");
  });
});
