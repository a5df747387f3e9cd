import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { providerOf, providerSchema } from "../../clouds/known-clouds/index.ts";
import { BadInput } from "../../common/input/index.ts";
import { buildFolder, TOOLKIT } from "../../common/toolkit/index.ts";
import type { PlanJson, PolicyInput, TerraformJson } from "../../policy/index.ts";
import { INSTANCE_FILE, type LoadedInstance } from "../../workspace/index.ts";

/** Where Terraform runs for a stack. */
export const stackFolder = (outdir: string, stack: string): string => join(outdir, "stacks", stack);

/** `import` blocks of what the cloud holds and the plan would make, in a stack's folder. */
export const IMPORT_FILE = "adopt.tf.json";
/** Beside a stack's document: what the plan of an import must not compare. Terraform merges it. */
export const UNREAD_FILE = "adopt_override.tf.json";

export interface StackOptions {
  /** Folder that the app writes to; Terraform runs in `<outdir>/stacks/<stack>`. */
  readonly outdir: string;
  /** @default true */
  readonly protect?: boolean;
}

/** What makes Terraform JSON of an instance: handed in, since constructs are known in stacks/ and the clouds alone. */
export interface Synthesis {
  /** Writes an instance's stacks; gives their names in the order in which they are applied. */
  readonly write: (loaded: LoadedInstance, options: StackOptions) => string[];
  /** The same by the stacks' names, without writing anything. */
  readonly render: (
    loaded: LoadedInstance,
    options: StackOptions,
  ) => ReadonlyMap<string, TerraformJson>;
}

/** Local state lies in the instance's folder; nobody else may read it, whatever the umask. */
export function prepareStateFolder(loaded: LoadedInstance): void {
  if (loaded.instance.state.backend !== "local") return;
  const folder = join(loaded.folder, "state");
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
}

/**
 * Marks the build folder as this instance's: names are one in a working copy, since they name what
 * is built.
 *
 * @throws BadInput when another folder's instance of the same name was built here.
 */
function claimBuildFolder(loaded: LoadedInstance): void {
  const { instance } = loaded.blueprint;
  const mark = join(buildFolder(instance), "instance-folder");
  const owner = existsSync(mark) ? readFileSync(mark, "utf8") : loaded.folder;
  if (owner !== loaded.folder && existsSync(owner)) {
    throw new BadInput([
      {
        file: join(loaded.folder, INSTANCE_FILE),
        message: `two instances are named "${instance}", the other is ${owner}: rename one`,
      },
    ]);
  }
  mkdirSync(buildFolder(instance), { recursive: true });
  writeFileSync(mark, loaded.folder);
}

/**
 * Puts the pinned provider's sums into a stack's folder, under the registry's name of the engine.
 * One provider's alone: the engine would drop another's, which a read-only lock file forbids.
 *
 * @param provider its folder in providers/
 */
export function writeLockFile(folder: string, provider: string): void {
  const text = readFileSync(join(TOOLKIT, "providers", provider, "terraform.lock.hcl"), "utf8");
  const tofu = (process.env["TERRAFORM_BINARY_NAME"] ?? "terraform").endsWith("tofu");
  writeFileSync(
    join(folder, ".terraform.lock.hcl"),
    tofu ? text.replaceAll("registry.terraform.io", "registry.opentofu.org") : text,
  );
}

/**
 * Synthesises an instance's stacks into its build folder, ready for Terraform.
 *
 * @returns the stacks' names in the order in which they are applied.
 */
export function writeStacks(
  loaded: LoadedInstance,
  options: StackOptions,
  synthesis: Synthesis,
): string[] {
  claimBuildFolder(loaded);
  rmSync(join(options.outdir, "manifest.json"), { force: true });
  const names = synthesis.write(loaded, options);
  for (const name of names) {
    for (const file of [IMPORT_FILE, UNREAD_FILE])
      rmSync(join(stackFolder(options.outdir, name), file), { force: true });
    writeLockFile(stackFolder(options.outdir, name), providerOf(loaded.blueprint));
  }
  prepareStateFolder(loaded);
  return names;
}

/** What the policy evaluates: the Blueprint and the JSON that follows from it, plans where there are. */
export function policyInput(
  loaded: LoadedInstance,
  options: StackOptions,
  synthesis: Synthesis,
  plans?: ReadonlyMap<string, PlanJson>,
): PolicyInput {
  return { ...inputOf(loaded, synthesis.render(loaded, options)), ...(plans && { plans }) };
}

/** The same from stacks that are made already. */
export const inputOf = (
  { blueprint }: LoadedInstance,
  stacks: PolicyInput["stacks"],
): PolicyInput => ({
  blueprint,
  stacks,
  schema: providerSchema(providerOf(blueprint)),
});
