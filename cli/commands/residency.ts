import { Command, Option } from "commander";
import { badInput, didYouMean } from "../../modules/common/input/index.ts";
import { today } from "../../modules/common/today/index.ts";
import type { Classification } from "../../modules/planning/instance/index.ts";
import type { Location } from "../../modules/planning/residency/index.ts";
import {
  instanceFolder,
  loadInstance,
  loadLocations,
  loadResidencyRules,
  readOwnLocation,
} from "../../modules/workspace/index.ts";
import { ROOT } from "../root.ts";
import { out, screenWidth } from "../terminal.ts";
import { paintFor } from "../text/paint.ts";
import {
  answers,
  explainLocation,
  type ResidencyQuestion,
  residencyTable,
} from "../text/residency.ts";

interface ResidencyOptions {
  readonly explain?: string;
  readonly json?: boolean;
}

const HELP = `
A location is a place of a provider, recorded with its sources: where its site is, who operates it,
who owns that company, whose law reaches it. Profiles demand:
  nl-sovereign  site and operator in the Netherlands, owner in the EEA, no third country's law reaches it
  nl-located    site in the Netherlands, operator and owner in the EEA
  eea           site, operator and owner in the EEA
  lab           the lab on your own machine, and nothing else
A location is refused when a fact that the profile needs is missing, not confirmed or older than its
term; the answer names that fact.

Examples:
  polder residency                                  every location by profile
  polder residency --explain leafcloud-amsterdam    its facts, and what each profile says of them
  polder residency lab                              with lab's own record, class and waivers
  polder residency --json | jq '.[] | select(.buildable) | .location'
docs/residency.md tells how to record a location of your own.`;

/** The location of this name. @throws BadInput with the nearest one. */
function named(locations: readonly Location[], id: string): Location {
  const found = locations.find((location) => location.id === id);
  if (found) return found;
  const ids = locations.map((location) => location.id);
  const hint = didYouMean(id, ids, `there are: ${ids.join(", ")}`);
  throw badInput("--explain", `got "${id}", nobody recorded it; ${hint}`);
}

/** What is asked of an instance's locations; its own record first, if it has one. */
function questionFor(name: string | undefined): ResidencyQuestion {
  const known = loadLocations();
  const rules = loadResidencyRules();
  const asOf = today();
  const all = [...known.values()];
  if (name === undefined) {
    const needed: Classification = { marking: "none", tbb: 4 };
    return { locations: all, rules, needed, waivers: [], asOf };
  }
  const folder = instanceFolder(ROOT, name);
  // Also where it is refused: that is what this command is asked for.
  const { instance } = loadInstance(folder, { ending: true });
  const own = readOwnLocation(folder, known);
  return {
    locations: own ? [own.location, ...all] : all,
    rules,
    needed: instance.classification,
    waivers: instance.waivers,
    asOf,
  };
}

/** `polder residency`: which location which profile accepts, and the fact that decided. */
export function residencyCommand(): Command {
  return new Command("residency")
    .argument("[instance]", "its folder's name or path: for its class, waivers and own record")
    .option("--explain <location>", "every fact of one location, and what each profile says")
    .addOption(new Option("--json", "print all of it as JSON"))
    .addHelpText("after", HELP)
    .action((name: string | undefined, options: ResidencyOptions) => {
      const question = questionFor(name);
      const location =
        options.explain === undefined ? undefined : named(question.locations, options.explain);
      const asked = location ? { ...question, locations: [location] } : question;
      if (options.json) {
        out(JSON.stringify(answers(asked), null, 2));
        return;
      }
      const [width, paint] = [screenWidth(), paintFor(process.stdout, process.env)];
      process.stdout.write(
        location
          ? explainLocation(location, question, width, paint)
          : residencyTable(asked, width, paint),
      );
    });
}
