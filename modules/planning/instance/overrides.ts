import { z } from "zod";

/** What Terraform would evaluate: it could read a file or another resource into the state. */
const hasExpression = (value: unknown): boolean =>
  typeof value === "string"
    ? /[$%]\{/.test(value)
    : typeof value === "object" && value !== null && Object.values(value).some(hasExpression);

const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, { error: "one line is allowed" });

const override = z.strictObject({
  resource: z
    .string()
    .regex(/^[a-z0-9*][a-z0-9*_-]*(\/[a-z0-9*_-]+){0,3}$/, {
      error: "the name of a resource is allowed, such as turn-1/server; * stands for any letters",
    })
    .describe(
      "The resource by its name in polder; `*` stands for any letters, as in bridge-*/server",
    ),
  set: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]*$/, { error: "an argument of the provider is allowed" }),
      z.json().refine((value) => !hasExpression(value), {
        error: "has ${ or %{ in it, which Terraform would evaluate: plain values are allowed",
      }),
    )
    .refine((set) => Object.keys(set).length > 0, { error: "empty: name at least one argument" })
    .describe("Arguments of the provider's own resource, and their values"),
  reason: line(300).describe("Why, in one sentence"),
  owner: line(80).describe("The named person who answers for it"),
});

/** `overrides.yaml` beside the instance file: what is changed of inner resources, and by whom. */
export const overridesFileSchema = z.strictObject({ overrides: z.array(override).min(1).max(50) });

/** One change of inner resources that polder has no field for. */
export type Override = Readonly<z.output<typeof override>>;
