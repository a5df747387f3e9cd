import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { z } from "zod";
import { parseYaml, validate, type YamlFile } from "../common/input/index.ts";
import { type Norm, normsOf, normsSchema } from "../common/norms/index.ts";
import { type Features, featuresSchema } from "../meetings/tokens/index.ts";
import { type JitsiRelease, jitsiReleasesSchema } from "../planning/blueprint/index.ts";
import {
  classificationSchema,
  type Location,
  locationSchema,
  type ResidencyRules,
  termsSchema,
} from "../planning/residency/index.ts";
import {
  type Calibration,
  type Catalogue,
  calibrationSchema,
  catalogueSchema,
  type Day,
  daySchema,
  type Figures,
  type Fit,
  figuresSchema,
  fitCurve,
  type Servers,
  serversSchema,
} from "../planning/sizing/index.ts";
import { shown } from "./shown.ts";

const modules = join(import.meta.dirname, "..");

/** Gives what was made under the same name before: an audit of a hundred instances reads polder's own data once. */
function once<T>(known: Map<string, T>, name: string, make: () => T): T {
  const found = known.get(name) ?? make();
  known.set(name, found);
  return found;
}

const files = new Map<string, YamlFile>();
const values = new Map<string, unknown>();

const parse = (...path: string[]): YamlFile => {
  const file = join(modules, ...path);
  return once(files, file, () => parseYaml(readFileSync(file, "utf8"), shown(file)));
};
const read = <Schema extends z.ZodType>(schema: Schema, ...path: string[]): z.output<Schema> =>
  once(values, join(...path), () => validate(parse(...path), schema)) as z.output<Schema>;

/** Every demand of a norm that is known here, by its id. */
export const loadNorms = (): ReadonlyMap<string, Norm> =>
  normsOf(read(normsSchema, "common/norms", "norms.yaml"));

/** The planner's figures. */
export const loadFigures = (): Figures => read(figuresSchema, "planning/sizing", "figures.yaml");

/** Every published measurement of a bridge under load. */
export const loadCalibration = (): Calibration =>
  read(calibrationSchema, "planning/sizing", "calibration.yaml");

/** The curve through the published measurements; fitted once. */
export const loadFit = (): Fit =>
  once(values, "fit", () => fitCurve(loadCalibration(), loadFigures())) as Fit;

/** What providers offer, by the catalogue's id. */
export function loadCatalogues(): ReadonlyMap<string, Catalogue> {
  const files = readdirSync(join(modules, "planning/sizing", "catalogues")).sort();
  const all = files.map((file) => read(catalogueSchema, "planning/sizing", "catalogues", file));
  return new Map(all.map((catalogue) => [catalogue.id, catalogue]));
}

/** How a day fills, unless an instance has its own. */
export const loadDay = (): Day => read(daySchema, "planning/sizing", "day.yaml");

/** Machines that somebody measured a bridge on. */
export const loadServers = (): Servers => read(serversSchema, "planning/sizing", "servers.yaml");

/** The highest class for each kind of cloud, and how long facts count. */
export const loadResidencyRules = (): ResidencyRules => ({
  classification: read(classificationSchema, "planning/residency", "classification.yaml"),
  terms: read(termsSchema, "planning/residency", "terms.yaml"),
});

/** The file of one of polder's own records, to say where in it something stands. */
export const locationFile = (id: string): YamlFile =>
  parse("planning/residency", "locations", `${id}.yaml`);

let known: ReadonlyMap<string, Location> | undefined;

/** Every location that polder records, by id; read once. */
export function loadLocations(): ReadonlyMap<string, Location> {
  known ??= new Map(locationIds().map((id) => [id, loadLocation(id)]));
  return known;
}

/** The ids of all locations that polder records: each is its file's name. */
export const locationIds = (): string[] =>
  readdirSync(join(modules, "planning/residency", "locations"))
    .sort()
    .map((file) => basename(file, ".yaml"));

/** One of polder's own records. */
export const loadLocation = (id: string): Location => validate(locationFile(id), locationSchema);

let programs: ReadonlyMap<string, string> | undefined;

/** The programs of hosts, and tables that they read, by path below `modules/hosts`; read once. */
export function loadPrograms(): ReadonlyMap<string, string> {
  if (programs) return programs;
  const hosts = join(modules, "hosts");
  const folders = readdirSync(hosts).filter((room) => existsSync(join(hosts, room, "programs")));
  const paths = folders.flatMap((room) =>
    readdirSync(join(hosts, room, "programs"))
      .sort()
      .map((name) => `${room}/programs/${name}`),
  );
  programs = new Map(paths.map((path) => [path, readFileSync(join(hosts, path), "utf8")]));
  return programs;
}

/** The releases of Jitsi that polder's settings were read for and seen with. */
export const loadJitsiReleases = (): readonly JitsiRelease[] =>
  read(jitsiReleasesSchema, "hosts/jitsi", "releases.yaml");

/** Which of Jitsi's features tokens switch off. */
export const loadFeatures = (): Features =>
  read(featuresSchema, "meetings/tokens", "features.yaml");
