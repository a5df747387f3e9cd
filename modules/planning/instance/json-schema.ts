import { z } from "zod";
import { overridesFileSchema } from "./overrides.ts";
import { instanceSchema } from "./schema.ts";

/** JSON Schema (2020-12) of the instance file, for editors: names, types, defaults, descriptions. */
export function instanceJsonSchema(): unknown {
  const schema = z.toJSONSchema(instanceSchema, { io: "input", target: "draft-2020-12" });
  return { ...schema, title: "polder instance" };
}

/** JSON Schema (2020-12) of `overrides.yaml`; which arguments a resource has, its provider knows. */
export function overridesJsonSchema(): unknown {
  const schema = z.toJSONSchema(overridesFileSchema, { io: "input", target: "draft-2020-12" });
  return { ...schema, title: "polder overrides" };
}
