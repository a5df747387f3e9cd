import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { providerOf, providerSchema } from "../../clouds/known-clouds/index.ts";
import { BadInput } from "../../common/input/index.ts";
import { buildFolder, TOOLKIT } from "../../common/toolkit/index.ts";
import type { JitsiFragments } from "../../hosts/configuration/index.ts";
import { renderAll } from "../../hosts/render/index.ts";
import type { PlanJson, PolicyInput, TerraformJson } from "../../policy/index.ts";
import {
  INSTANCE_FILE,
  type LoadedInstance,
  loadJitsiReleases,
  loadPrograms,
} from "../../workspace/index.ts";
import { assertImportFiles, sealFolder } from "./seal.ts";

/** Where Terraform runs for a stack. */
export const stackFolder = (outdir: string, stack: string): string => join(outdir, "stacks", stack);

/** A stack's document, as synthesis writes it and Terraform reads it. */
const DOCUMENT = "cdk.tf.json";
const LOCK_FILE = ".terraform.lock.hcl";

/** `import` blocks of what the cloud holds and the plan would make, in a stack's folder. */
export const IMPORT_FILE = "import.tf.json";
/** Beside a stack's document: what the plan of an import must not compare. Terraform merges it. */
export const UNREAD_FILE = "import_override.tf.json";

export interface StackOptions {
  /** Folder that the app writes to; Terraform runs in `<outdir>/stacks/<stack>`. */
  readonly outdir: string;
  /** @default true */
  readonly protect?: boolean;
  /**
   * Where the state lies from where Terraform runs, for documents that were made elsewhere.
   *
   * @default - from `outdir` to the instance's folder
   */
  readonly stateFolder?: string;
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

/** What a use case is handed by whoever composes the command: what modules may not know themselves. */
export interface Composition {
  readonly synthesis: Synthesis;
  /** In the places of Jitsi's programs, for an instance of profile `lab` without their packages. */
  readonly standIns: JitsiFragments;
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
    join(folder, LOCK_FILE),
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
  const stacks = join(options.outdir, "stacks");
  for (const name of existsSync(stacks) ? readdirSync(stacks) : [])
    sealFolder(stackFolder(options.outdir, name), []);
  const names = synthesis.write(loaded, options);
  for (const name of names)
    writeLockFile(stackFolder(options.outdir, name), providerOf(loaded.blueprint));
  prepareStateFolder(loaded);
  return names;
}

/**
 * Makes the stacks' folders ready for the apply of a plan that was made before, maybe elsewhere: what they must not hold
 * goes, and the pinned provider's sums come, which a plan from elsewhere doesn't bring.
 *
 * @throws BadInput when a document isn't the one that the instance's files make
 */
export function prepareToApply(
  loaded: LoadedInstance,
  stacks: readonly string[],
  options: StackOptions,
  synthesis: Synthesis,
): void {
  const made = synthesis.render(loaded, options);
  for (const stack of stacks) {
    const folder = stackFolder(options.outdir, stack);
    sealFolder(folder, [DOCUMENT, IMPORT_FILE, UNREAD_FILE]);
    assertImportFiles(folder, IMPORT_FILE, UNREAD_FILE);
    writeLockFile(folder, providerOf(loaded.blueprint));
    const wanted = made.get(stack);
    if (!wanted || !isDeepStrictEqual(bare(readDocument(folder)), bare(wanted))) {
      const message = "isn't what polder makes of the instance's files: plan again";
      throw new BadInput([{ file: join(folder, DOCUMENT), message }]);
    }
  }
}

const readDocument = (folder: string): TerraformJson =>
  JSON.parse(readFileSync(join(folder, DOCUMENT), "utf8")) as TerraformJson;

/** Without the remarks that cdktf writes beside what it makes, and Terraform leaves unread. */
const bare = (document: TerraformJson): unknown =>
  JSON.parse(JSON.stringify(document), (key, value) => (key === "//" ? undefined : value));

/** What the policy evaluates before an apply: the Blueprint, the very documents that Terraform reads, and its plans. */
export const writtenInput = (
  loaded: LoadedInstance,
  options: StackOptions,
  { synthesis, standIns }: Composition,
  plans: ReadonlyMap<string, PlanJson>,
): PolicyInput => ({
  ...inputOf(
    loaded,
    new Map(
      [...plans.keys()].map((name) => [name, readDocument(stackFolder(options.outdir, name))]),
    ),
    expectedOf(loaded, options, synthesis),
  ),
  plans,
  ...renderedHosts(loaded, standIns),
});

/** What the policy evaluates where nothing is written: the Blueprint and the JSON that follows from it. */
export const policyInput = (
  loaded: LoadedInstance,
  options: StackOptions,
  { synthesis, standIns }: Composition,
): PolicyInput => ({
  ...inputOf(loaded, synthesis.render(loaded, options), expectedOf(loaded, options, synthesis)),
  ...renderedHosts(loaded, standIns),
});

/** The stacks made anew, as they are when nobody changes an inner resource. */
export const expectedOf = (loaded: LoadedInstance, options: StackOptions, synthesis: Synthesis) =>
  synthesis.render(withoutOverrides(loaded), options);

/** Every host's files; none where Jitsi isn't pinned. */
export function renderedHosts(
  { blueprint }: LoadedInstance,
  standIns: JitsiFragments,
): Pick<PolicyInput, "hosts"> {
  try {
    return { hosts: renderAll(blueprint, loadPrograms(), standIns) };
  } catch (error) {
    if (error instanceof BadInput) return {};
    throw error;
  }
}

/** The instance as its stacks are when nobody changes an inner resource. */
export const withoutOverrides = ({ overrides: _, ...loaded }: LoadedInstance): LoadedInstance =>
  loaded;

/**
 * The same from stacks that are made already.
 *
 * @param expected the stacks made anew, without overrides
 */
export const inputOf = (
  { blueprint }: LoadedInstance,
  stacks: PolicyInput["stacks"],
  expected: PolicyInput["expected"],
): PolicyInput => ({
  blueprint,
  stacks,
  expected,
  jitsiReleases: loadJitsiReleases(),
  schema: providerSchema(providerOf(blueprint)),
});

/** Where documents that somebody else made have their state: a path on another machine, which `state-outside-output` reads. */
export function stateFolderIn(documents: ReadonlyMap<string, TerraformJson>): string | undefined {
  for (const json of documents.values()) {
    const { terraform } = json as { terraform?: { backend?: { local?: { path?: unknown } } } };
    const path = terraform?.backend?.local?.path;
    if (typeof path === "string") return dirname(path);
  }
  return undefined;
}
