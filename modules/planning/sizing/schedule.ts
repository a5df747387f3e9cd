import { z } from "zod";
import { monthlyOf, type Role, type RoleSize, type Sizing } from "./sizing.ts";

const hours = z.array(z.number().min(0).max(1)).length(24);

/** How a day fills: shares of the busiest hour, from midnight to midnight, local time. */
export const daySchema = z.strictObject({
  source: z.string().min(1),
  measured: z.iso.date(),
  assumed: z.boolean().default(false),
  workdays: z.number().min(0).max(31),
  largestRoomFrom: z.number().min(0).max(1).default(0.5),
  workday: hours,
  restday: hours,
});

export type Day = Readonly<z.output<typeof daySchema>>;

/** Hours of a month, as providers bill them (365 days / 12). */
export const HOURS_A_MONTH = 730;

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Of the busiest hour, what an average hour of a month carries. */
export function averageShare({ workdays, workday, restday }: Day): number {
  const days = HOURS_A_MONTH / 24;
  const mean = (hours: readonly number[]) => sum(hours) / hours.length;
  return (workdays * mean(workday) + (days - workdays) * mean(restday)) / days;
}

/** What must be on in one hour. */
export interface Hour {
  readonly hour: number;
  readonly share: number;
  /** Hosts that carry each role. */
  readonly on: Readonly<Record<Role, number>>;
  /** Hosts of the plan that could be off. */
  readonly off: number;
  /** What these cost in this hour; absent without prices. */
  readonly saved?: number;
}

export interface Schedule {
  readonly day: Day;
  readonly workday: readonly Hour[];
  readonly restday: readonly Hour[];
  /** Hosts in the quietest hour, and in the busiest. */
  readonly base: Readonly<Record<Role, number>>;
  readonly peak: Readonly<Record<Role, number>>;
  /** Cost of the plan, all hosts on, and what its quiet hours cost of that, a month. */
  readonly monthly?: number;
  readonly savedMonthly?: number;
}

/** Roles whose hosts come and go with the load; the others keep state, or are the only one. */
const COMES_AND_GOES: readonly Role[] = ["bridge", "turn"];

/** The hosts of a mixed fleet, the largest first. */
const hostsOf = ({ fleet }: RoleSize) =>
  fleet.flatMap((part) => Array.from({ length: part.count }, () => part));

/**
 * Of a mixture the largest stay on: of each shard one in reserve, and one of each but one to round up
 * with. Several shards that may have a large room keep all.
 */
function neededOf(size: RoleSize, shards: number, share: number, largestRoom: boolean): number {
  const room = size.constraints.find(({ name }) => name === "room")?.needs ?? 0;
  if (shards > 1 && largestRoom && room > 1) return size.count;
  const spares = 2 * shards - 1;
  const carrying = hostsOf(size).slice(spares);
  const least = Math.max(1, largestRoom ? Math.ceil(room - 1e-9) : 0);
  let [hosts, carried] = [0, 0];
  for (const part of carrying) {
    if (hosts >= least && carried >= share - 1e-9) break;
    hosts++;
    carried += part.carries;
  }
  return hosts + spares;
}

function needed(size: RoleSize, shards: number, share: number, largestRoom: boolean): number {
  if (!COMES_AND_GOES.includes(size.role)) return size.count;
  if (size.fleet.length > 1) return neededOf(size, shards, share, largestRoom);
  const needs = size.constraints.map(({ name, needs: all }) => {
    if (name === "existence") return all;
    if (name === "room") return largestRoom ? all : 0;
    // Each shard rounds up by itself, at any hour.
    if (name === "shards") return (all - (shards - 1)) * share + shards - 1;
    return all * share;
  });
  // As in the plan: a hair less, and never more than it has.
  const count = Math.max(1, Math.ceil(Math.max(...needs) - 1e-9)) + size.reserve;
  return Math.min(size.count, Math.max(count, size.role === "bridge" ? 2 * shards : 0));
}

/** Hours in a row that need the same hosts, as one: from its first hour to the end of its last. */
export interface Span extends Hour {
  readonly until: number;
}

/** A day in which equal hours that follow each other are one row, for a reader. */
export function spansOf(day: readonly Hour[]): Span[] {
  const spans: Span[] = [];
  for (const hour of day) {
    const last = spans.at(-1);
    const same = last && last.share === hour.share && last.off === hour.off;
    if (same) spans[spans.length - 1] = { ...last, until: hour.hour + 1 };
    else spans.push({ ...hour, until: hour.hour + 1 });
  }
  return spans;
}

/** Price of all hosts of a plan a month, without VAT; undefined when one has none. */
export function monthlyCost(sizing: Sizing): number | undefined {
  const prices = sizing.roles.map(monthlyOf);
  return prices.some((price) => price === undefined)
    ? undefined
    : sum(prices.map((price) => price ?? 0));
}

/** What could be off by the hour. The planner switches nothing off: a person decides that. */
export function scheduleOf(sizing: Sizing, day: Day): Schedule {
  const { roles, shards } = sizing;
  const monthly = monthlyCost(sizing);
  const at = (share: number): Record<Role, number> =>
    Object.fromEntries(
      roles.flatMap((size) => {
        const count = needed(size, shards, share, share >= day.largestRoomFrom);
        return size.roles.map((role) => [role, count]);
      }),
    ) as Record<Role, number>;
  const hoursOf = (shares: readonly number[]): Hour[] =>
    shares.map((share, hour) => {
      const on = at(share);
      const off = sum(roles.map((size) => size.count - on[size.role]));
      const price = sum(
        roles.flatMap((size) =>
          hostsOf(size)
            .slice(on[size.role])
            .map(({ monthlyPrice = 0 }) => monthlyPrice),
        ),
      );
      return {
        hour,
        share,
        on,
        off,
        ...(monthly !== undefined && { saved: price / HOURS_A_MONTH }),
      };
    });
  const [workday, restday] = [hoursOf(day.workday), hoursOf(day.restday)];
  const restdays = HOURS_A_MONTH / 24 - day.workdays;
  const saved = (all: readonly Hour[]) => sum(all.map((hour) => hour.saved ?? 0));
  return {
    day,
    workday,
    restday,
    base: at(Math.min(...day.workday, ...day.restday)),
    peak: Object.fromEntries(
      roles.flatMap((size) => size.roles.map((role) => [role, size.count])),
    ) as Record<Role, number>,
    ...(monthly !== undefined && {
      monthly,
      savedMonthly: saved(workday) * day.workdays + saved(restday) * Math.max(0, restdays),
    }),
  };
}
