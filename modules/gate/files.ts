import { rawFile } from "../host/index.ts";
import { heading, reference, type TreeFile } from "../tree/index.ts";
import { FOLDER, PLUGINS } from "./config.ts";
import { luaText } from "./lua-text.ts";
import { PROGRAMS, STANZAS } from "./shipped.ts";
import type { StanzaRow } from "./stanzas.ts";

/** The table of stanzas as the gate reads it: a row a line. */
export const stanzaTable = (rows: readonly StanzaRow[]): string =>
  `return {\n${rows.map((row) => `\t${luaText({ ...row })},\n`).join("")}}\n`;

const PRIVATE = { group: "prosody", mode: "0640" } as const;

/** The gate's programs and its keys. */
export function gateFiles(hasRelays: boolean): TreeFile[] {
  const program = (name: string, text: string): TreeFile =>
    rawFile(`${PLUGINS}/${name}`, `${heading("--")}\n${text}`);
  return [
    ...Object.entries(PROGRAMS).map(([name, text]) => program(name, text)),
    program("gate_stanzas.lib.lua", stanzaTable(STANZAS)),
    ...["rooms.keys", "tokens.pem", "pseudonym.key"].map((name) =>
      rawFile(`${FOLDER}/${name}`, reference(`gate/${name}`), PRIVATE),
    ),
    ...(hasRelays
      ? [rawFile(`${FOLDER}/turn.secret`, `${reference("turn/shared-secret")}\n`, PRIVATE)]
      : []),
  ];
}
