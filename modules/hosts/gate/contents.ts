import { z } from "zod";

const id = z.string().regex(/^[a-z]+[0-9]*(-[a-z]+)*$/);

const textSchema = z.union([
  z.strictObject({ oneOf: z.array(z.string()).min(1) }),
  z.strictObject({
    form: z.string().regex(/^\^.*\$$/),
    most: z.number().int().positive(),
    own: z.literal(true).optional(),
  }),
]);

/** What a value in JSON may be: `boolean`, `number`, `=word`, a text's id, or an object of keys. */
export type JsonShape = string | { readonly [key: string]: JsonShape };

const shapeSchema: z.ZodType<JsonShape> = z.lazy(() =>
  z.union([z.string(), z.record(z.string(), shapeSchema)]),
);

const jsonSchema = z.strictObject({
  most: z.number().int().positive(),
  words: z.literal(true).optional(),
  keys: z.record(z.string(), shapeSchema),
  why: z.string().min(10),
});

/** One element that may survive. The head of contents.yaml says what each field means. */
const elementSchema = z
  .strictObject({
    names: z.array(z.string().regex(/^[a-z][\w:/.#-]* [A-Za-z][\w.-]*$/)).min(1),
    attributes: z.record(z.string().regex(/^[A-Za-z][\w-]*$/), id).optional(),
    text: id.optional(),
    json: z.array(id).min(1).optional(),
    children: z.array(id).min(1).optional(),
    most: z.number().int().min(2).optional(),
    filled: z.literal(true).optional(),
    words: z.literal(true).optional(),
    from: z.string().optional(),
    why: z.string().min(10).optional(),
  })
  .refine(
    ({ text, json, children }) => [text, json, children].filter(Boolean).length <= 1,
    "text, json or children: one of them",
  );

export const contentsSchema = z.strictObject({
  texts: z.record(id, textSchema),
  json: z.record(id, jsonSchema),
  elements: z.record(id, elementSchema),
  contents: z.record(id, z.array(id)),
});

export type Contents = z.output<typeof contentsSchema>;
