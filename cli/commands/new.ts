import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { BadInput, badInput, didYouMean, type Problem } from "../../modules/common/input/index.ts";
import { today } from "../../modules/common/today/index.ts";
import type { Classification } from "../../modules/planning/instance/index.ts";
import {
  evaluateAsOf,
  evaluateResidency,
  PROFILE_NAMES,
} from "../../modules/planning/residency/index.ts";
import {
  INSTANCE_FILE,
  loadInstance,
  loadLocations,
  loadResidencyRules,
} from "../../modules/workspace/index.ts";
import {
  type AnswerField,
  type Answers,
  answerProblem,
  FLAGS,
  parseMeeting,
  refuseAll,
  typed,
} from "../new/answers.ts";
import { ask, type Known, type Place } from "../new/ask.ts";
import { instanceText } from "../new/file.ts";
import { ROOT } from "../root.ts";
import { note, out } from "../terminal.ts";

interface NewOptions {
  readonly yes?: boolean;
  readonly dir: string;
  readonly organisation?: string;
  readonly domain?: string;
  readonly marking?: string;
  readonly tbb?: string;
  readonly residency?: string;
  readonly location?: string;
  readonly size?: string;
  readonly chat?: string;
  readonly meeting?: readonly string[];
  readonly adminName?: string;
  readonly adminUser?: string;
  readonly adminKey?: string;
  readonly adminNetwork?: readonly string[];
  readonly securityContact?: string;
}

const EXAMPLES = `
Examples:
  polder new                     asks for everything
  polder new gemeente-proef      asks for the rest
  polder new gemeente-proef --yes --organisation "Gemeente Proef" \\
    --domain vergaderen.proef.example --marking none --tbb 4 --location lab-floating --chat off \\
    --meeting teamoverleg,2,8,all --admin-name "Sam de Vries" --admin-user samdevries \\
    --admin-key ~/.ssh/id_ed25519.pub --admin-network 198.51.100.0/28 \\
    --security-contact mailto:security@proef.example
`;

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** The combinations of profile and location that accept a classification, where polder can build. */
function placesFor(marking: string, tbb: number): Place[] {
  const rules = loadResidencyRules();
  const needed = { marking, tbb } as Classification;
  const buildable = [...loadLocations().values()].filter(({ platform }) => platform);
  return buildable.flatMap((location) =>
    PROFILE_NAMES.filter((profile) => {
      const verdict = evaluateResidency(profile, needed, location, rules);
      return evaluateAsOf(verdict, [], today()).verdict === "accepted";
    }).map((residency) => ({
      residency,
      location: location.id,
      title: location.title,
      test: location.test,
    })),
  );
}

/** The values of the flags, each checked; the error names every wrong one. */
function fromFlags(name: string | undefined, options: NewOptions): Known {
  const problems: Problem[] = [];
  const check = (flag: string, part: AnswerField, text: string | undefined): string | undefined => {
    const message = text === undefined ? undefined : answerProblem(part, text);
    if (message) problems.push({ file: flag, message });
    return text?.trim();
  };
  const attempt = <T>(make: () => T): T | undefined => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const { adminKey } = options;
  // A file's name is easier to give than its line; a line has spaces, and no file is called so.
  const key = adminKey && existsSync(adminKey) ? readFileSync(adminKey, "utf8").trim() : adminKey;
  const given: Readonly<Record<string, string | undefined>> = {
    "--organisation": options.organisation,
    "--domain": options.domain,
    "--marking": options.marking,
    "--tbb": options.tbb,
    "--residency": options.residency,
    "--location": options.location,
    "--size": options.size,
    "--chat": options.chat,
    "--admin-name": options.adminName,
    "--admin-user": options.adminUser,
    "--admin-key": key,
    "--security-contact": options.securityContact,
  };
  for (const [flag, part] of Object.entries(FLAGS)) check(flag, part, given[flag]);
  check("<name>", "name", name);
  for (const network of options.adminNetwork ?? []) {
    check("--admin-network", "adminNetwork", network);
  }
  const meetings = options.meeting?.flatMap((text) => attempt(() => parseMeeting(text)) ?? []);
  const locations = [...loadLocations().keys()];
  if (options.location && !locations.includes(options.location)) {
    const hint = didYouMean(options.location, locations);
    problems.push({ file: "--location", message: `got "${options.location}", ${hint}` });
  }
  refuseAll(problems);
  return {
    name,
    organisation: options.organisation,
    domain: options.domain,
    marking: options.marking,
    tbb: options.tbb === undefined ? undefined : (typed("tbb", options.tbb) as number),
    residency: options.residency,
    location: options.location,
    size: options.size,
    chat: options.chat,
    meetings,
    adminName: options.adminName,
    adminUser: options.adminUser,
    adminKey: key,
    adminNetworks: options.adminNetwork,
    securityContact: options.securityContact,
  };
}

/** The profile that a location accepts, when there is just one; else it must be given. */
function withResidency(known: Known): Known {
  if (known.residency || !known.location || !known.marking || !known.tbb) return known;
  const places = placesFor(known.marking, known.tbb).filter((p) => p.location === known.location);
  return places.length === 1 ? { ...known, residency: places[0]?.residency } : known;
}

