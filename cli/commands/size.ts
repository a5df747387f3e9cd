import { Command, Option } from "commander";
import { badInput, didYouMean, pathText } from "../../modules/common/input/index.ts";
import { turnLimits } from "../../modules/hosts/turn/index.ts";
import type { Instance } from "../../modules/planning/instance/index.ts";
import type { Location } from "../../modules/planning/residency/index.ts";
import {
  averageShare,
  type Catalogue,
  compare,
  fleetText,
  monthlyCost,
  type Offer,
  planSizing,
  type Sizing,
  scheduleOf,
  Unplannable,
  whatIf,
} from "../../modules/planning/sizing/index.ts";
import {
  calibrationChart,
  costChart,
  costOf,
  demandText,
  loadChart,
  procurementOf,
  type Source,
  sizePage,
  sourceOf,
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
import { paintFor } from "../text/paint.ts";
import { sizeText } from "../text/size.ts";
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

/** Prices to compare with where the instance's own location names none. */
const COMPARED_WITH = "hetzner-cloud";

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

/** A plan, or the reason why there is none as bad input of whatever was asked. */
function planned(
  demand: Instance["demand"],
  { offers }: Source,
  { planData, instance: { size } }: Sized,
  asked: string,
): Sizing {
  try {
    return planSizing(demand, offers, planData, { size });
  } catch (error) {
    if (!(error instanceof Unplannable)) throw error;
    throw badInput(asked, `${pathText(error.path)}: ${error.message}`);
  }
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
      const comparedWith = catalogueNamed(COMPARED_WITH);
      const cost = costOf(demand, source, sizing, {
        planData,
        size: instance.size,
        day,
        comparedWith,
      });
      const calibration = loadCalibration();
      const limits = turnLimits({ sizing });
      const servers = loadServers();
      // Hardware is specified for hosts of one role each, with a reserve: of two hosts it would promise what they lack.
      const document =
        instance.size === "single"
          ? undefined
          : procurementOf(
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
      const specified = () => {
        if (document) return document;
        throw badInput(
          "--spec",
          `of size single no hardware is specified: it is rented, as ${sizing.roles.map(fleetText).join(" and ")}. Without \`size: single\` in ${instance.name} it is`,
        );
      };
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
              ...(document && { hardware: document }),
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
        /\.ya?ml$/.test(options.spec ?? "") ? specYaml(specified()) : specMarkdown(specified()),
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
          calibration: calibrationChart(compare(calibration, planData.figures)),
          sheets: document?.sheets ?? [],
          servers,
        }),
      );
      if (wrote && !options.why && !options.schedule) return;
      const shown = {
        loaded,
        source,
        sizing,
        schedule,
        cost,
        limits,
        calibration,
        changes,
        ...(changes.length > 0 && { before: now }),
      };
      const paint = paintFor(process.stdout, process.env);
      process.stdout.write(sizeText(shown, options, screenWidth(), paint));
    });
}
