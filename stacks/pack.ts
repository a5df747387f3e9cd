import { type Pack, withOwnRules } from "../modules/policy/index.ts";
import { type LoadedInstance, loadOwnRules } from "../modules/workspace/index.ts";

/** polder's rules and, behind them, the instance's own. @throws BadInput for a file without a rule. */
export const packOf = async ({ folder }: Pick<LoadedInstance, "folder">): Promise<Pack> =>
  withOwnRules(await loadOwnRules(folder));
