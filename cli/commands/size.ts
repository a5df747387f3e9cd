import { Command, Option } from "commander";
import { badInput, didYouMean, pathText } from "../../modules/common/input/index.ts";
import { type TurnLimits, turnLimits } from "../../modules/hosts/turn/index.ts";
import type { Instance } from "../../modules/planning/instance/index.ts";
import type { Location } from "../../modules/planning/residency/index.ts";
import {
  averageShare,
  type Catalogue,
  compare,
  type Day,
  figureOf,
  fleetText,
  HOURS_A_MONTH,
  internetOf,
  monthlyCost,
  type Offer,
  offersOf,
  planSizing,
  type Schedule,
  type Sizing,
  scheduleOf,
  Unplannable,
  whatIf,
} from "../../modules/planning/sizing/index.ts";
import {
  calibrationChart,
  costChart,
  loadChart,
  type Priced,
  procurementOf,
  sizePage,
  specMarkdown,
  specYaml,
} from "../../modules/reports/sizing-report/index.ts";
import {
  instanceFolder,
  type LoadedDemand,
  loadCalibration,
  loadCatalogues,
  loadDemand,
  loadServers,
} from "../../modules/workspace/index.ts";
import { load } from "../load.ts";
import { ROOT } from "../root.ts";
import { out, screenWidth } from "../terminal.ts";
import { type Paint, paintFor } from "../text/paint.ts";
import {
  comparisonTable,
  figuresTable,
  hostsTable,
  mbit,
  people,
  plural,
  scheduleTable,
  sizingReasons,
} from "../text/sizing.ts";
import { labelled, table, wrap } from "../text/table.ts";
import { writeResult } from "../write-result.ts";

interface SizeOptions {
  readonly catalogue?: string;
  readonly whatIf?: string[];
  readonly why?: boolean;
  readonly schedule?: boolean;
  readonly json?: boolean;
  readonly html?: string;
  readonly svg?: string;
  readonly costSvg?: string;
  readonly spec?: string;
}

const HELP = `
What it plans for the instance's own location is what \`polder plan\` builds. --catalogue and --what-if
only ask: they change nothing. Your own measurements, in calibration/ of the instance, count.

Examples:
  polder size lab                              hosts, what decided, what it costs
  polder size lab --why                        every number with its reason and source
  polder size lab --what-if cameras=all        again with a change (repeatable; overleg.lastN=5 for one kind,
                                               simultaneous=x2 for twice as many)
  polder size lab --catalogue hetzner-cloud    on another provider's flavours and prices
  polder size lab --schedule                   what could be off, hour by hour
  polder size lab --html size.html             table, charts and hardware on one page that prints
  polder size lab --spec size.md               what to order, for procurement (.yaml or .md)
  polder size lab --json | jq .sizing.roles
docs/sizing.md explains the model, and how far it was from each published measurement.`;

/** An instance, as far as its size goes: its location may be recorded without a platform. */
type Sized = Pick<LoadedDemand, "instance" | "location" | "planData" | "day" | "notes"> & {
  /** What `polder plan` builds; undefined where it can't. */
  readonly sizing?: Sizing;
};

/** Sizes that most clouds and vendors sell: what to ask a location for whose own nobody recorded. */
const ASKED_FOR: readonly Offer[] = [2, 4, 8, 16].map((vcpus) => ({
  name: `${vcpus}-vcpu`,
  vcpus,
  ramMiB: vcpus * 4096,
  diskGiB: 40,
  dedicated: true,
}));

function loadSized(name: string): Sized {
  const loaded = loadDemand(instanceFolder(ROOT, name));
  if (loaded.location.platform === undefined) return loaded;
  const { blueprint, notes } = load(name);
  return { ...loaded, notes, sizing: blueprint.sizing };
}

