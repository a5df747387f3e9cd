import { type Pack, withOwnRules } from "../../policy/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { loadOwnRules } from "./own-rules.ts";

/** polder's rules and, behind them, the instance's own. @throws BadInput for a file without a rule. */
export const packOf = async ({
  folder,
  blueprint,
}: Pick<LoadedInstance, "folder" | "blueprint">): Promise<Pack> =>
  withOwnRules(await loadOwnRules(folder), blueprint);
