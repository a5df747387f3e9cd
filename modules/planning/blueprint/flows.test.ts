import { describe, expect, it } from "vitest";
import { buildBlueprint, type Flow, type Peer, securityRules } from "./index.ts";
import { inputOf, someInstance } from "./testing.ts";

const flowsOf = (change: Record<string, unknown> = {}): readonly Flow[] =>
  buildBlueprint(inputOf(someInstance(change))).flows;

const name = (peer: Peer): string =>
  peer.kind === "role" ? peer.role : peer.kind === "internet" ? "internet" : peer.ranges.join(" ");

const line = (flow: Flow): string =>
  `${name(flow.from)} > ${name(flow.to)} ${flow.protocol} ${flow.ports[0]}`;

describe("who may come in", () => {
  it("is this list and nothing else", () => {
    const incoming = flowsOf().filter((flow) => flow.from.kind !== "role");
    expect(incoming.map(line)).toEqual([
      "internet > control tcp 443",
      "internet > control tcp 80",
      "internet > bridge udp 10000",
      "internet > turn udp 3478",
      "internet > turn tcp 443",
      "198.51.100.0/28 > edge tcp 22",
    ]);
  });

  it("for management is the edge host alone, from the admin networks alone", () => {
    const ssh = flowsOf().filter((flow) => flow.ports[0] === 22);
    expect(new Set(ssh.map((flow) => name(flow.from)))).toEqual(
      new Set(["edge", "198.51.100.0/28"]),
    );
    expect(ssh.map(line)).not.toContain("edge > edge tcp 22");
  });

  it("gives the relay no peer but the bridges", () => {
    const media = flowsOf().filter((flow) => name(flow.from) === "turn" && flow.ports[0] === 10000);
    expect(media.map(line)).toEqual(["turn > bridge udp 10000"]);
  });
});

describe("control hosts", () => {
  const between = (simultaneous: number) =>
    flowsOf({
      demand: { meetings: [{ kind: "overleg", simultaneous, participants: 8, cameras: "none" }] },
    })
      .map(line)
      .filter((one) => one.startsWith("control > control"));

  it("reach each other where there are several shards, on one port", () => {
    expect(between(1)).toEqual([]);
    expect(between(250)).toEqual(["control > control tcp 5443"]);
  });
});

describe("alarms and renewals", () => {
  const lines = (rest: Record<string, unknown>) =>
    flowsOf(rest)
      .filter((flow) => /^(alarm|acme)/.test(flow.id))
      .map(line);

  it("have no way out unless they are asked for", () => expect(lines({})).toEqual([]));

  it("go from where they are made to whom they are for", () => {
    expect(lines({ alarms: { webhook: "https://192.0.2.9:8443/alarm" } })).toEqual([
      "monitor > 192.0.2.9/32 tcp 8443",
    ]);
    const acmeDirectory = "https://acme.example/directory";
    expect(lines({ certificates: { source: "acme", acmeDirectory, acmeKeyId: "k" } })).toEqual([
      "control > internet tcp 443",
      "turn > internet tcp 443",
    ]);
  });
});

describe("where packages come from", () => {
  const packagePeers = (packages: Record<string, string>) =>
    flowsOf({ packages })
      .filter((flow) => flow.id.startsWith("packages-control"))
      .map(line);

  it.each<[Record<string, string>, string[]]>([
    [{ source: "upstream" }, ["control > internet tcp 443"]],
    [{ source: "mirror", mirror: "http://192.0.2.1:3142/" }, ["control > 192.0.2.1/32 tcp 3142"]],
    [{ source: "mirror", mirror: "http://[2001:db8::1]/" }, ["control > 2001:db8::1/128 tcp 80"]],
    [{ source: "mirror", mirror: "https://mirror.example/" }, ["control > internet tcp 443"]],
    [{ source: "folder", folder: "packages" }, []],
  ])("%j opens %j", (packages, lines) => {
    expect(packagePeers(packages)).toEqual(lines);
  });

  it("is no way to the internet at all for a site with a folder", () => {
    const out = flowsOf({ packages: { source: "folder", folder: "packages" } });
    expect(out.filter((flow) => flow.to.kind === "internet")).toEqual([]);
  });
});

describe("the packet filter", () => {
  const rules = securityRules(flowsOf());

  it("has both ends of a flow between roles, one end of any other, in both families", () => {
    const of = (flow: string) =>
      rules
        .filter((r) => r.flows.includes(flow))
        .map((r) => `${r.role} ${r.direction} ${r.family}`);
    expect(of("xmpp")).toEqual([
      "control ingress 4",
      "control ingress 6",
      "bridge egress 4",
      "bridge egress 6",
    ]);
    expect(of("web")).toEqual(["control ingress 4", "control ingress 6"]);
    expect(of("admin-in")).toEqual(["edge ingress 4"]);
  });

  it("has each rule once and none without a flow", () => {
    expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
    expect(rules.filter((rule) => rule.flows.length === 0)).toEqual([]);
  });

  it("loses no flow", () => {
    const covered = new Set(rules.flatMap((rule) => rule.flows));
    expect(flowsOf().filter((flow) => !covered.has(flow.id))).toEqual([]);
  });
});
