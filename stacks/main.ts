// The cdktf app: `cdktf synth`, `diff`, `deploy <instance>` and `destroy` run it. The CLI doesn't
// tell which stack was asked for, so every sound instance is synthesised and a broken one is only
// named; POLDER_INSTANCE (a name or a path) picks one, and then its faults end the run.
import { resolve } from "node:path";
import { App, type TerraformStack } from "cdktf";
import { providerOf } from "../modules/clouds/known-clouds/index.ts";
import { formatFinding } from "../modules/common/findings/index.ts";
import { BadInput } from "../modules/common/input/index.ts";
import { today } from "../modules/common/today/index.ts";
import { WORKSPACE } from "../modules/common/toolkit/index.ts";
import { cdktfCall, noteInHistory, whoWorks } from "../modules/operations/history/index.ts";
import { packOf } from "../modules/operations/rules/index.ts";
import {
  inputOf,
  prepareStateFolder,
  stackFolder,
  withoutOverrides,
  writeLockFile,
} from "../modules/operations/working-folder/index.ts";
import { evaluate } from "../modules/policy/index.ts";
import {
  instanceFolder,
  instanceNames,
  type LoadedInstance,
  loadInstance,
} from "../modules/workspace/index.ts";
import { addStacks, jsonOf, renderStacks } from "./instance-stacks.ts";

const say = (line: string) => process.stderr.write(`${line}\n`);
const selected = process.env["POLDER_INSTANCE"];
const outdir = resolve(process.env["CDKTF_OUTDIR"] ?? "cdktf.out");

interface Sound {
  readonly loaded: LoadedInstance;
  readonly stacks: readonly TerraformStack[];
}

const app = new App({ outdir, skipValidation: true });

/** The instance with its stacks in the app; undefined when the instance is invalid, after reporting why. */
async function sound(name: string): Promise<Sound | undefined> {
  const before = app.node.children.length;
  // What is broken leaves nothing in the app.
  const leave = () => {
    for (const { node } of app.node.children.slice(before)) app.node.tryRemoveChild(node.id);
    return undefined;
  };
  try {
    const loaded = loadInstance(instanceFolder(WORKSPACE, name));
    const stacks = addStacks(app, loaded, { outdir });
    const expected = renderStacks(withoutOverrides(loaded), { outdir });
    const input = inputOf(loaded, jsonOf(stacks), expected);
    const findings = evaluate(input, today(), await packOf(loaded));
    const failed = findings.filter((f) => f.verdict === "fail");
    for (const finding of findings.filter((f) => f.warns))
      say(`${name}: ${formatFinding(finding)}`);
    for (const finding of failed) say(`${name}: ${formatFinding(finding)}`);
    return failed.length === 0 ? { loaded, stacks } : leave();
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    for (const line of error.message.split("\n")) say(line);
    return leave();
  }
}

const call = cdktfCall();
/** What changes the cloud, or forgets it, by cdktf: nobody reviews that, so the history says it. */
const DEPLOYS = ["deploy", "apply", "destroy"];
async function noteCdktf({ loaded, stacks: own }: Sound): Promise<void> {
  if (!call || !DEPLOYS.includes(call.verb)) return;
  const asked = own.map(({ node }) => node.id).filter((id) => call.stacks.includes(id));
  if (asked.length === 0 && !selected) return;
  const verb = [call.verb, ...asked].join(" ");
  await noteInHistory(loaded, { by: whoWorks(), event: { kind: "cdktf", verb } });
}

const names = selected ? [selected] : instanceNames(WORKSPACE);
const stacks: { readonly stack: TerraformStack; readonly provider: string }[] = [];
for (const name of names) {
  const found = await sound(name);
  if (!found) continue;
  const { loaded } = found;
  await noteCdktf(found);
  prepareStateFolder(loaded);
  const provider = providerOf(loaded.blueprint);
  for (const stack of found.stacks) stacks.push({ stack, provider });
  if (loaded.blueprint.addresses.state !== "allocated" && selected) {
    say(
      `${name}: only its addresses yet; deploy ${loaded.instance.name}-addresses, then \`polder addresses ${name}\``,
    );
  }
}
if (selected && stacks.length === 0) process.exitCode = 1;
else {
  app.synth();
  for (const { stack, provider } of stacks)
    writeLockFile(stackFolder(outdir, stack.node.id), provider);
}
