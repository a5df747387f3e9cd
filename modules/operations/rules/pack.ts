import { createHash } from "node:crypto";
import { type Pack, withOwnRules } from "../../policy/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { loadOwnRules, type OwnRule } from "./own-rules.ts";

/** Which rules evaluated. */
export interface RulesIdentity {
  readonly ids: readonly string[];
  /** SHA-256 over what each rule says of itself and over the code of the instance's own. */
  readonly digest: string;
}

/** polder's rules and, behind them, the instance's own. @throws BadInput for a file without a rule. */
export const packOf = async ({
  folder,
  blueprint,
}: Pick<LoadedInstance, "folder" | "blueprint">): Promise<Pack> =>
  withOwnRules(await loadOwnRules(folder), blueprint);

/** The rules of a pack, for the record. The code of polder's own is the toolkit's. */
export function rulesIdentity({ rules }: Pack): RulesIdentity {
  const declared = rules.map(({ check: _, ...rule }) => rule as Partial<OwnRule>);
  return {
    ids: rules.map(({ id }) => id),
    digest: createHash("sha256").update(JSON.stringify(declared)).digest("hex"),
  };
}
