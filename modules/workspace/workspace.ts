import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { z } from "zod";
import {
  BadInput,
  badInput,
  didYouMean,
  inFileOrder,
  MAX_BYTES,
  type Position,
  type Problem,
  parseYaml,
  pathText,
  validate,
  type YamlFile,
} from "../common/input/index.ts";
import { today } from "../common/today/index.ts";
import {
  type AddressesFile,
  addressesSchema,
  type Blueprint,
  buildBlueprint,
  jitsiSchema,
  Refused,
} from "../planning/blueprint/index.ts";
import {
  adminsFileSchema,
  type Instance,
  isWaivable,
  type Logo,
  logoProblem,
  MOST_LOGO_BYTES,
  overridesFileSchema,
  POLICY_RULE_IDS,
  readInstance,
  readLogo,
} from "../planning/instance/index.ts";
import {
  type Location,
  locationSchema,
  type PlatformLocation,
  RESIDENCY_WAIVERS,
} from "../planning/residency/index.ts";
import {
  type CoreModel,
  coreModel,
  coresFor,
  type Day,
  daySchema,
  type OwnCalibration,
  ownCalibrationSchema,
  type PlanData,
  type Role,
  weightOf,
} from "../planning/sizing/index.ts";
import {
  loadCalibration,
  loadDay,
  loadFigures,
  loadFit,
  loadLocation,
  loadResidencyRules,
  locationFile,
  locationIds,
} from "./data.ts";
import { ownRuleIds } from "./own-rules.ts";
import { shown } from "./shown.ts";

export const INSTANCE_FILE = "instance.yaml";
export const ADDRESSES_FILE = "addresses.yaml";
export const ADMINS_FILE = "admins.yaml";
/** What the operator measured on machines of theirs, and how their day fills. */
const CALIBRATION_FOLDER = "calibration";
const DAY_FILE = "day.yaml";
export const JITSI_FILE = "jitsi.yaml";
export const LOCATION_FILE = "location.yaml";
export const OVERRIDES_FILE = "overrides.yaml";

/** An instance as its folder on disk says it is. */
export interface LoadedInstance {
  readonly folder: string;
  readonly instance: Instance;
  readonly blueprint: Blueprint;
  readonly location: PlatformLocation;
  /** Folder that `polder mirror` fills, where all packages come from one. */
  readonly packagesFolder?: string;
  /** Folder that jitsi.yaml names, with the .deb files of Jitsi's packages, where they are pinned. */
  readonly jitsiFolder?: string;
  /** What sizes are planned from, the operator's own measurements included. */
  readonly planData: PlanData;
  readonly day: Day;
  /** The record of its location: polder's, or the one beside the instance file. */
  readonly record: YamlFile;
  /** What it changes of inner resources, where it does. */
  readonly overrides?: YamlFile;
  /** What the folder holds beside the Blueprint and a person should know. */
  readonly notes: readonly string[];
}

/** Names of the instances in `<root>/instances`. */
export function instanceNames(root: string): string[] {
  const folder = join(root, "instances");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, INSTANCE_FILE)))
    .sort();
}

/**
 * The folder of an instance, named by its folder's name or by a path.
 *
 * @throws BadInput when there is none, with the nearest name.
 */
export function instanceFolder(root: string, nameOrPath: string): string {
  const named = join(root, "instances", nameOrPath);
  const folder =
    nameOrPath.includes("/") || nameOrPath.startsWith(".") ? resolve(nameOrPath) : named;
  if (existsSync(join(folder, INSTANCE_FILE))) return folder;
  const names = instanceNames(root);
  const hint = didYouMean(nameOrPath, names, `there are: ${names.join(", ") || "none"}`);
  throw badInput(
    shown(join(folder, INSTANCE_FILE)),
    `no such instance; ${hint}; \`polder new\` makes one`,
  );
}

/** A file's text. @throws BadInput when it can't be read, is too large or isn't UTF-8. */
function readText(path: string): string {
  const refuse = (message: string): never => {
    throw badInput(shown(path), message);
  };
  let bytes: Buffer;
  try {
    const status = statSync(path);
    if (!status.isFile()) refuse("this is no file");
    if (status.size > MAX_BYTES) {
      refuse(`${status.size} bytes, at most ${MAX_BYTES} are read: this is not a file of ours`);
    }
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof BadInput) throw error;
    const { code } = error as NodeJS.ErrnoException;
    return refuse(code === "EACCES" ? "may not be read by you" : `can't be read (${code})`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuse("this is not UTF-8 text: save it as UTF-8");
  }
}

