import {
  type HostFile,
  heading,
  type Programs,
  programText,
  reference,
} from "../configuration/index.ts";
import { rawFile } from "../host/index.ts";
import { FOLDER, PLUGINS } from "./config.ts";
import type { Contents } from "./contents.ts";
import { luaField, luaText } from "./lua-text.ts";
import type { StanzaRow } from "./stanzas.ts";
import { tablesOf } from "./tables.ts";

/** The table of stanzas as the gate reads it: a row a line. */
export const stanzaTable = (rows: readonly StanzaRow[]): string =>
  `return {\n${rows.map((row) => `\t${luaText({ ...row })},\n`).join("")}}\n`;

/** The table of what stanzas may hold, as the gate reads it: an entry a line. */
export const contentsTable = (contents: Contents): string => {
  const fragment = ([name, entries]: [string, Contents[keyof Contents]]) => {
    const lines = Object.entries(entries).map(
      ([id, entry]) => `\t\t${luaField(id)} = ${luaText(entry)},\n`,
    );
    return `\t${luaField(name)} = {\n${lines.join("")}\t},\n`;
  };
  return `return {\n${Object.entries(contents).map(fragment).join("")}}\n`;
};

/** The gate's programs, by name. */
export const luaFiles = (programs: Programs): string[] =>
  [...programs.keys()].flatMap((path) => /^gate\/programs\/([^/]+\.lua)$/.exec(path)?.[1] ?? []);

const PRIVATE = { group: "prosody", mode: "0640" } as const;

/** The gate's programs and its keys. */
export function gateFiles(programs: Programs, hasRelays: boolean): HostFile[] {
  const { stanzas, contents } = tablesOf(programs);
  const program = (name: string, text: string): HostFile =>
    rawFile(`${PLUGINS}/${name}`, `${heading("--")}\n${text}`);
  return [
    ...luaFiles(programs).map((name) =>
      program(name, programText(programs, `gate/programs/${name}`)),
    ),
    program("gate_stanzas.lib.lua", stanzaTable(stanzas)),
    program("gate_contents.lib.lua", contentsTable(contents)),
    ...["rooms.keys", "tokens.pem", "pseudonym.key"].map((name) =>
      rawFile(`${FOLDER}/${name}`, reference(`gate/${name}`), PRIVATE),
    ),
    ...(hasRelays
      ? [rawFile(`${FOLDER}/turn.secret`, `${reference("turn/shared-secret")}\n`, PRIVATE)]
      : []),
  ];
}
