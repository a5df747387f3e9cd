import { type Asked, askedOf, type Demand, grown, type Meeting, up } from "./asked.ts";
import { bridgePlanner } from "./bridges.ts";
import { plannedCores } from "./calibration.ts";
import type { Offer } from "./catalogue.ts";
import { type FigureName, type Figures, figureOf } from "./figures.ts";
import type { Load } from "./load.ts";
import { cheapestOf, type Need, type Suitable, sizeOf, suitableFor, type Words } from "./roles.ts";
import { SINGLE_GIVES_UP, singlePlanner } from "./single.ts";
import type { PlanData, Role, RoleSize, Sizing } from "./sizing.ts";

/** How many hosts share the work: one role a host, or two hosts for all of it. */
export type Size = "cluster" | "single";

export interface PlanOptions {
  /** Part of the demand that is there, 1 by default: for a quiet hour, or to see where limits lie. */
  readonly share?: number;
}

/** Relays: by network, by ports, and at least one. */
function relaysOf(suitable: Suitable, asked: Asked, figures: Figures): RoleSize {
  const f = (name: FigureName) => figureOf(figures, name);
  const [use, bits] = [f("networkUse"), f("networkBits")];
  const ports = { name: "ports", needs: asked.allocations / f("turnPorts") };
  const existence = { name: "existence", needs: 1 };
  const words: Readonly<Record<string, Words>> = {
    ports: { reason: `${asked.allocations} allocations, one port each`, from: ["turnPorts"] },
    existence: { reason: "someone is always behind a firewall", from: ["turnPorts"] },
  };
  const chosen = cheapestOf(
    suitable,
    figures,
    (offer) => [
      { name: "network", needs: (2 * asked.relayedBits) / ((offer.networkBits ?? bits) * use) },
      ports,
      existence,
    ],
    1,
  );
  const { networkBits, source } = chosen.offer;
  const network: Words = {
    reason: `${(asked.relayedBits / 1e6).toFixed(0)} Mbit/s relayed, in and out`,
    from: networkBits === undefined ? ["networkBits", "networkUse"] : ["networkUse"],
    source: networkBits === undefined ? undefined : source,
  };
  return sizeOf(suitable, figures, chosen, ({ name }) => words[name] ?? network, { reserve: 1 });
}

/** A role whose number of hosts no flavour changes. */
function fixed(suitable: Suitable, figures: Figures, needs: readonly (Need & Words)[]): RoleSize {
  const words = new Map<string, Words>(needs.map((need) => [need.name, need]));
  const chosen = cheapestOf(suitable, figures, () => needs);
  return sizeOf(suitable, figures, chosen, ({ name }) => words.get(name) as Words);
}

/** One host, whatever is asked. */
const one = (suitable: Suitable, figures: Figures, reason: string, figure: FigureName): RoleSize =>
  fixed(suitable, figures, [{ name: "existence", needs: 1, reason, from: [figure] }]);

function controlOf(suitable: Suitable, asked: Asked, figures: Figures): RoleSize {
  const most = figureOf(figures, "controlPeople");
  const people: Need & Words = {
    name: "people",
    needs: asked.shardsByPeople,
    reason: `${asked.people} people at ${most} a shard`,
    from: ["controlPeople"],
  };
  const rooms: Need & Words = {
    name: "rooms",
    needs: asked.shardsByRooms,
    reason: `no room in two shards of ${most}`,
    from: ["controlPeople"],
  };
  return fixed(suitable, figures, asked.shardsByRooms > 1 ? [people, rooms] : [people]);
}

/** Plans one demand after the other, on the same offers. */
export type Planner = (demand: Demand, options?: PlanOptions) => Sizing;

/** What the hosts of a plan are made of, before it has its words. */
interface Planned {
  readonly asked: Asked;
  /** In the order of the hosts. */
  readonly roles: readonly RoleSize[];
  /** The hosts that carry the bridges. */
  readonly bridge: RoleSize;
  readonly shardSizes: Sizing["shardSizes"];
}

/** Hosts of one role each, bridges and relays with one in reserve. */
function clusterPlanner(
  offers: readonly Offer[],
  data: PlanData,
): (demand: Demand, share: number) => Planned {
  const { figures } = data;
  const suitable = (role: Role) => suitableFor(role, offers, figures);
  const [forControl, forBridges, forRelays] = [
    suitable("control"),
    suitable("bridge"),
    suitable("turn"),
  ];
  const bridgesFor = bridgePlanner(forBridges, data);
  const monitor = one(
    suitable("monitor"),
    figures,
    "one host keeps the logs and raises the alarms",
    "monitorVcpus",
  );
  const edge = one(suitable("edge"), figures, "one host is the way in for management", "edgeVcpus");
  return (demand, share) => {
    const asked = askedOf(demand, data, share);
    const { size: bridge, shardSizes } = bridgesFor(asked);
    const roles = [
      controlOf(forControl, asked, figures),
      bridge,
      relaysOf(forRelays, asked, figures),
      monitor,
      edge,
    ];
    return { asked, roles, bridge, shardSizes };
  };
}

/** Two hosts for all roles. */
function twoHostsPlanner(
  offers: readonly Offer[],
  data: PlanData,
): (demand: Demand, share: number) => Planned {
  const plan = singlePlanner(offers, data);
  return (demand, share) => {
    const { asked, roles, shardSizes } = plan(demand, share);
    return { asked, roles, bridge: roles[0], shardSizes };
  };
}

