import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";

const schema = z.array(
  z.strictObject({
    id: z.string(),
    where: z.enum(["lab", "elsewhere"]).optional(),
    why: z.string(),
  }),
);

export type NotTested = z.infer<typeof schema>[number];

/** The committed list of what probes may leave untested. */
export const loadNotTested = (): NotTested[] =>
  schema.parse(load(readFileSync(join(import.meta.dirname, "not-tested.yaml"), "utf8")));

/** Whether a probe that couldn't be run is on the list. */
export const isListed = (list: readonly NotTested[], id: string, inLab: boolean): boolean =>
  list.some(
    (one) =>
      one.id === id &&
      (one.where ?? (inLab ? "lab" : "elsewhere")) === (inLab ? "lab" : "elsewhere"),
  );
