import type { Instance } from "../../planning/instance/index.ts";
import {
  averageShare,
  type Catalogue,
  type Day,
  figureOf,
  HOURS_A_MONTH,
  internetOf,
  monthlyCost,
  type Offer,
  offersOf,
  type PlanData,
  planSizing,
  type Size,
  type Sizing,
  Unplannable,
} from "../../planning/sizing/index.ts";
import type { Priced } from "./charts.ts";

/** What a plan is made on: flavours, and whose prices they have. */
export interface Source {
  readonly title: string;
  readonly offers: readonly Offer[];
  readonly catalogue?: Catalogue;
}

/** How sure a catalogue is, for a buyer. */
const CONFIDENCE: Readonly<Record<Catalogue["confidence"], string>> = {
  confirmed: "read at the provider's own source",
  secondary: "second-hand, not read at the provider's own source",
  unconfirmed: "not confirmed",
};

/** A catalogue as what a plan is made on. */
export const sourceOf = (catalogue: Catalogue): Source => ({
  title: `${catalogue.title}, read ${catalogue.read}, ${CONFIDENCE[catalogue.confidence]}`,
  offers: offersOf(catalogue),
  catalogue,
});

/** The same plan with a catalogue's prices, whose names may differ in case. */
function withPrices(sizing: Sizing, catalogue: Catalogue): Sizing {
  const prices = new Map(
    catalogue.flavours.map(({ name, monthly }) => [name.toLowerCase(), monthly] as const),
  );
  return {
    ...sizing,
    roles: sizing.roles.map((size) => ({
      ...size,
      fleet: size.fleet.map((part) => {
        const monthlyPrice = prices.get(part.flavour.toLowerCase());
        return { ...part, ...(monthlyPrice !== undefined && { monthlyPrice }) };
      }),
    })),
  };
}

/** The demand for a reader who doesn't know the file. */
export const demandText = (demand: Instance["demand"], sizing: Sizing): string[] => [
  `${sizing.loads.reduce((sum, load) => sum + load.people, 0)} people at once at the busiest hour today, in these meetings; planned for ${sizing.total.people}: ${Math.round(demand.growth * 100)} % growth on top, in all figures behind the list of meetings`,
  ...demand.meetings.map(
    (m) =>
      `${m.simultaneous} x ${m.kind}: ${m.participants} people each, cameras: ${m.cameras}, pictures of at most ${m.resolution} lines, ${m.screenShare ? "a screen is shared" : "no shared screen"}`,
  ),
  `media nodes send ${(sizing.total.bitsOutPerSecond / 1e6).toFixed(0)} Mbit/s and take in ${(sizing.total.bitsInPerSecond / 1e6).toFixed(0)}: ${sizing.total.packetsPerSecond} packets/s in both ways, ${sizing.total.streams} videos out; ${Math.round(demand.behindFirewalls * 100)} % of people come through relays`,
  `media nodes: ${sizing.total.cores} cores in use at that hour, planned with the margin of the published measurements (docs/sizing.md); one host of them may fail${sizing.shards > 1 ? ` in each of ${sizing.shards} shards` : ""}`,
];

/** What a cost is calculated from, beside the plan. */
export interface CostData {
  readonly planData: PlanData;
  /** How many hosts share the work. */
  readonly size: Size;
  /** How a day fills: how much traffic a month has. */
  readonly day: Day;
  /** A catalogue with prices, to compare with where the source names none. */
  readonly comparedWith: Catalogue;
}

export interface Cost {
  /** One sentence or more: the sum, or that it isn't known, with where the prices stand. */
  readonly text: string;
  readonly priced?: Priced;
  /** The plan that the prices are of: another one where they are compared. */
  readonly sizing?: Sizing;
}

/** `1,234.50`. */
export const euro = (amount: number): string =>
  amount.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** TB that go out in a month, by the hours of the instance's days. */
function terabytesAMonth(sizing: Sizing, day: Day): number {
  return (internetOf(sizing).toPeople / 8 / 1e12) * 3600 * HOURS_A_MONTH * averageShare(day);
}

/** What all servers cost, with VAT, traffic, and where the prices stand. */
function priceText(sizing: Sizing, catalogue: Catalogue, { planData, day }: CostData): string {
  const servers = monthlyCost(sizing) ?? 0;
  const hosts = sizing.roles.reduce((sum, { count }) => sum + count, 0);
  const out = terabytesAMonth(sizing, day);
  const vat = figureOf(planData.figures, "vat");
  const { traffic, check } = catalogue;
  const beyond = traffic ? Math.max(0, out - traffic.includedTerabytes * hosts) : 0;
  const extra = traffic ? beyond * traffic.perTerabyte : 0;
  const trafficText = traffic
    ? `traffic EUR ${euro(extra)} (about ${Math.ceil(out)} TB out, ${traffic.includedTerabytes} TB a server included, EUR ${euro(traffic.perTerabyte)} each beyond: ${traffic.source})`
    : `traffic not known (about ${Math.ceil(out)} TB out)`;
  return `EUR ${euro(servers)} a month for servers without VAT, ${euro((servers + extra) * (1 + vat))} with traffic and ${Math.round(vat * 100)} % VAT; ${trafficText}; volumes and addresses not included. Prices: ${catalogue.title}, ${CONFIDENCE[catalogue.confidence]}: ${catalogue.source} (read ${catalogue.read})${check ? `; check them at ${check}` : ""}`;
}

/**
 * What it costs: by the flavours planned with, else by a catalogue with prices, for comparison.
 *
 * @param sizing the plan on the source's flavours
 */
export function costOf(
  demand: Instance["demand"],
  source: Source,
  sizing: Sizing,
  data: CostData,
): Cost {
  const pricedBy = (by: Source): Priced => ({
    demand,
    offers: by.offers,
    data: data.planData,
    size: data.size,
    catalogue: by.catalogue?.title ?? by.title,
    currency: by.catalogue?.currency ?? "EUR",
  });
  const own = source.catalogue && withPrices(sizing, source.catalogue);
  if (own && source.catalogue && monthlyCost(own) !== undefined)
    return {
      text: priceText(own, source.catalogue, data),
      priced: pricedBy(sourceOf(source.catalogue)),
      sizing: own,
    };
  const catalogue = data.comparedWith;
  const other = sourceOf(catalogue);
  let compared: Sizing;
  try {
    compared = planSizing(demand, other.offers, data.planData, { size: data.size });
  } catch (error) {
    if (!(error instanceof Unplannable)) throw error;
    return { text: `unknown: ${source.title} names no prices` };
  }
  const parts = compared.roles.flatMap(({ fleet }) => fleet);
  const roles = [...new Set(parts.map(({ flavour }) => flavour))]
    .map((flavour) => {
      const count = parts
        .filter((part) => part.flavour === flavour)
        .reduce((sum, part) => sum + part.count, 0);
      return `${count} ${flavour}`;
    })
    .join(", ");
  return {
    text: `unknown: ${source.title} names no prices. For comparison, ${roles}: ${priceText(compared, catalogue, data)}`,
    priced: pricedBy(other),
    sizing: compared,
  };
}