/** The flavours of the instance's own location, with whose prices; or what to ask it for. */
function ownSource(location: Location): Source {
  const catalogue = [...loadCatalogues().values()].find(
    ({ locations, flavours }) => locations.includes(location.id) && flavours.length > 0,
  );
  return location.platform
    ? {
        title: `${location.id}, read ${location.platform.read}`,
        offers: location.platform.flavours,
        ...(catalogue && { catalogue }),
      }
    : {
        title: `what to ask ${location.title} for, as its flavours aren't recorded: sizes that most clouds offer`,
        offers: ASKED_FOR,
      };
}

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
const demandText = (demand: Instance["demand"], sizing: Sizing): string[] => [
  `${sizing.loads.reduce((sum, load) => sum + load.people, 0)} people at once at the busiest hour today, in these meetings; planned for ${sizing.total.people}: ${Math.round(demand.growth * 100)} % growth on top, in all figures behind the list of meetings`,
  ...demand.meetings.map(
    (m) =>
      `${m.simultaneous} x ${m.kind}: ${m.participants} people each, cameras: ${m.cameras}, pictures of at most ${m.resolution} lines, ${m.screenShare ? "a screen is shared" : "no shared screen"}`,
  ),
  `media nodes send ${(sizing.total.bitsOutPerSecond / 1e6).toFixed(0)} Mbit/s and take in ${(sizing.total.bitsInPerSecond / 1e6).toFixed(0)}: ${sizing.total.packetsPerSecond} packets/s in both ways, ${sizing.total.streams} videos out; ${Math.round(demand.behindFirewalls * 100)} % of people come through relays`,
  `media nodes: ${sizing.total.cores} cores in use at that hour, planned with the margin of the published measurements (docs/sizing.md); one host of them may fail${sizing.shards > 1 ? ` in each of ${sizing.shards} shards` : ""}`,
];

/** Prices to compare with where the instance's own location names none. */
const COMPARED_WITH = "hetzner-cloud";

interface Source {
  readonly title: string;
  readonly offers: readonly Offer[];
  readonly catalogue?: Catalogue;
}

function catalogueNamed(id: string): Catalogue {
  const all = loadCatalogues();
  const found = all.get(id);
  const refuse = (message: string): never => {
    throw badInput(`--catalogue ${id}`, message);
  };
  const ids = [...all.keys()];
  if (!found)
    return refuse(`no such catalogue; ${didYouMean(id, ids, `there are: ${ids.join(", ")}`)}`);
  if (found.flavours.length === 0)
    return refuse(
      `of ${found.title} these aren't known: ${found.unknown.join("; ")} (${found.source}, read ${found.read}). Add what you were told to modules/planning/sizing/catalogues/${id}.yaml`,
    );
  return found;
}

/** How sure a catalogue is, for a buyer. */
const CONFIDENCE: Readonly<Record<Catalogue["confidence"], string>> = {
  confirmed: "read at the provider's own source",
  secondary: "second-hand, not read at the provider's own source",
  unconfirmed: "not confirmed",
};

const sourceOf = (catalogue: Catalogue): Source => ({
  title: `${catalogue.title}, read ${catalogue.read}, ${CONFIDENCE[catalogue.confidence]}`,
  offers: offersOf(catalogue),
  catalogue,
});

/** A plan, or the reason why there is none as bad input of whatever was asked. */
function planned(
  demand: Instance["demand"],
  { offers }: Source,
  { planData }: Sized,
  asked: string,
): Sizing {
  try {
    return planSizing(demand, offers, planData);
  } catch (error) {
    if (!(error instanceof Unplannable)) throw error;
    throw badInput(asked, `${pathText(error.path)}: ${error.message}`);
  }
}

interface Cost {
  readonly text: string;
  readonly priced?: Priced;
  /** The plan that the prices are of: another one where they are compared. */
  readonly sizing?: Sizing;
}

const euro = (amount: number): string =>
  amount.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** TB that go out in a month, by the hours of the instance's days. */
function terabytesAMonth(sizing: Sizing, day: Day): number {
  return (internetOf(sizing).toPeople / 8 / 1e12) * 3600 * HOURS_A_MONTH * averageShare(day);
}

