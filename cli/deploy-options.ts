import { type Command, InvalidArgumentError } from "commander";
import { cloudOf } from "../modules/clouds/known-clouds/index.ts";
import { today } from "../modules/common/today/index.ts";
import { exclusively } from "../modules/operations/lock/index.ts";
import type { DeployOptions } from "../modules/operations/plan/index.ts";
import type { LoadedInstance } from "../modules/workspace/index.ts";
import { composition } from "./composition.ts";
import { note } from "./terminal.ts";
import { testbed } from "./testbed.ts";

const minutes = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 1440))
    throw new InvalidArgumentError("got no number of minutes from 0 to 1440.");
  return value;
};

/** Adds what every command that runs Terraform takes. */
export const withTimeout = (command: Command): Command =>
  command.option("--timeout <minutes>", "stop when the cloud takes longer", minutes, 30);

/** Options of a real run: progress to standard error, evaluated as of today. */
export const deployOptions = (options: { timeout: number }): DeployOptions => ({
  progress: note,
  timeoutMinutes: options.timeout,
  asOf: today(),
  testbed,
  ...composition,
});

/** Work on an instance in its cloud: only with a credential for it, and only one at a time. */
export async function atWork<T>(loaded: LoadedInstance, work: () => Promise<T>): Promise<T> {
  await cloudOf(loaded.blueprint, testbed).checkCredential(loaded.blueprint);
  return exclusively(loaded.blueprint.instance, work);
}
