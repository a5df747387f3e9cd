// The cdktf app: `cdktf synth`, `diff`, `deploy <instance>` and `destroy` run it. The CLI doesn't
// tell which stack was asked for, so every sound instance is synthesised and a broken one is only
// named; POLDER_INSTANCE (a name or a path) picks one, and then its faults end the run.
import { resolve } from "node:path";
import { App, type TerraformStack } from "cdktf";
import { formatFinding } from "../modules/findings/index.ts";
import { BadInput } from "../modules/input/index.ts";
import { judge } from "../modules/policy/index.ts";
import {
  instanceFolder,
  instanceNames,
  type LoadedInstance,
  loadInstance,
} from "../modules/workspace/index.ts";
import { ROOT } from "./environment.ts";
import { addStacks } from "./instance-stacks.ts";
import { packOf } from "./pack.ts";
import { today } from "./today.ts";
import { policyInput, prepareStateFolder, stackFolder, writeLockFile } from "./working-folder.ts";

const say = (line: string) => process.stderr.write(`${line}\n`);
const selected = process.env["POLDER_INSTANCE"];
const outdir = resolve(process.env["CDKTF_OUTDIR"] ?? "cdktf.out");

/** The instance, or undefined when it is broken: its faults are told then. */
async function sound(name: string): Promise<LoadedInstance | undefined> {
  try {
    const loaded = loadInstance(instanceFolder(ROOT, name));
    const findings = judge(policyInput(loaded, { outdir }), today(), await packOf(loaded));
    const failed = findings.filter((f) => f.verdict === "fail");
    for (const finding of findings.filter((f) => f.warns))
      say(`${name}: ${formatFinding(finding)}`);
    for (const finding of failed) say(`${name}: ${formatFinding(finding)}`);
    return failed.length === 0 ? loaded : undefined;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    for (const line of error.message.split("\n")) say(line);
    return undefined;
  }
}

const app = new App({ outdir, skipValidation: true });
const names = selected ? [selected] : instanceNames(ROOT);
const stacks: TerraformStack[] = [];
for (const name of names) {
  const loaded = await sound(name);
  if (!loaded) continue;
  prepareStateFolder(loaded);
  stacks.push(...addStacks(app, loaded, { outdir }));
  if (loaded.blueprint.addresses.state !== "allocated" && selected) {
    say(
      `${name}: only its addresses yet; deploy ${name}-addresses, then \`polder addresses ${name}\``,
    );
  }
}
if (selected && stacks.length === 0) process.exitCode = 1;
else {
  app.synth();
  for (const stack of stacks) writeLockFile(stackFolder(outdir, stack.node.id));
}