/** What all servers cost, with VAT, traffic, and where the prices stand. */
function priceText(sizing: Sizing, catalogue: Catalogue, loaded: Sized): string {
  const servers = monthlyCost(sizing) ?? 0;
  const hosts = sizing.roles.reduce((sum, { count }) => sum + count, 0);
  const out = terabytesAMonth(sizing, loaded.day);
  const vat = figureOf(loaded.planData.figures, "vat");
  const { traffic, check } = catalogue;
  const beyond = traffic ? Math.max(0, out - traffic.includedTerabytes * hosts) : 0;
  const extra = traffic ? beyond * traffic.perTerabyte : 0;
  const trafficText = traffic
    ? `traffic EUR ${euro(extra)} (about ${Math.ceil(out)} TB out, ${traffic.includedTerabytes} TB a server included, EUR ${euro(traffic.perTerabyte)} each beyond: ${traffic.source})`
    : `traffic not known (about ${Math.ceil(out)} TB out)`;
  return `EUR ${euro(servers)} a month for servers without VAT, ${euro((servers + extra) * (1 + vat))} with traffic and ${Math.round(vat * 100)} % VAT; ${trafficText}; volumes and addresses not included. Prices: ${catalogue.title}, ${CONFIDENCE[catalogue.confidence]}: ${catalogue.source} (read ${catalogue.read})${check ? `; check them at ${check}` : ""}`;
}

/** What it costs: by the flavours planned with, else by a catalogue with prices, for comparison. */
function costOf(demand: Instance["demand"], source: Source, sizing: Sizing, loaded: Sized): Cost {
  const pricedBy = (by: Source): Priced => ({
    demand,
    offers: by.offers,
    data: loaded.planData,
    catalogue: by.catalogue?.title ?? by.title,
    currency: by.catalogue?.currency ?? "EUR",
  });
  const own = source.catalogue && withPrices(sizing, source.catalogue);
  if (own && source.catalogue && monthlyCost(own) !== undefined)
    return {
      text: priceText(own, source.catalogue, loaded),
      priced: pricedBy(sourceOf(source.catalogue)),
      sizing: own,
    };
  const catalogue = catalogueNamed(COMPARED_WITH);
  const other = sourceOf(catalogue);
  let compared: Sizing;
  try {
    compared = planSizing(demand, other.offers, loaded.planData);
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
    text: `unknown: ${source.title} names no prices. For comparison, ${roles}: ${priceText(compared, catalogue, loaded)}`,
    priced: pricedBy(other),
    sizing: compared,
  };
}

interface Shown {
  readonly loaded: Sized;
  readonly source: Source;
  readonly sizing: Sizing;
  readonly schedule: Schedule;
  readonly cost: Cost;
  readonly limits: TurnLimits;
  /** The plan without the changes that --what-if asks for. */
  readonly before?: Sizing;
  readonly changes: readonly string[];
}

const hostsOf = (fleet: Schedule["base"]): string => {
  const total = Object.values(fleet).reduce((sum, count) => sum + count, 0);
  return `${plural(total, "host")} (${plural(fleet.bridge, "bridge")}, ${plural(fleet.turn, "relay")})`;
};

/** Both plans side by side. */
function comparison(before: Sizing, after: Sizing, paint: Paint, width: number): string[] {
  const rows: [string, string, string][] = [
    ["people", `${before.total.people}`, `${after.total.people}`],
    ["packets/s", `${before.total.packetsPerSecond}`, `${after.total.packetsPerSecond}`],
    ["out", mbit(before.total.bitsOutPerSecond), mbit(after.total.bitsOutPerSecond)],
    ["shards", `${before.shards}`, `${after.shards}`],
    ...after.roles.map((size): [string, string, string] => {
      const old = before.roles.find((one) => one.role === size.role);
      return [
        `${size.role} hosts`,
        old ? fleetText(old) : "none",
        `${fleetText(size)} (${size.deciding})`,
      ];
    }),
  ];
  const [a, b] = [monthlyCost(before), monthlyCost(after)];
  if (a !== undefined && b !== undefined) rows.push(["EUR a month", euro(a), euro(b)]);
  return table(
    ["", "now", "then"],
    rows.map(([what, old, then]) => [what, old, old === then ? then : paint.bold(then)]),
    { width, title: paint.dim },
  );
}

