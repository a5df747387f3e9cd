import { z } from "zod";

const sum = z.string().regex(/^[0-9a-f]{64}$/);

/** How many findings of each verdict. */
const tally = z.strictObject({
  pass: z.int().min(0),
  fail: z.int().min(0),
  "not-tested": z.int().min(0),
  waived: z.int().min(0),
});
const count = z.strictObject({
  name: z.string(),
  add: z.int(),
  change: z.int(),
  remove: z.int(),
  import: z.int(),
});

const eventSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("plan"),
    /** Digest of the plan's record. */
    plan: sum,
    asOf: z.iso.date(),
    /** Of everything, for a decommission. */
    destroy: z.boolean(),
    stacks: z.array(count),
    findings: tally,
  }),
  /** Stacks whose state something else than `polder apply` changed, to the serial that it has since. */
  z.strictObject({
    kind: z.literal("changed-elsewhere"),
    serials: z.record(z.string(), z.int()),
  }),
  /** cdktf asked for the documents, to do this with them. */
  z.strictObject({ kind: z.literal("cdktf"), verb: z.string() }),
  z.strictObject({ kind: z.literal("approval"), plan: sum, user: z.string() }),
  z.strictObject({
    kind: z.literal("apply"),
    plan: sum,
    asOf: z.iso.date(),
    outcome: z.enum(["applied", "refused", "failed"]),
    findings: tally,
  }),
  z.strictObject({
    kind: z.literal("converge"),
    restart: z.boolean(),
    /** By host: how it came out, and the digest of what was rendered for it. */
    hosts: z.record(z.string(), z.strictObject({ outcome: z.string(), digest: sum })),
  }),
  z.strictObject({ kind: z.literal("probe"), what: z.string(), findings: tally }),
  z.strictObject({ kind: z.literal("decommission"), leftovers: z.int().min(0) }),
]);

/** What happened to an instance. */
export type Event = z.infer<typeof eventSchema>;

export const lineSchema = z.strictObject({
  /** 1 and so on. */
  number: z.int().positive(),
  at: z.iso.datetime({ precision: 0 }),
  /** Login name of whoever did it, as they gave it. */
  by: z.string().min(1),
  toolkit: z.strictObject({ version: z.string(), commit: z.string().nullable(), code: sum }),
  event: eventSchema,
  /** SHA-256 of each file that belongs to it, by its name; it lies in `files/` under that sum. */
  files: z.record(z.string(), sum),
  /** SHA-256 of the line before, hex; 64 zeros in the first. */
  previous: sum,
});

/** One line of an instance's history. */
export type Line = z.infer<typeof lineSchema>;