/**
 * A planner of hosts: of each role the cheapest offer that meets its need, the smallest where the
 * catalogue has no prices, and as many as the largest constraint asks for. Bridges may be of several
 * flavours. Of size `single` two hosts carry all roles.
 *
 * @returns a function that throws Unplannable when a room exceeds what one shard is known to carry, when
 * more shards would be needed than there are addresses for, when one host can't carry what `single` asks of it,
 * or when a number is none.
 * @throws Unplannable when no offer is enough for a role.
 */
export function plannerOn(
  offers: readonly Offer[],
  data: PlanData,
  size: Size = "cluster",
): Planner {
  const { figures } = data;
  const planned = size === "single" ? twoHostsPlanner(offers, data) : clusterPlanner(offers, data);
  return (demand, { share = 1 } = {}) => {
    const { asked, roles, bridge, shardSizes } = planned(demand, share);
    const assumed = roles.filter((r) =>
      r.constraints.some((c) => c.name === r.deciding && c.assumed),
    );
    return {
      verdict: assumed.length > 0 ? "assumed" : "derived",
      reason:
        assumed.length > 0
          ? `rests on figures that nobody has published: ${assumed.map((r) => `${r.role} by ${r.deciding}`).join(", ")}`
          : "every deciding figure is published",
      figuresRead: figures.read,
      loads: asked.loads,
      total: totalOf(asked, bridge, data),
      shards: asked.shards,
      shardSizes,
      roles,
      warnings: [
        ...(size === "single" ? SINGLE_GIVES_UP.map((text) => `size single: ${text}`) : []),
        ...warningsOf(asked.meetings, asked.loads, figures),
        ...tooMany(roles, "bridge", "bridgesMost", figures),
        ...tooMany(roles, "turn", "turnsMost", figures),
      ],
    };
  };
}

/** One plan of one demand: `plannerOn`, for whoever has no second. */
export const planSizing = (
  demand: Demand,
  offers: readonly Offer[],
  data: PlanData,
  { size, ...options }: PlanOptions & { readonly size?: Size } = {},
): Sizing => plannerOn(offers, data, size)(demand, options);

/** All meetings together, and what their bridges need. */
function totalOf(asked: Asked, bridge: RoleSize, { figures, cores }: PlanData): Sizing["total"] {
  // The bridges but those in reserve, each with its part of the load.
  const carrying = bridge.fleet.map((group, i) => ({
    ...group,
    count: group.count - (i === 0 ? bridge.reserve : 0),
  }));
  const together = carrying.reduce((sum, { count, carries }) => sum + count * carries, 0);
  const needed = carrying.reduce(
    (sum, { count, carries, flavour }) =>
      sum + count * plannedCores(cores, (asked.weight * carries) / together, flavour),
    0,
  );
  return {
    people: asked.people,
    streams: up(asked.videosOut),
    packetsPerSecond: up(asked.packets),
    bitsInPerSecond: up(grown(asked, (load) => load.bitsInPerSecond)),
    bitsOutPerSecond: up(asked.bitsOut),
    joinsPerSecond: up(grown(asked, (load) => load.joinsPerSecond)),
    cores: Number(needed.toFixed(1)),
    memoryMiB: up(
      (figureOf(figures, "ramPerKilobyte") * asked.kilobytes +
        figureOf(figures, "ramIdle") * (bridge.count - bridge.reserve)) /
        1.048576,
    ),
    turnAllocations: asked.allocations,
    turnBitsPerSecond: up(asked.relayedBits),
  };
}

/** A warning where a role has more hosts than the address plan has addresses for. */
function tooMany(
  roles: readonly RoleSize[],
  role: Role,
  most: FigureName,
  figures: Figures,
): string[] {
  const count = roles.find((size) => size.role === role)?.count ?? 0;
  return count > figureOf(figures, most)
    ? [
        `${count} ${role} hosts, at most ${figureOf(figures, most)} can be built in one instance (${figures.figures[most].source}): split the demand over several`,
      ]
    : [];
}

/** A join takes its turn: longer than this and people think that it hangs. Seconds. */
const LONG_JOIN = 60;

function warningsOf(
  meetings: readonly Meeting[],
  loads: readonly Load[],
  figures: Figures,
): string[] {
  const f = (name: FigureName) => figureOf(figures, name);
  const source = (name: FigureName) => figures.figures[name].source;
  const [joins, lastN] = [f("joinsPerRoom"), f("lastNClient")];
  return meetings.flatMap((meeting, i) => {
    const [n, bridges] = [meeting.participants, loads[i]?.bridgesPerRoom ?? 1];
    const seconds = n / joins;
    if (bridges === 1 && seconds <= LONG_JOIN && meeting.lastN <= lastN) return [];
    return [
      ...(bridges > 1
        ? [
            `${meeting.kind}: ${n} people in one room, at most ${f("bridgeRoomPeople")} on one bridge (${source("bridgeRoomPeople")}): each such room is spread over ${bridges} bridges, which relay to each other`,
          ]
        : []),
      ...(seconds > LONG_JOIN
        ? [
            `${meeting.kind}: ${n} people enter at ${joins} joins/s (${source("joinsPerRoom")}), so the last one waits ${Math.round(seconds)} s: open the room early`,
          ]
        : []),
      ...(meeting.lastN > lastN
        ? [
            `${meeting.kind}: last-N ${meeting.lastN} is planned, clients ask for ${lastN} at most unless told otherwise (${source("lastNClient")})`,
          ]
        : []),
    ];
  });
}
