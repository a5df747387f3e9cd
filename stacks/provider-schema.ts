import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProviderSchema } from "../modules/provider-schema/index.ts";
import { ROOT } from "./environment.ts";

let read: ProviderSchema | undefined;

/** The part of the provider's schema that polder uses, read once. */
export function providerSchema(): ProviderSchema {
  const file = join(ROOT, "providers/openstack/schema.json");
  read ??= JSON.parse(readFileSync(file, "utf8")) as ProviderSchema;
  return read;
}
