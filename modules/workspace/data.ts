import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parseYaml, validate } from "../input/index.ts";
import { type ClassificationRules, type Location, locationSchema } from "../residency/index.ts";
import { type Figures, figuresSchema } from "../sizing/index.ts";

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

/** The highest class for each cloud model. */
export const loadClassification = (): ClassificationRules =>
  read(classificationSchema, "residency", "classification.yaml");

/** Every known location, by id. */
export function loadLocations(): ReadonlyMap<string, Location> {
  const files = readdirSync(join(modules, "residency", "locations")).sort();
  const locations = files.map((file) => read(locationSchema, "residency", "locations", file));
  return new Map(locations.map((location) => [location.id, location]));
}
