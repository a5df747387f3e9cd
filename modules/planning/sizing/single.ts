import { type Asked, askedOf } from "./asked.ts";
import { growingNeeds, shardOf, wordsOf } from "./bridges.ts";
import { type Capacity, capacitiesOf } from "./capacity.ts";
import type { Offer } from "./catalogue.ts";
import { figureOf } from "./figures.ts";
import {
  type Chosen,
  largestOf,
  type Need,
  needOf,
  priceOf,
  type Suitable,
  sizeOf,
  smallerFirst,
  suitableFor,
  type Words,
} from "./roles.ts";
import { type PlanData, type Role, type RoleSize, Unplannable } from "./sizing.ts";

/** What the host that carries meetings carries, and what the host that keeps the logs carries. */
const MEETINGS: readonly Role[] = ["control", "bridge", "turn"];
const LOGS: readonly Role[] = ["monitor", "edge"];

/** What an instance of two hosts gives up against a cluster, as whoever chooses it must know. */
export const SINGLE_GIVES_UP: readonly string[] = [
  "no second bridge and no second relay: when the one host fails or restarts, every meeting ends until it is back",
  "an upgrade that restarts Prosody, the bridge, the relay or nginx cuts calls off: it waits until no meeting runs",
  "whoever becomes root on the one host has web, signalling, media and relay at once",
  "the relay has another port for TLS than HTTPS's, which the page has: who sits in a network that lets nothing but HTTPS out gets no media",
  "the way in for admins and the logs share a host, which admin networks alone reach, and which meetings don't need",
];

function needsOn(capacity: Capacity, asked: Asked, data: PlanData): Need[] {
  return [
    // One bridge is enough for any room that isn't larger.
    ...(asked.room > 1 ? [{ name: "room", needs: asked.room }] : []),
    ...growingNeeds(asked, capacity, data),
    { name: "ports", needs: asked.allocations / figureOf(data.figures, "turnPorts") },
    {
      name: "people",
      needs: asked.shardsByRooms > 1 ? asked.shardsByRooms : asked.shardsByPeople,
    },
  ];
}

/** The cheapest offer of which one host carries everything. @throws Unplannable when none does */
function chosenFor(
  { offers, priced, role }: Suitable,
  needsOf: (offer: Offer) => readonly Need[],
  { figures }: PlanData,
): Chosen {
  const all = offers.map((offer): Chosen => {
    const needs = needsOf(offer);
    return { offer, needs, count: 1, cost: priceOf(offer, priced, figures) };
  });
  const [best] = all
    .filter(({ needs }) => largestOf(needs).needs <= 1 + 1e-9)
    .sort((a, b) => a.cost - b.cost || smallerFirst(a.offer, b.offer));
  if (best) return best;
  const [nearest] = all.sort((a, b) => largestOf(a.needs).needs - largestOf(b.needs).needs);
  if (!nearest) throw new RangeError(`no offer for ${role}`);
  const { name, needs } = largestOf(nearest.needs);
  throw new Unplannable(
    ["size"],
    `got "single", but these meetings ask for ${needs.toFixed(2)} hosts of ${nearest.offer.name}, the one that carries most of them, by ${name}: leave size out, which plans a cluster, or ask for less`,
  );
}

/** What a plan of two hosts has in place of the five roles' hosts. */
export interface SinglePlan {
  readonly asked: Asked;
  /** The host that carries meetings, and the one that keeps the logs. */
  readonly roles: readonly [meetings: RoleSize, logs: RoleSize];
  readonly shardSizes: ReturnType<typeof shardOf>;
}

/**
 * A planner of two hosts: one carries meetings, the other keeps their logs. Nothing is in reserve.
 *
 * @returns a function that throws Unplannable when no offer carries the whole demand
 * @throws Unplannable when no offer is enough for a host
 */
export function singlePlanner(
  offers: readonly Offer[],
  data: PlanData,
): (demand: Parameters<typeof askedOf>[0], share: number) => SinglePlan {
  const { figures } = data;
  const f = (name: Parameters<typeof figureOf>[1]) => figureOf(figures, name);
  const diskGiB = f("diskSystem");
  const suitable = suitableFor("control", offers, figures, MEETINGS, {
    vcpus: f("singleVcpus"),
    ramMiB: f("singleRam"),
    diskGiB,
  });
  const capacities = capacitiesOf(suitable.offers, data, "shared");
  const logNeeds = LOGS.map((role) => needOf(role, figures));
  const logs = suitableFor("monitor", offers, figures, LOGS, {
    vcpus: Math.max(...logNeeds.map(({ vcpus }) => vcpus)),
    ramMiB: logNeeds.reduce((sum, { ramMiB }) => sum + ramMiB, 0),
    diskGiB,
  });
  const existence: Need & Words = {
    name: "existence",
    needs: 1,
    reason: "one host keeps the logs, raises the alarms and is the way in for management",
    from: ["monitorVcpus", "edgeVcpus"],
  };
  const logsSize = sizeOf(
    logs,
    figures,
    chosenFor(logs, () => [existence], data),
    () => existence,
  );
  return (demand, share) => {
    const asked = askedOf(demand, data, share);
    const capacityOf = (offer: Offer) => capacities.get(offer) as Capacity;
    const chosen = chosenFor(suitable, (offer) => needsOn(capacityOf(offer), asked, data), data);
    const words = (need: Need): Words => {
      if (need.name === "ports")
        return { reason: `${asked.allocations} allocations, one port each`, from: ["turnPorts"] };
      if (need.name === "people")
        return {
          reason: `${asked.people} people at ${f("controlPeople")} a shard`,
          from: ["controlPeople"],
        };
      return wordsOf(need, chosen.offer, capacityOf(chosen.offer), asked, data);
    };
    const meetings = sizeOf(suitable, figures, chosen, words);
    return { asked, roles: [meetings, logsSize], shardSizes: shardOf(asked, meetings) };
  };
}
