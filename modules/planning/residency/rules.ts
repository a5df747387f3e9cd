import { z } from "zod";
import { FACT_GROUPS, type FactGroup } from "./location.ts";

const highest = z.strictObject({
  tbb: z.literal([1, 2, 3, 4]),
  marking: z.enum(["none", "Dep.V"]),
  reason: z.string(),
});

/** The highest class that each kind of cloud may hold: classification.yaml. */
export const classificationSchema = z.strictObject({
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

const days = z.int().min(1).max(1096);

/** Days after which a fact must be read again, by the first part of its path: terms.yaml. */
export const termsSchema = z.strictObject({
  source: z.string(),
  read: z.iso.date(),
  days: z.strictObject({
    ...(Object.fromEntries(FACT_GROUPS.map((group) => [group, days])) as Record<
      FactGroup,
      typeof days
    >),
    classification: days,
  }),
});

/** The rules for locations, beside the profiles. */
export interface ResidencyRules {
  readonly classification: Readonly<z.output<typeof classificationSchema>>;
  readonly terms: Readonly<z.output<typeof termsSchema>>;
}
