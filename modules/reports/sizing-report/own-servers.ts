import {
  bridgeShards,
  type Figures,
  figureOf,
  type Role,
  type Sizing,
} from "../../planning/sizing/index.ts";
import { CORES, MEMORY, next, PORTS } from "./spec-items.ts";
import { trafficOf } from "./spec-traffic.ts";

/** Servers for virtual machines that carry a whole plan, also when one of them has failed. */
export interface OwnServers {
  readonly servers: number;
  /** Physical cores, memory and port of each. */
  readonly cores: number;
  readonly memoryGiB: number;
  readonly portGigabits: number;
  /** What the fullest carries, in the worst case. */
  readonly vcpusOfOne: number;
  readonly memoryOfOneGiB: number;
  /** bit/s, the larger of both ways. */
  readonly bitsOfOne: number;
  /** One way to place all hosts: the role of each host of each server, a bridge's with its shard. */
  readonly placement: readonly (readonly { readonly role: Role; readonly apart: string }[])[];
}

interface Guest {
  readonly role: Role;
  /** Bridges of one shard, and all hosts of another role, are kept apart: no two on one server. */
  readonly apart: string;
  readonly vcpus: number;
  readonly ramMiB: number;
  readonly bits: number;
}

/** Cores and memory that stay with the hypervisor. */
const HYPERVISOR = { cores: 2, memoryGiB: 8 };

function guestsOf(sizing: Sizing): Guest[] {
  const shards = bridgeShards(sizing);
  let bridges = 0;
  return sizing.roles.flatMap((size) =>
    size.fleet.flatMap((part) => {
      const { in: into, out } = trafficOf(size, part, sizing);
      return Array.from({ length: part.count }, () => ({
        role: size.role,
        apart: size.role === "bridge" ? `bridge ${shards[bridges++]}` : size.role,
        vcpus: part.vcpus,
        ramMiB: part.ramMiB,
        bits: Math.max(into, out),
      }));
    }),
  );
}

/** Puts each guest, the largest first, where most cores are free. Undefined where one has no place. */
function placed(guests: readonly Guest[], servers: number, cores: number): Guest[][] | undefined {
  const most = cores - HYPERVISOR.cores;
  if (guests.reduce((sum, { vcpus }) => sum + vcpus, 0) > servers * most) return undefined;
  const on = Array.from({ length: servers }, () => ({
    guests: [] as Guest[],
    used: 0,
    apart: new Set<string>(),
  }));
  for (const guest of [...guests].sort((a, b) => b.vcpus - a.vcpus)) {
    let freest: (typeof on)[number] | undefined;
    for (const one of on)
      if ((!freest || one.used < freest.used) && !one.apart.has(guest.apart)) freest = one;
    if (!freest || freest.used + guest.vcpus > most) return undefined;
    freest.guests.push(guest);
    freest.used += guest.vcpus;
    freest.apart.add(guest.apart);
  }
  return on.map((one) => one.guests);
}

/** The guests that still run when a server has failed: of what is kept apart, the reserve is gone. */
function withoutReserve(guests: readonly Guest[]): Guest[] {
  const gone = new Set<string>();
  return guests.filter(({ role, apart }) => {
    if ((role !== "bridge" && role !== "turn") || gone.has(apart)) return true;
    gone.add(apart);
    return false;
  });
}

/**
 * The fewest servers on which no two hosts stand that may not fail together, of the fewest cores with
 * which everything has a place, also when one server has failed.
 */
export function ownServers(sizing: Sizing, figures: Figures): OwnServers {
  const guests = guestsOf(sizing);
  const remaining = withoutReserve(guests);
  const together = new Map<string, number>();
  for (const { apart } of guests) together.set(apart, (together.get(apart) ?? 0) + 1);
  const largest = Math.max(...guests.map(({ vcpus }) => vcpus)) + HYPERVISOR.cores;
  const sizes = [...CORES.filter((cores) => cores >= largest), next(CORES, largest)];
  for (let servers = Math.max(2, ...together.values()); ; servers++)
    for (const cores of sizes) {
      const whole = placed(guests, servers, cores);
      const failed = whole && placed(remaining, servers - 1, cores);
      if (!whole || !failed) continue;
      const sums = (pick: (guest: Guest) => number) =>
        [...whole, ...failed].map((all) => all.reduce((sum, guest) => sum + pick(guest), 0));
      const memory = Math.max(...sums(({ ramMiB }) => ramMiB)) / 1024;
      const bits = Math.max(...sums((guest) => guest.bits));
      return {
        servers,
        cores,
        memoryGiB: next(MEMORY, memory + HYPERVISOR.memoryGiB),
        // Machines move over the same ports: nothing below 10 Gbit/s is sold for that.
        portGigabits: next(PORTS.slice(1), bits / 1e9 / figureOf(figures, "networkUse")),
        vcpusOfOne: Math.max(...sums(({ vcpus }) => vcpus)),
        memoryOfOneGiB: memory,
        bitsOfOne: bits,
        placement: whole.map((on) => on.map(({ role, apart }) => ({ role, apart }))),
      };
    }
}
