import type { z } from "zod";
import { parseYaml, validate } from "../../common/input/index.ts";
import { type Programs, programText } from "../configuration/index.ts";
import { type Contents, contentsSchema } from "./contents.ts";
import { type StanzaRow, stanzasSchema } from "./stanzas.ts";

export interface Tables {
  /** Who may send which stanza where. */
  readonly stanzas: readonly StanzaRow[];
  /** What a stanza may hold. */
  readonly contents: Contents;
}

const known = new WeakMap<Programs, Tables>();

/** The gate's tables; read once of the same programs. @throws BadInput */
export function tablesOf(programs: Programs): Tables {
  const table = <T>(name: string, schema: z.ZodType<T>): T => {
    const path = `gate/programs/${name}`;
    return validate(parseYaml(programText(programs, path), `modules/hosts/${path}`), schema);
  };
  const tables = known.get(programs) ?? {
    stanzas: table("stanzas.yaml", stanzasSchema),
    contents: table("contents.yaml", contentsSchema),
  };
  known.set(programs, tables);
  return tables;
}