/** What a file says, and where in it. */
interface Read<T> {
  readonly value: T;
  readonly yaml: YamlFile;
}

function read<Schema extends z.ZodType>(path: string, schema: Schema): Read<z.output<Schema>> {
  const yaml = parseYaml(readText(path), shown(path));
  return { value: validate(yaml, schema), yaml };
}

/** The same of a file that needn't be there. */
const readIfThere = <Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Read<z.output<Schema>> | undefined => (existsSync(path) ? read(path, schema) : undefined);

/** Less than this part of the published curve is no bridge that forwards: a unit is wrong. */
const LEAST_OF_CURVE = 0.2;

/** What can't be true of a measurement, though its form is right. */
function impossible(
  { value, yaml }: Read<OwnCalibration>,
  flavours: readonly { readonly name: string; readonly vcpus: number }[],
  model: CoreModel,
): Problem[] {
  const problems: Problem[] = [];
  const report = (path: (string | number)[], message: string) =>
    problems.push({
      file: yaml.file,
      at: yaml.at(path),
      message: `${pathText(path)}: ${message}`,
    });
  const now = today();
  if (value.measured > now)
    report(["measured"], `got ${value.measured}, a day up to today (${now}) is allowed`);
  const vcpus = flavours.find(({ name }) => name === value.machine)?.vcpus;
  value.points.forEach(({ cores, sentKilobytes, videos = 0 }, i) => {
    if (vcpus !== undefined && cores > vcpus)
      report(
        ["points", i, "cores"],
        `got ${cores}, ${value.machine} has ${vcpus}: at most that is allowed`,
      );
    const curve = coresFor(model, weightOf(model, { kilobytes: sentKilobytes, videos }));
    if (cores < LEAST_OF_CURVE * curve)
      report(
        ["points", i, "cores"],
        `got ${cores} for ${sentKilobytes} kB/s, published bridges took ${curve.toFixed(2)}: at least ${(LEAST_OF_CURVE * curve).toFixed(2)} is allowed; are these cores, and kilobytes (not kilobits)?`,
      );
  });
  return problems;
}

