import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { App, type TerraformStack, Testing } from "cdktf";
import { stacks as hetzner } from "../modules/clouds/hetzner/index.ts";
import { providerOf, providerSchema } from "../modules/clouds/known-clouds/index.ts";
import { stacks as openstack } from "../modules/clouds/openstack/index.ts";
import type { CloudStacks } from "../modules/clouds/stack/index.ts";
import type { StackOptions, Synthesis } from "../modules/operations/working-folder/index.ts";
import type { Blueprint } from "../modules/planning/blueprint/index.ts";
import type { TerraformJson } from "../modules/policy/index.ts";
import type { LoadedInstance } from "../modules/workspace/index.ts";
import { applyOverrides } from "./overrides.ts";

// Only errors that no instance file can cause name where a token was made, and to record that takes a tenth of a synth.
process.env["CDKTN_DISABLE_CREATION_STACK"] = "1";

/** The stacks of every cloud, by the name that instance files have for it. */
const STACKS: Readonly<Record<Blueprint["cloud"]["provider"], CloudStacks>> = {
  openstack,
  hetzner,
};

/**
 * Adds the stacks of one instance: the addresses always, the cluster once every public address that
 * it needs is allocated and recorded. What overrides.yaml changes is changed.
 *
 * @throws BadInput for an override of nothing, or of what the provider doesn't know.
 */
export function addStacks(
  app: App,
  loaded: LoadedInstance,
  options: StackOptions,
): TerraformStack[] {
  const { blueprint, folder } = loaded;
  const runsIn = join(options.outdir, "stacks", blueprint.instance);
  const props = {
    blueprint,
    stateFolder: options.stateFolder ?? relative(runsIn, join(folder, "state")),
    protect: options.protect ?? true,
  };
  const own = STACKS[blueprint.cloud.provider];
  const stacks: TerraformStack[] = [own.addresses(app, props)];
  if (blueprint.addresses.state === "allocated") stacks.push(own.cluster(app, props));
  // A cluster whose demand grew lacks addresses for its new hosts, but it stands and must go.
  else if (!props.protect) stacks.push(own.bare(app, blueprint.instance, props));
  // What is to be destroyed isn't changed before.
  if (props.protect) applyOverrides(stacks, loaded, providerSchema(providerOf(blueprint)));
  return stacks;
}

/** What stacks become, by their names. */
export const jsonOf = (stacks: readonly TerraformStack[]): Map<string, TerraformJson> =>
  new Map(
    stacks.map((stack) => [stack.node.id, JSON.parse(Testing.synth(stack)) as TerraformJson]),
  );

/** The Terraform JSON of an instance's stacks, without writing anything into the folder. */
export function renderStacks(
  loaded: LoadedInstance,
  options: StackOptions,
): Map<string, TerraformJson> {
  // The library makes the folder and none above it; whoever only reads an instance has built nothing yet.
  mkdirSync(options.outdir, { recursive: true });
  const app = new App({ outdir: options.outdir, skipValidation: true });
  return jsonOf(addStacks(app, loaded, options));
}

/** What plans are made with. */
export const synthesis: Synthesis = {
  write: (loaded, options) => {
    const app = new App({ outdir: options.outdir, skipValidation: true });
    const names = addStacks(app, loaded, options).map((stack) => stack.node.id);
    app.synth();
    return names;
  },
  render: renderStacks,
};
