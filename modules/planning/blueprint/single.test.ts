import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Instance, instanceSchema } from "../instance/index.ts";
import {
  type AddressesFile,
  type Blueprint,
  buildBlueprint,
  carries,
  hostsWith,
  instancePorts,
  Refused,
} from "./index.ts";
import { anyInstance, inputOf, SOME_JITSI, someInstance } from "./testing.ts";

const single = (change: Record<string, unknown> = {}): Instance =>
  someInstance({ size: "single", ...change });
const blueprint = buildBlueprint({ ...inputOf(single()), jitsi: SOME_JITSI });

function plan(instance: Instance): Blueprint | undefined {
  try {
    return buildBlueprint(inputOf(instance));
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

describe("an instance of size single", () => {
  it("is a host that carries meetings and one that keeps their logs, in the zones that they have in a cluster", () => {
    expect(blueprint.hosts.map(({ id, roles, zone }) => [id, roles, zone])).toEqual([
      ["control-1", ["control", "bridge", "turn"], "service"],
      ["monitor-1", ["monitor", "edge"], "management"],
    ]);
    expect(blueprint.hosts.every((host) => host.protected && host.exposure.public)).toBe(true);
    const cluster = buildBlueprint(inputOf(someInstance()));
    const place = ({ hosts }: Blueprint, id: string) => {
      const host = hosts.find((one) => one.id === id);
      return [host?.name, host?.ipv4, host?.ipv6, host?.volumes.map((volume) => volume.id)];
    };
    for (const id of ["control-1", "monitor-1"])
      expect(place(blueprint, id)).toEqual(place(cluster, id));
  });

  it("has no flow of what its programs say to each other on their own host", () => {
    const inside = blueprint.flows.filter(
      ({ from, to }) => from.kind === "role" && to.kind === "role" && from.role === to.role,
    );
    expect(inside).toEqual([]);
    const ids = blueprint.flows.map(({ id }) => id);
    for (const id of ["xmpp", "turn-media", "channel", "relay", "admin-monitor", "journal-edge"])
      expect(ids).not.toContain(id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("opens to everybody what people need, each port once, and SSH to the admin networks alone", () => {
    const open = (kind: "internet" | "ranges") =>
      blueprint.flows
        .filter(({ from, to }) => from.kind === kind && to.kind === "role")
        .map(({ to, protocol, ports: [port] }) => [
          to.kind === "role" && to.role,
          `${protocol} ${port}`,
        ]);
    expect(open("internet")).toEqual([
      ["control", "tcp 443"],
      ["control", "tcp 80"],
      ["control", "udp 10000"],
      ["control", "udp 3478"],
      ["control", "tcp 5349"],
    ]);
    expect(open("ranges")).toEqual([["monitor", "tcp 22"]]);
  });

  it("has the relay on a port of its own only where the page has HTTPS's of the same address", () => {
    expect(instancePorts(blueprint).turnTls).toBe(5349);
    expect(instancePorts(buildBlueprint(inputOf(someInstance()))).turnTls).toBe(443);
  });

  it("leads every peer of a flow to a host, and every role to one, whatever is asked", () => {
    const planned = anyInstance
      .map((instance) => plan(instanceSchema.parse({ ...instance, size: "single" })))
      .filter((any) => any !== undefined);
    fc.assert(
      fc.property(planned, (any) => {
        const named = any.hosts.map(({ role }) => role);
        for (const { from, to } of any.flows)
          for (const peer of [from, to])
            if (peer.kind === "role") expect(named).toContain(peer.role);
        for (const role of ["control", "bridge", "turn", "monitor", "edge"] as const)
          expect(hostsWith(any, role)).toHaveLength(1);
        expect(
          any.hosts.filter((host) => carries(host, "monitor") && carries(host, "turn")),
        ).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });
});

describe("another size than a running instance has", () => {
  const recorded = (...ids: string[]): AddressesFile => ({
    instance: "proef",
    cloud: "openstack",
    location: "lab-floating",
    addresses: Object.fromEntries(
      ids.map((id, i) => [id, { id, ipv4: `203.0.113.${10 + i}` }] as const),
    ),
  });
  const refusal = (instance: Instance, addresses: AddressesFile): string => {
    try {
      buildBlueprint({ ...inputOf(instance), addresses });
      return "granted";
    } catch (error) {
      if (error instanceof Refused) return `${error.path.join(".")}: ${error.message}`;
      throw error;
    }
  };

  it("is refused, both ways, and the one that it has isn't", () => {
    const [two, seven] = [
      recorded("control-1", "monitor-1"),
      recorded("control-1", "bridge-1", "bridge-2", "turn-1", "turn-2", "edge-1"),
    ];
    expect(refusal(single(), two)).toBe("granted");
    expect(refusal(someInstance(), seven)).toBe("granted");
    expect(refusal(single(), seven)).toBe(
      'size: got "single", addresses.yaml was recorded for size cluster: a running instance keeps its size; write that one, or make another instance and `polder decommission` this one',
    );
    expect(refusal(someInstance(), two)).toMatch(/^size: got "cluster", .* for size single:/);
  });

  it("is told at Hetzner, too, where each host of a cluster has an address", () => {
    const at = { residency: "eea", cloud: "hetzner", location: "hetzner-fsn1" };
    const file = (...ids: string[]) => ({
      ...recorded(...ids),
      cloud: "hetzner" as const,
      location: "hetzner-fsn1",
    });
    const whole = file("control-1", "bridge-1", "turn-1", "edge-1", "monitor-1");
    expect(refusal(someInstance(at), whole)).toBe("granted");
    expect(refusal(single(at), file("control-1", "monitor-1"))).toBe("granted");
    expect(refusal(single(at), whole)).toMatch(/^size: /);
  });
});