/** Every answer is there, or BadInput with all that is missing. */
function complete(known: Known): Answers {
  const needed: readonly (readonly [keyof Answers, string])[] = [
    ["name", "<name>"],
    ["organisation", "--organisation"],
    ["domain", "--domain"],
    ["marking", "--marking none|Dep.V"],
    ["tbb", "--tbb 1|2|3|4"],
    ["location", "--location"],
    ["residency", "--residency"],
    ["chat", "--chat off|on"],
    ["meetings", "--meeting kind,simultaneous,participants,cameras"],
    ["adminName", "--admin-name"],
    ["adminUser", "--admin-user"],
    ["adminKey", "--admin-key"],
    ["adminNetworks", "--admin-network"],
    ["securityContact", "--security-contact"],
  ];
  const missing = needed.filter(([key]) => known[key] === undefined);
  // Where the location isn't given, whether a profile is needed too isn't known yet.
  const named = missing.filter(([key]) => key !== "residency" || known.location !== undefined);
  if (named.length > 0) {
    const flags = named.map(([, flag]) => flag).join(", ");
    throw badInput("polder new", `missing, as nothing is asked: ${flags}`);
  }
  return { ...known, size: known.size ?? "cluster" } as Answers;
}

/**
 * Writes the folder beside its place, reads it as every command will, and only then moves it there.
 *
 * @returns the file's path.
 * @throws BadInput when the answers make no instance, or the folder exists.
 */
export function writeInstance(answers: Answers, parent: string): string {
  const folder = join(parent, answers.name);
  const schema = join(parent, "instance.schema.json");
  const modeline = existsSync(schema)
    ? "# yaml-language-server: $schema=../instance.schema.json"
    : undefined;
  const cloud = loadLocations().get(answers.location)?.provider ?? "openstack";
  const draft = mkdtempSync(join(parent, ".new-"));
  try {
    const inside = join(draft, answers.name);
    mkdirSync(inside);
    writeFileSync(join(inside, INSTANCE_FILE), instanceText(answers, cloud, modeline));
    try {
      loadInstance(inside);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      // The draft is gone when this is read: what was answered is what must change.
      throw new BadInput(error.problems.map(({ message }) => ({ file: "polder new", message })));
    }
    if (existsSync(folder)) throw exists(folder);
    renameSync(inside, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return join(folder, INSTANCE_FILE);
}

const exists = (folder: string): BadInput =>
  badInput(shown(folder), "exists already: take another name, or edit what is there");

const shown = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short || ".";
};

/** `polder new`: asks for what is needed and writes a commented folder that passes. */
export function newCommand(): Command {
  return new Command("new")
    .argument("[name]", "the instance's name, and its folder's")
    .option("--yes", "ask nothing: every answer is a flag")
    .option("--dir <folder>", "parent folder of the instance's own", join(ROOT, "instances"))
    .option("--organisation <name>", "whose instance this is")
    .option("--domain <name>", "the domain that people meet at")
    .option("--marking <marking>", "highest marking of what is said: none, Dep.V")
    .option("--tbb <class>", "the class that is needed, 1 (highest) to 4")
    .option(
      "--residency <profile>",
      "the residency profile; needed where more than one profile accepts the location",
    )
    .option("--location <id>", "where it runs, one of `polder residency` that polder can build at")
    .option("--size <cluster|single>", "seven hosts or more, or two: cluster unless you say so")
    .option("--chat <off|on>", "text chat in meetings")
    .option(
      "--meeting <kind,simultaneous,participants,cameras>",
      "a kind of meeting; may be repeated",
      collect,
    )
    .option("--admin-name <name>", "the first admin's first and last name")
    .option("--admin-user <login>", "their login name")
    .option("--admin-key <key>", "their SSH public key, or the .pub file that holds it")
    .option("--admin-network <range>", "where admins come in from; may be repeated", collect)
    .option("--security-contact <address>", "mailto: or https:, for people who find a weakness")
    .addHelpText("after", EXAMPLES)
    .action(async (name: string | undefined, options: NewOptions) => {
      const parent = resolve(options.dir);
      const beside = parent === join(ROOT, "instances");
      if (beside) mkdirSync(parent, { recursive: true });
      if (!existsSync(parent)) {
        throw badInput(shown(parent), "no such folder: make it first, or give --dir another");
      }
      const nameProblem = (text: string) =>
        existsSync(join(parent, text)) ? `${shown(join(parent, text))} exists already` : undefined;
      if (name !== undefined && nameProblem(name)) throw exists(join(parent, name));
      const known = withResidency(fromFlags(name, options));
      const interactive = options.yes !== true && process.stdin.isTTY === true;
      const answers = interactive
        ? await ask(known, { places: placesFor, nameProblem, keyFolder: join(homedir(), ".ssh") })
        : complete(known);
      const file = writeInstance(answers, parent);
      note(`wrote ${shown(file)}`);
      const path = shown(join(parent, answers.name));
      // A bare name would be looked for among the toolkit's own instances.
      out(`next: polder show ${beside ? answers.name : path.includes("/") ? path : `./${path}`}`);
    });
}