/** The operator's own measurements. @throws BadInput with every file that isn't one, or can't be. */
function readCalibration(
  folder: string,
  flavours: readonly { readonly name: string; readonly vcpus: number }[],
  model: CoreModel,
): {
  readonly own: readonly (OwnCalibration & { readonly file: string })[];
  readonly day: Day;
} {
  const path = join(folder, CALIBRATION_FOLDER);
  if (!existsSync(path)) return { own: [], day: loadDay() };
  const problems: Problem[] = [];
  const own: (OwnCalibration & { file: string })[] = [];
  let day = loadDay();
  const files = readdirSync(path)
    .filter((file) => /\.ya?ml$/.test(file))
    .sort();
  for (const name of files) {
    const file = join(path, name);
    try {
      if (name === DAY_FILE) day = read(file, daySchema).value;
      else {
        const measured = read(file, ownCalibrationSchema);
        problems.push(...impossible(measured, flavours, model));
        own.push({ ...measured.value, file: shown(file) });
      }
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new BadInput(inFileOrder(problems));
  return { own, day };
}

/** The people of a list who share what each has of their own with one who is known or before them. */
function sharing<P extends { readonly name: string }>(
  yaml: YamlFile,
  list: string,
  [known, more]: readonly [readonly P[], readonly P[]],
  keys: readonly (keyof P & string)[],
): Problem[] {
  return more.flatMap((person, i) =>
    keys.flatMap((key) => {
      const before = [...known, ...more.slice(0, i)];
      const other = before.find((one) => one[key] !== undefined && one[key] === person[key]);
      if (!other) return [];
      const at = [list, i, key];
      const message = `${pathText(at)}: the same ${key} as ${other.name}'s: each person has their own`;
      return [{ file: yaml.file, at: yaml.at(at), message }];
    }),
  );
}

/**
 * The people of the instance file and those of `admins.yaml` beside it.
 *
 * @throws BadInput when two of them share a login name, a key or a name.
 */
function withAdmins(instance: Instance, folder: string): Instance {
  const file = readIfThere(join(folder, ADMINS_FILE), adminsFileSchema);
  if (!file) return instance;
  const { value: more, yaml } = file;
  const [admins, keepers] = [
    [instance.admins, more.admins],
    [instance.logKeepers, more.logKeepers],
  ] as const;
  const problems = [
    ...sharing(yaml, "admins", admins, ["user", "key", "name", "age"]),
    ...sharing(yaml, "logKeepers", keepers, ["name", "age"]),
  ];
  if (problems.length > 0) throw new BadInput(inFileOrder(problems));
  return { ...instance, admins: admins.flat(), logKeepers: keepers.flat() };
}

/**
 * Holds the recorded addresses against the plan. An address of a host that a smaller demand took
 * away is only noted: refusing it would block the very command that gives it back. Anything else
 * that fits no host is a slip of a person, and refused.
 *
 * @returns what a person should know.
 * @throws BadInput with every entry that can't be.
 */
function checkAddresses({ value, yaml }: Read<AddressesFile>, blueprint: Blueprint): string[] {
  const problems: Problem[] = [];
  const unused: string[] = [];
  const seen = new Map<string, string>();
  const planned = blueprint.hosts.filter((host) => host.exposure.addressed).map((host) => host.id);
  const roles = new Set(blueprint.hosts.filter((h) => h.exposure.addressed).map((h) => h.role));
  for (const [id, entry] of Object.entries(value.addresses)) {
    const path = ["addresses", id];
    const report = (at: Position, message: string) =>
      problems.push({ file: yaml.file, at, message: `${pathText(path)}: ${message}` });
    const [, role] = /^([a-z]+)-[1-9]\d{0,3}$/.exec(id) ?? [];
    if (!planned.includes(id)) {
      if (roles.has(role as Role)) unused.push(id);
      else {
        const hint = didYouMean(id, planned, `hosts with one: ${planned.join(", ")}`);
        report(yaml.atKey(path), `no host of this name has a public address; ${hint}`);
      }
    }
    for (const key of ["id", "ipv4", "ipv6"] as const) {
      const value = entry[key];
      if (value === undefined) continue;
      const other = seen.get(`${key} ${value}`);
      if (other) report(yaml.at([...path, key]), `got ${value}, which ${other} has already`);
      seen.set(`${key} ${value}`, id);
    }
  }
  if (problems.length > 0) throw new BadInput(inFileOrder(problems));
  if (unused.length === 0) return [];
  return [
    `${ADDRESSES_FILE} also holds ${unused.join(", ")}, which this plan has no host for; \`polder addresses ${blueprint.instance}\` gives back what isn't needed`,
  ];
}

/**
 * The operator's own record, `location.yaml` beside the instance file, if there is one.
 *
 * @throws BadInput when it is wrong, or stands in for a record of polder's.
 */
export function readOwnLocation(
  folder: string,
  known: Pick<ReadonlySet<string>, "has">,
): { readonly location: Location; readonly yaml: YamlFile } | undefined {
  const file = readIfThere(join(folder, LOCATION_FILE), locationSchema);
  if (!file) return undefined;
  const { value: location, yaml } = file;
  if (known.has(location.id))
    throw badInput(
      yaml.file,
      `id: got "${location.id}", which is a record of polder's own: take another id, so that nobody takes one for the other`,
      yaml.at(["id"]),
    );
  return { location, yaml };
}

/** The picture that the instance file names. @throws BadInput when it isn't there, or is none that a page may show. */
function readOwnLogo(folder: string, file: string, yaml: YamlFile, name: string): Logo {
  const path = join(folder, name);
  const refuse = (message: string): never => {
    throw badInput(file, `branding.logo: ${message}`, yaml.at(["branding", "logo"]));
  };
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status?.isFile()) return refuse(`got "${name}", there is no such file beside this one`);
  if (status.size > MAX_BYTES)
    return refuse(`${name}: ${status.size} bytes, at most ${MOST_LOGO_BYTES} are allowed`);
  const bytes = readFileSync(path);
  const problem = logoProblem(name, bytes);
  return problem === undefined ? readLogo(name, bytes) : refuse(`${name}: ${problem}`);
}

/** What an instance asks for and where: all that its size depends on. */
export interface LoadedDemand {
  readonly instance: Instance;
  readonly location: Location;
  readonly planData: PlanData;
  readonly day: Day;
  readonly notes: readonly string[];
}

/** The instance, its location and its own measurements, held against their schemas alone. */
function readDemand(folder: string) {
  const path = join(folder, INSTANCE_FILE);
  const text = readText(path);
  const file = shown(path);
  const known = locationIds();
  const own = readOwnLocation(folder, new Set(known));
  const asked = readInstance(text, {
    file,
    folder: basename(folder),
    waivable: [...POLICY_RULE_IDS.filter(isWaivable), ...RESIDENCY_WAIVERS, ...ownRuleIds(folder)],
    locations: own ? [...known, own.location.id] : known,
  });
  const instance = withAdmins(asked, folder);
  const yaml = parseYaml(text, file);
  // Reading refused every other name already, together with the rest of what is wrong.
  const location =
    own?.location.id === instance.location ? own.location : loadLocation(instance.location);
  if (own && own.location !== location)
    throw badInput(
      own.yaml.file,
      `id: got "${own.location.id}", but ${INSTANCE_FILE} says location: ${location.id}: make the two one, or take this file away`,
      own.yaml.at(["id"]),
    );
  const [figures, published] = [loadFigures(), loadCalibration()];
  const measured = readCalibration(
    folder,
    location.platform?.flavours ?? [],
    coreModel(published, figures, [], loadFit()),
  );
  const planData = { figures, cores: coreModel(published, figures, measured.own, loadFit()) };
  return { file, yaml, own, instance, location, measured, planData };
}

/**
 * Reads what an instance asks for, of a location that may be recorded without its platform.
 *
 * @throws BadInput with every problem, each at its file, line and column.
 */
export function loadDemand(folder: string): LoadedDemand {
  const { instance, location, planData, measured } = readDemand(folder);
  return { instance, location, planData, day: measured.day, notes: [] };
}

/**
 * Reads an instance's folder and decides its Blueprint.
 *
 * @param options.ending it is to be ended, so it is read even where its location is refused
 * @throws BadInput with every problem, each at its file, line and column.
 */
export function loadInstance(
  folder: string,
  options: { readonly ending?: boolean } = {},
): LoadedInstance {
  const { file, yaml, own, instance, measured, planData, ...read } = readDemand(folder);
  // The Blueprint refuses one without a platform.
  const location = read.location as PlatformLocation;
  const addresses = readIfThere(join(folder, ADDRESSES_FILE), addressesSchema);
  const overrides = readIfThere(join(folder, OVERRIDES_FILE), overridesFileSchema);
  const jitsi = readIfThere(join(folder, JITSI_FILE), jitsiSchema);
  const { logo } = instance.branding;
  try {
    const blueprint = buildBlueprint({
      instance,
      location,
      ...planData,
      rules: loadResidencyRules(),
      ...(addresses && { addresses: addresses.value }),
      ...(jitsi && { jitsi: jitsi.value.packages }),
      ...(overrides && { overrides: overrides.value.overrides }),
      ...(logo && { logo: readOwnLogo(folder, file, yaml, logo) }),
      ...options,
    });
    const flavours = location.platform.flavours.map(({ name }) => name);
    const notes = [
      ...(addresses ? checkAddresses(addresses, blueprint) : []),
      ...measured.own
        .filter(({ machine }) => !flavours.includes(machine))
        .map(
          ({ file: name, machine }) =>
            `${name} measures "${machine}", which ${location.id} doesn't offer (${flavours.join(", ")}): it counts in catalogues that do`,
        ),
    ];
    const record = own?.yaml ?? locationFile(location.id);
    const packagesFolder = instance.packages.folder && resolve(folder, instance.packages.folder);
    return {
      folder,
      instance,
      blueprint,
      location,
      ...(packagesFolder && { packagesFolder }),
      ...(jitsi && { jitsiFolder: resolve(folder, jitsi.value.folder) }),
      planData,
      record,
      notes,
      ...(overrides && { overrides: overrides.yaml }),
      day: measured.day,
    };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const name = pathText(error.path);
    throw badInput(file, `${name}: ${error.message}`, yaml.at(error.path));
  }
}
