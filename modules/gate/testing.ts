import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseYaml, validate } from "../input/index.ts";
import { stanzasSchema } from "./stanzas.ts";

const here = import.meta.dirname;
const read = (...path: string[]): string => readFileSync(join(here, ...path), "utf8");

/** The names of the gate's Lua files. */
export const luaFiles = (): string[] =>
  readdirSync(join(here, "lua"))
    .filter((name) => name.endsWith(".lua"))
    .sort();

/** What shipped.ts must hold. */
export function shippedText(): string {
  const programs = Object.fromEntries(luaFiles().map((name) => [name, read("lua", name)]));
  const rows = validate(
    parseYaml(read("stanzas.yaml"), "modules/gate/stanzas.yaml"),
    stanzasSchema,
  );
  return [
    "// Written by scripts/ship-gate.ts from lua/ and stanzas.yaml: change those, then `npx tsx scripts/ship-gate.ts`.",
    'import type { StanzaRow } from "./stanzas.ts";',
    "",
    `export const STANZAS: readonly StanzaRow[] = ${JSON.stringify(rows, null, 2)};`,
    "",
    `export const PROGRAMS: Readonly<Record<string, string>> = ${JSON.stringify(programs, null, 2)};`,
    "",
  ].join("\n");
}
