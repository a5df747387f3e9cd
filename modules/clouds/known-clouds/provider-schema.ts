import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import type { ProviderSchema } from "../provider-schema/index.ts";

const read = new Map<string, ProviderSchema>();

/**
 * The part of a provider's schema that polder uses, read once.
 *
 * @param provider its folder in providers/
 */
export function providerSchema(provider: string): ProviderSchema {
  const known = read.get(provider);
  if (known) return known;
  const file = join(TOOLKIT, "providers", provider, "schema.json");
  const schema = JSON.parse(readFileSync(file, "utf8")) as ProviderSchema;
  read.set(provider, schema);
  return schema;
}
