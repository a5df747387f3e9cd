import { z } from "zod";

const day = z.iso.date();
const text = z.strictObject({ nl: z.string().min(1), en: z.string().min(1) });

/** Who shows whether a row of a norm is met: rules or probes, the organisation alone, or each a part of it. */
const by = z.enum(["machine", "owner", "both"]);

const rowSchema = z
  .strictObject({
    /** The norm's own number, or its name for what it asks. */
    number: z.string().min(1),
    ...text.shape,
    by,
    duty: z.string().optional(),
  })
  .refine((row) => (row.by === "machine") === (row.duty === undefined), {
    error: "a duty is for what `owner` or `both` serve, and they need one",
  });

const documentSchema = z.strictObject({
  id: z.string().min(1),
  title: z.string().min(1),
  version: z.string().min(1),
  source: z.string().min(1),
  read: day,
  rows: z.array(rowSchema).min(1),
});

/** The form of norms.yaml. */
export const normsSchema = z
  .strictObject({
    read: day,
    duties: z.record(z.string(), text),
    documents: z.array(documentSchema),
  })
  .superRefine(({ duties, documents }, context) => {
    const seen = new Set<string>();
    const used = new Set<string>();
    documents.forEach(({ id, rows }, d) => {
      rows.forEach(({ number, duty }, r) => {
        const path = ["documents", d, "rows", r];
        const key = `${id} ${number}`;
        if (seen.has(key))
          context.addIssue({ code: "custom", path, message: `${key} stands twice` });
        seen.add(key);
        if (duty === undefined) return;
        used.add(duty);
        if (!(duty in duties))
          context.addIssue({ code: "custom", path, message: `no duty is called ${duty}` });
      });
    });
    for (const duty of Object.keys(duties).filter((name) => !used.has(name)))
      context.addIssue({ code: "custom", path: ["duties", duty], message: "no row has it" });
  });

/** A text in both languages. */
export type Text = z.output<typeof text>;

/** The edition of a norm. */
export interface NormDocument {
  readonly id: string;
  readonly title: string;
  readonly version: string;
  /** Where it was read. */
  readonly source: string;
  /** When, `YYYY-MM-DD`. */
  readonly read: string;
}

/** One demand of a norm, by its number. */
export interface Norm {
  /** What rules and probes name: the document's id and the number, such as `BIO2 5.14.04`. */
  readonly id: string;
  readonly document: NormDocument;
  readonly number: string;
  /** What it asks, in our own words. */
  readonly title: Text;
  readonly by: z.output<typeof by>;
  /** What no machine can decide, and so is left for the owner. */
  readonly duty?: Text;
}

/** Every norm by its id, in the order of norms.yaml. */
export function normsOf({
  documents,
  duties,
}: z.output<typeof normsSchema>): ReadonlyMap<string, Norm> {
  return new Map(
    documents.flatMap(({ rows, ...document }) =>
      rows.map(({ number, nl, en, by, duty }): [string, Norm] => {
        const id = `${document.id} ${number}`;
        const left = duty === undefined ? undefined : duties[duty];
        return [id, { id, document, number, title: { nl, en }, by, ...(left && { duty: left }) }];
      }),
    ),
  );
}
