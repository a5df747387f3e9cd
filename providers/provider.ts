import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "js-yaml";
import { z } from "zod";

/** The folder of this file; every path below is taken from it, never from the caller's folder. */
export const PROVIDERS_FOLDER = dirname(fileURLToPath(import.meta.url));
/** The root of the checkout. `build/` in it is ignored by git. */
export const ROOT = dirname(PROVIDERS_FOLDER);

const Types = z.strictObject({
  source: z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  "version-variable": z.string(),
  resources: z.array(z.string()).min(1),
  "data-sources": z.array(z.string()),
});

/** What `providers/<name>/types.yaml` says, with the paths that follow from the name. */
export interface Provider {
  /** Short name, as Terraform uses it: `openstack`. */
  readonly name: string;
  /** Source without a host, so that Terraform and OpenTofu each ask their own registry. */
  readonly source: string;
  /** Exact version, without the v. */
  readonly version: string;
  /** Resource types to keep, e.g. `openstack_compute_instance_v2`. */
  readonly resources: readonly string[];
  /** Data source types to keep. */
  readonly dataSources: readonly string[];
  /** `providers/<name>`. */
  readonly folder: string;
  /** The committed subset of the provider's schema. */
  readonly schemaFile: string;
  /** The sums of our builds. */
  readonly lockFile: string;
}

/**
 * Reads `providers/<name>/types.yaml`.
 *
 * @throws Error with one line that names the file and the field that is wrong.
 */
export function readProvider(name: string): Provider {
  const folder = join(PROVIDERS_FOLDER, name);
  const file = join(folder, "types.yaml");
  const parsed = Types.safeParse(load(readFileSync(file, "utf8")));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${file}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { source, version, resources } = parsed.data;
  return {
    name,
    source,
    version,
    resources,
    dataSources: parsed.data["data-sources"],
    folder,
    schemaFile: join(folder, "schema.json"),
    lockFile: join(folder, "terraform.lock.hcl"),
  };
}

/** Names of all providers: the folders here that have a types.yaml. */
export const PROVIDER_NAMES: readonly string[] = readdirSync(PROVIDERS_FOLDER)
  .filter((name) => existsSync(join(PROVIDERS_FOLDER, name, "types.yaml")))
  .sort();

/** All providers. @throws Error for a types.yaml that is wrong. */
export const readProviders = (): Provider[] => PROVIDER_NAMES.map(readProvider);

/** Terraform's name for this machine, e.g. `linux_amd64`. */
export function platform(): string {
  return `${process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;
}

/** Where `providers/build.sh` puts the filesystem mirror by default. */
export const MIRROR_FOLDER = join(ROOT, "build", "provider-mirror");

/** The provider's binary in a filesystem mirror, whether it is there or not. */
export function mirrorBinary(provider: Provider, mirror: string = MIRROR_FOLDER): string {
  const name = `terraform-provider-${provider.name}_v${provider.version}`;
  const folder = join(mirror, "registry.terraform.io", provider.source, provider.version);
  return join(folder, platform(), name);
}

/**
 * Runs `main` when its file was started as a program (not when a test imports it) and turns an
 * error into one line and exit code 1.
 */
export async function runAsProgram(
  file: string,
  main: (args: readonly string[]) => Promise<void> | void,
): Promise<void> {
  const started = process.argv[1];
  if (started === undefined || realpathSync(started) !== realpathSync(file)) return;
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
