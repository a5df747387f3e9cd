import {
  BadInput,
  inFileOrder,
  type Problem,
  parseYaml,
  validate,
} from "../../common/input/index.ts";
import { crossChecks } from "./cross-checks.ts";
import type { ReadOptions } from "./options.ts";
import { type Instance, instanceSchema } from "./schema.ts";

/**
 * Reads an instance file.
 *
 * @throws BadInput with all problems of the file at once, in its order.
 */
export function readInstance(text: string, options: ReadOptions): Instance {
  const yaml = parseYaml(text, options.file);
  const problems: Problem[] = crossChecks(yaml, options);
  let instance: Instance | undefined;
  try {
    instance = validate(yaml, instanceSchema);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    problems.push(...error.problems);
  }
  if (!instance || problems.length > 0) throw new BadInput(inFileOrder(problems));
  return instance;
}
