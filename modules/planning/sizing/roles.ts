import { up } from "./asked.ts";
import type { Offer } from "./catalogue.ts";
import { type FigureName, type Figures, figureOf } from "./figures.ts";
import {
  type Constraint,
  type FleetGroup,
  type Role,
  type RoleSize,
  Unplannable,
} from "./sizing.ts";

/** Hosts that one constraint asks for, before rounding up. */
export interface Need {
  readonly name: string;
  readonly needs: number;
}

/** Why a constraint asks for as many, and by which figures. */
export interface Words {
  readonly reason: string;
  readonly from: readonly FigureName[];
  /** A source besides the figures'. */
  readonly source?: string | undefined;
}

/** The words of each need, by its name. Only the plan that wins has any. */
export type WordsOf = (need: Need) => Words;

/** The need that decides: the first of the largest. */
export const largestOf = (needs: readonly Need[]): Need =>
  needs.reduce((a, b) => (b.needs > a.needs ? b : a));

/** Needs with their words, as the plan shows them. */
export const constraintsOf = (
  needs: readonly Need[],
  wordsOf: WordsOf,
  { figures }: Figures,
): Constraint[] =>
  needs.map((need) => {
    const { reason, from, source } = wordsOf(need);
    const sources = source ? [source] : [];
    for (const name of from)
      if (!sources.includes(figures[name].source)) sources.push(figures[name].source);
    return {
      name: need.name,
      needs: need.needs,
      reason,
      source: sources.join("; "),
      assumed: from.some((name) => figures[name].assumed),
    };
  });

/** Offers that meet what a host of a role needs. */
export interface Suitable {
  readonly role: Role;
  /** All that such a host carries, `role` first. */
  readonly roles: readonly Role[];
  readonly need: RoleSize["need"];
  /** The need in words. */
  readonly asked: string;
  readonly offers: readonly Offer[];
  /** Whether every one of them has a price. */
  readonly priced: boolean;
  /** Cheaper ones that were passed by, in words: what a host of the plan costs is given. */
  readonly refused: (price: number | undefined) => string;
}

const NEEDS = {
  control: ["controlVcpus", "controlRam"],
  bridge: ["bridgeVcpus", "bridgeRam"],
  turn: ["turnVcpus", "turnRam"],
  monitor: ["monitorVcpus", "monitorRam"],
  edge: ["edgeVcpus", "edgeRam"],
} as const satisfies Record<Role, readonly [FigureName, FigureName]>;

/** What a host of one role needs by itself. */
export function needOf(role: Role, figures: Figures): RoleSize["need"] {
  const [vcpus, ram] = NEEDS[role];
  return {
    vcpus: figureOf(figures, vcpus),
    ramMiB: figureOf(figures, ram),
    diskGiB: figureOf(figures, "diskSystem"),
  };
}

/**
 * @param roles all that such a host carries, by default its own role alone
 * @param need what it needs for them, by default what its own role does
 * @throws Unplannable when no offer meets it.
 */
export function suitableFor(
  role: Role,
  all: readonly Offer[],
  figures: Figures,
  roles: readonly Role[] = [role],
  need = needOf(role, figures),
): Suitable {
  const media = roles.includes("bridge") || roles.includes("turn");
  const asked = `${need.vcpus} vCPU${media ? " (dedicated)" : ""}, ${need.ramMiB} MiB, ${need.diskGiB} GiB`;
  const large = all.filter(
    (o) => o.vcpus >= need.vcpus && o.ramMiB >= need.ramMiB && o.diskGiB >= need.diskGiB,
  );
  const offers = media ? large.filter((o) => o.dedicated) : large;
  if (offers.length === 0) {
    const why =
      large.length > 0
        ? `: ${large.map((o) => o.name).join(", ")} share their processor with other customers, and media on a shared one stutters`
        : "";
    throw new Unplannable(
      ["location"],
      `no flavour there has ${asked}, which a ${role} host needs${why}`,
    );
  }
  return {
    role,
    roles,
    need,
    asked,
    offers,
    priced: offers.every((o) => o.monthly !== undefined),
    refused: (price = 0) => {
      const shared = media
        ? large
            .filter((o) => !o.dedicated && (o.monthly ?? Number.POSITIVE_INFINITY) < price)
            .map((o) => o.name)
        : [];
      return shared.length > 0
        ? `; ${shared.join(", ")} would be cheaper, but ${shared.length > 1 ? "share their processors" : "shares its processor"} with strangers, and media on a shared one stutters`
        : "";
    },
  };
}

export const groupOf = (offer: Offer, count: number, carries: number): FleetGroup => ({
  flavour: offer.name,
  count,
  vcpus: offer.vcpus,
  ramMiB: offer.ramMiB,
  carries,
  ...(offer.monthly !== undefined && { monthlyPrice: offer.monthly }),
});

/** Price of a host: by the catalogue, or, without one, by its vCPU and what each host costs anyway. */
export const priceOf = (offer: Offer, priced: boolean, figures: Figures): number =>
  priced ? (offer.monthly ?? 0) : offer.vcpus + figureOf(figures, "hostVcpus");

/** Ranks equal prices: the smaller offer first, then by name. */
export const smallerFirst = (a: Offer, b: Offer): number =>
  a.vcpus - b.vcpus || a.ramMiB - b.ramMiB || a.diskGiB - b.diskGiB || (a.name < b.name ? -1 : 1);

/** The hosts of one flavour that are the cheapest, before they have words. */
export interface Chosen {
  readonly offer: Offer;
  readonly needs: readonly Need[];
  readonly count: number;
  readonly cost: number;
}

/**
 * For a role whose hosts are all of one flavour: the cheapest, or, for a single host without prices, the
 * smallest.
 *
 * @param needsOf what each constraint asks for on an offer.
 */
export function cheapestOf(
  { role, offers, priced }: Suitable,
  figures: Figures,
  needsOf: (offer: Offer) => readonly Need[],
  reserve = 0,
): Chosen {
  let best: Chosen | undefined;
  for (const offer of offers) {
    const needs = needsOf(offer);
    const count = Math.max(1, up(largestOf(needs).needs)) + reserve;
    const cost = count * priceOf(offer, priced, figures);
    if (!best || (cost - best.cost || smallerFirst(offer, best.offer)) < 0)
      best = { offer, needs, count, cost };
  }
  if (!best) throw new RangeError(`no offer for ${role}`);
  return best;
}

/** The same as the plan shows it. */
export function sizeOf(
  { role, roles, need, asked, refused, priced }: Suitable,
  figures: Figures,
  { offer, needs, count }: Chosen,
  wordsOf: WordsOf,
  { reserve = 0, upgrade = 0 } = {},
): RoleSize {
  const deciding = largestOf(needs);
  return {
    role,
    roles,
    count,
    countDuringUpgrade: count + upgrade,
    reserve,
    deciding: deciding.name,
    constraints: constraintsOf(needs, wordsOf, figures),
    need,
    fleet: [groupOf(offer, count, 1 / Math.max(1e-9, deciding.needs))],
    flavourReason: priced
      ? `cheapest with at least ${asked}: ${count} at ${(offer.monthly ?? 0).toFixed(2)} a month${refused(offer.monthly)}`
      : `smallest fleet with at least ${asked}, by vCPU and number of hosts`,
  };
}