function describeSize(shown: Shown, options: SizeOptions, width: number, paint: Paint): string {
  const { loaded, source, sizing, schedule, cost, limits, before, changes } = shown;
  const { total } = sizing;
  const lines: string[] = [];
  const layout = { width, title: paint.dim };
  const heading = (title: string, remark = "") =>
    lines.push("", paint.bold(title) + (remark && `  ${paint.dim(remark)}`));
  const remark = (text: string) => lines.push(...wrap(text, width - 2).map((line) => `  ${line}`));

  lines.push(
    ...wrap(`${loaded.instance.name}: ${loaded.instance.organisation}`, width).map(paint.bold),
  );
  lines.push(
    ...labelled(
      [
        ["people", `${total.people} at once, growth included; ${total.joinsPerSecond} joins/s`],
        [
          "load",
          `${total.packetsPerSecond} packets/s, ${mbit(total.bitsInPerSecond)} in, ${mbit(total.bitsOutPerSecond)} out, ${total.streams} videos; bridges need ${total.cores} cores and ${total.memoryMiB} MiB of heap for it`,
        ],
        ["planned on", source.title],
        ["cost", cost.text],
        [
          "fleet",
          `${hostsOf(schedule.base)} at the quietest hour, ${hostsOf(schedule.peak)} at the busiest, one bridge more during an upgrade`,
        ],
        [
          "relays",
          `${total.turnAllocations} people behind firewalls, ${mbit(total.turnBitsPerSecond)}; each: ports ${limits.firstPort} to ${limits.lastPort}, ${limits.totalQuota} allocations, ${limits.userQuota} of one name, ${Math.round(limits.bytesPerSecond / 1000)} kB/s each`,
        ],
        [
          "Prosody",
          `${people(Math.ceil(total.people / sizing.shards))} a shard of at most ${loaded.planData.figures.figures.controlPeople.value}: one Prosody held 1,310 for 70 minutes and broke near 1,650`,
        ],
      ],
      layout,
    ),
  );
  for (const text of [...loaded.notes, ...sizing.warnings]) remark(paint.warn(`note: ${text}`));
  if (before) {
    heading("What if", changes.join(", "));
    lines.push(...comparison(before, sizing, paint, width));
  }
  heading("Hosts", `${plural(sizing.shards, "shard")}; ${sizing.verdict}`);
  lines.push(...hostsTable(sizing, layout));
  if (sizing.shards > 1) {
    heading("Shards", "no room in two of them");
    lines.push(
      ...table(
        ["shard", "people today", "bridges", "rooms…"],
        sizing.shardSizes.map((shard) => [
          `${shard.shard}`,
          `${shard.people}`,
          `${shard.bridges}`,
          shard.rooms.map(({ kind, rooms }) => `${rooms} ${kind}`).join(", "),
        ]),
        layout,
      ),
    );
  }
  if (options.schedule) {
    const { day } = schedule;
    heading("By the hour", `${day.source}${day.assumed ? " (assumed)" : ""}`);
    lines.push(...scheduleTable(schedule, layout));
    remark(
      schedule.savedMonthly === undefined
        ? "what it saves isn't known without prices: --catalogue"
        : `off in these hours: EUR ${euro(schedule.savedMonthly)} of ${euro(schedule.monthly ?? 0)} a month`,
    );
    const off = source.catalogue?.billedWhenOff;
    if (off?.value)
      remark(
        `a server that is off is still billed there (${off.source}, read ${off.read}): only one that is deleted saves anything`,
      );
    remark("polder switches nothing by itself");
  }
  if (options.why) {
    lines.push(...sizingReasons(sizing, width, paint));
    heading("Why: figures", `read ${loaded.planData.figures.read}`);
    lines.push(...figuresTable(loaded.planData.figures, layout));
    const published = compare(loadCalibration(), loaded.planData.figures);
    heading(
      "Why: processor",
      "cores planned for what others measured; docs/sizing.md has the rest",
    );
    lines.push(...comparisonTable(published, layout));
    for (const [machine, { factor, source: from }] of loaded.planData.cores.machines)
      remark(
        `${machine}: ${from}: ${factor.toFixed(2)} times what the published lines say, planned ${loaded.planData.cores.marginMeasured} times that`,
      );
  }
  return `${lines.join("\n")}\n`;
}

