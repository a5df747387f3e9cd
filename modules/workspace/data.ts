import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parseYaml, validate } from "../input/index.ts";
import { type ClassificationRules, type Location, locationSchema } from "../residency/index.ts";
import {
  type Calibration,
  type Catalogue,
  calibrationSchema,
  catalogueSchema,
  type Day,
  daySchema,
  type Figures,
  figuresSchema,
  type Servers,
  serversSchema,
} from "../sizing/index.ts";

const modules = join(import.meta.dirname, "..");

const read = <Schema extends z.ZodType>(schema: Schema, ...path: string[]): z.output<Schema> => {
  const file = join(modules, ...path);
  return validate(parseYaml(readFileSync(file, "utf8"), file), schema);
};

const highest = z.strictObject({
  tbb: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
  marking: z.enum(["none", "Dep.V"]),
  reason: z.string(),
});

const classificationSchema = z.strictObject({
  source: z.string(),
  read: z.iso.date(),
  confidence: z.string(),
  highest: z.strictObject({
    government: highest,
    private: highest,
    public: highest,
    unknown: highest,
  }),
});

/** The planner's figures. */
export const loadFigures = (): Figures => read(figuresSchema, "sizing", "figures.yaml");

/** Every published measurement of a bridge under load. */
export const loadCalibration = (): Calibration =>
  read(calibrationSchema, "sizing", "calibration.yaml");

/** What providers offer, by the catalogue's id. */
export function loadCatalogues(): ReadonlyMap<string, Catalogue> {
  const files = readdirSync(join(modules, "sizing", "catalogues")).sort();
  const all = files.map((file) => read(catalogueSchema, "sizing", "catalogues", file));
  return new Map(all.map((catalogue) => [catalogue.id, catalogue]));
}

/** How a day fills, unless an instance has its own. */
export const loadDay = (): Day => read(daySchema, "sizing", "day.yaml");

/** Machines that somebody measured a bridge on. */
export const loadServers = (): Servers => read(serversSchema, "sizing", "servers.yaml");

/** The highest class for each cloud model. */
export const loadClassification = (): ClassificationRules =>
  read(classificationSchema, "residency", "classification.yaml");

/** Every known location, by id. */
export function loadLocations(): ReadonlyMap<string, Location> {
  const files = readdirSync(join(modules, "residency", "locations")).sort();
  const locations = files.map((file) => read(locationSchema, "residency", "locations", file));
  return new Map(locations.map((location) => [location.id, location]));
}
