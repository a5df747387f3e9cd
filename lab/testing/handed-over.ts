import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { providerOf, providerSchema } from "../../modules/clouds/known-clouds/index.ts";
import { TOOLKIT } from "../../modules/common/toolkit/index.ts";
import { offlineEnvironment } from "../../modules/operations/plan/index.ts";
import { writeLockFile } from "../../modules/operations/working-folder/index.ts";
import { planOf } from "../../modules/policy/testing.ts";
import { loadInstance } from "../../modules/workspace/index.ts";
import { synthesis } from "../../stacks/instance-stacks.ts";
import { addressesFor } from "./examples.ts";

export interface HandedOver {
  /** An example on Hetzner Cloud. */
  readonly example: string;
  /** What the instance is called; by default as the example. */
  readonly name?: string;
  /** Whether Terraform makes the plan: then its binary is there, too. */
  readonly planned: boolean;
}

/**
 * Makes a folder as a person hands it over for an audit, of a plan that makes everything. Terraform plans without a cloud:
 * there is no state, and nothing of it is looked up.
 *
 * @returns the folder, called like the instance
 */
export function handOver(parent: string, options: HandedOver): string {
  const { example, name = example, planned } = options;
  const folder = join(parent, name);
  mkdirSync(join(folder, "plan"), { recursive: true });
  for (const file of ["instance.yaml", "jitsi.yaml"])
    cpSync(join(TOOLKIT, "instances", example, file), join(folder, file));
  const text = readFileSync(join(folder, "instance.yaml"), "utf8");
  writeFileSync(join(folder, "instance.yaml"), text.replace(/^name: .*$/m, `name: ${name}`));
  const { blueprint } = loadInstance(folder);
  writeFileSync(join(folder, "addresses.yaml"), JSON.stringify(addressesFor(blueprint)));
  const stateFolder = `../../../../../instances/${name}/state`;
  const stacks = synthesis.write(loadInstance(folder), { outdir: folder, stateFolder });
  rmSync(join(folder, "manifest.json"), { force: true });
  for (const stack of stacks) {
    const home = join(folder, "stacks", stack);
    const json = planned
      ? plan(home, join(folder, "plan", `${stack}.tfplan`), providerOf(blueprint))
      : JSON.stringify(
          planOf(
            JSON.parse(readFileSync(join(home, "cdk.tf.json"), "utf8")),
            providerSchema(providerOf(blueprint)),
          ),
        );
    writeFileSync(join(folder, "plan", `${stack}.json`), json);
  }
  return folder;
}

/** Plans a stack's folder into a file; gives what Terraform shows of it. */
function plan(folder: string, file: string, provider: string): string {
  writeLockFile(folder, provider);
  const terraform = (...args: string[]) =>
    execFileSync("terraform", args, {
      cwd: folder,
      env: { ...offlineEnvironment(), HCLOUD_TOKEN: "a".repeat(64) },
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
  terraform("init", "-input=false", "-lockfile=readonly");
  terraform("plan", "-input=false", "-refresh=false", "-lock=false", `-out=${file}`);
  const shown = terraform("show", "-json", file).trim();
  for (const made of [".terraform", ".terraform.lock.hcl"])
    rmSync(join(folder, made), { recursive: true, force: true });
  return shown;
}