/** `polder size`: from the demand to hosts, hardware and cost, with every reason. */
export function sizeCommand(): Command {
  return new Command("size")
    .argument("<instance>", "its folder's name or path")
    .option("--why", "add every number with its reason and source")
    .option(
      "--what-if <key=value>",
      "plan with a changed demand, too; may be given several times",
      (value: string, before: string[] = []) => [...before, value],
    )
    .option("--catalogue <id>", "plan on this catalogue's flavours instead of the location's")
    .option("--schedule", "add what could be off by the hour, with its cost")
    .addOption(
      new Option("--json", "print plan, schedule, cost and hardware as JSON").conflicts([
        "why",
        "schedule",
        "html",
        "svg",
        "costSvg",
        "spec",
      ]),
    )
    .option("--html <file>", "write table, charts and hardware as one page that prints")
    .option("--svg <file>", "write the chart of load against participants")
    .option("--cost-svg <file>", "write the chart of cost against participants")
    .option("--spec <file>", "write what to order for all roles, as .yaml or .md")
    .addHelpText("after", HELP)
    .action((name: string, options: SizeOptions) => {
      const loaded = loadSized(name);
      const { instance, sizing: ofBlueprint, location, planData, day } = loaded;
      const changes = options.whatIf ?? [];
      const source: Source = options.catalogue
        ? sourceOf(catalogueNamed(options.catalogue))
        : ownSource(location);
      const asked = options.catalogue ? `--catalogue ${options.catalogue}` : location.id;
      const now =
        ofBlueprint && !options.catalogue
          ? ofBlueprint
          : planned(instance.demand, source, loaded, asked);
      const demand = whatIf(instance.demand, changes);
      const sizing =
        changes.length === 0
          ? now
          : planned(demand, source, loaded, `--what-if ${changes.join(" ")}`);
      const schedule = scheduleOf(sizing, day);
      const cost = costOf(demand, source, sizing, loaded);
      const limits = turnLimits({ sizing });
      const servers = loadServers();
      const document = procurementOf(
        sizing,
        { figures: planData.figures, servers, averageShare: averageShare(day) },
        {
          instance: instance.name,
          organisation: instance.organisation,
          plannedOn: source.title,
          cost: `${cost.text}.`,
          demand: demandText(demand, sizing),
        },
      );
      if (options.json) {
        const { text, sizing: compared } = cost;
        const monthly = compared && monthlyCost(compared);
        out(
          JSON.stringify(
            {
              instance: instance.name,
              demand,
              plannedOn: source.title,
              sizing,
              cost: { text, ...(monthly !== undefined && { monthly, currency: "EUR" }) },
              turn: limits,
              schedule,
              hardware: document,
            },
            null,
            2,
          ),
        );
        return;
      }
      const loads = () => loadChart(demand, sizing, planData);
      const costs = () =>
        cost.priced && cost.sizing ? costChart(cost.sizing, cost.priced) : undefined;
      let wrote = false;
      const write = (file: string | undefined, text: () => string) => {
        if (file === undefined) return;
        writeResult(text(), file);
        wrote = true;
      };
      write(options.svg, loads);
      write(options.costSvg, () => {
        const chart = costs();
        if (chart) return chart;
        throw badInput("--cost-svg", cost.text);
      });
      write(options.spec, () =>
        /\.ya?ml$/.test(options.spec ?? "") ? specYaml(document) : specMarkdown(document),
      );
      write(options.html, () =>
        sizePage({
          instance: instance.name,
          organisation: instance.organisation,
          sizing,
          schedule,
          catalogue: source.title,
          cost: `Cost: ${cost.text}.`,
          charts: [loads(), costs()].filter((chart) => chart !== undefined),
          calibration: calibrationChart(compare(loadCalibration(), planData.figures)),
          sheets: document.sheets,
          servers,
        }),
      );
      if (wrote && !options.why && !options.schedule) return;
      const shown: Shown = {
        loaded,
        source,
        sizing,
        schedule,
        cost,
        limits,
        changes,
        ...(changes.length > 0 && { before: now }),
      };
      const paint = paintFor(process.stdout, process.env);
      process.stdout.write(describeSize(shown, options, screenWidth(), paint));
    });
}
