import { z } from "zod";
import { instanceSchema } from "./schema.ts";

/** JSON Schema (2020-12) of the instance file, for editors: names, types, defaults, descriptions. */
export function instanceJsonSchema(): unknown {
  const schema = z.toJSONSchema(instanceSchema, { io: "input", target: "draft-2020-12" });
  return { ...schema, title: "polder instance" };
}
