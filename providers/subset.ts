/**
 * Cuts a provider's real schema down to the types that polder uses.
 *
 *   node --import tsx providers/subset.ts [--check] [NAME [PROVIDER_BINARY]]
 *
 * Writes providers/<name>/schema.json, of all providers unless one is named; with --check it compares
 * and writes nothing (exit 1 if they differ). The binary defaults to the one that providers/build.sh
 * put into the mirror.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import {
  mirrorBinary,
  PROVIDER_NAMES,
  type Provider,
  ROOT,
  readProvider,
  runAsProgram,
} from "./provider.ts";

/** What `terraform providers schema -json` prints, as far as this file looks into it. */
export interface SchemaDocument {
  readonly format_version: string;
  readonly provider_schemas: Readonly<Record<string, ProviderPart>>;
}

interface ProviderPart {
  readonly provider: unknown;
  readonly resource_schemas: Readonly<Record<string, unknown>>;
  readonly data_source_schemas: Readonly<Record<string, unknown>>;
}

/**
 * The provider's configuration block and the listed types of a full schema, every object with
 * sorted keys, so that the same provider always gives the same bytes.
 *
 * @throws Error if the schema is of another provider or lacks a listed type.
 */
export function subsetOf(full: SchemaDocument, provider: Provider): SchemaDocument {
  const fqn = `registry.terraform.io/${provider.source}`;
  const part = full.provider_schemas[fqn];
  if (part === undefined) {
    const got = Object.keys(full.provider_schemas).join(", ") || "none";
    throw new Error(`no schema of ${fqn} (got: ${got})`);
  }
  return sorted({
    format_version: full.format_version,
    provider_schemas: {
      [fqn]: {
        provider: part.provider,
        resource_schemas: pick(part.resource_schemas, provider.resources, "resource"),
        data_source_schemas: pick(part.data_source_schemas, provider.dataSources, "data source"),
      },
    },
  }) as SchemaDocument;
}

/** The bytes of schema.json. */
export function renderSchema(schema: SchemaDocument): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function pick(
  from: Readonly<Record<string, unknown>>,
  types: readonly string[],
  kind: string,
): Record<string, unknown> {
  return Object.fromEntries(
    types.map((type) => {
      if (!Object.hasOwn(from, type)) throw new Error(`the provider has no ${kind} ${type}`);
      return [type, from[type]];
    }),
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** Asks a provider binary for its schema, with Terraform but without init, mirror or network. */
export function readFullSchema(provider: Provider, binary: string): SchemaDocument {
  const work = mkdtempSync(join(tmpdir(), "polder-schema-"));
  try {
    symlinkSync(resolve(binary), join(work, `terraform-provider-${provider.name}`));
    const rc = join(work, "terraform.rc");
    writeFileSync(
      rc,
      `provider_installation {\n  dev_overrides { "${provider.source}" = "${work}" }\n}\n`,
    );
    const required = { [provider.name]: { source: provider.source } };
    writeFileSync(
      join(work, "main.tf.json"),
      JSON.stringify({ terraform: { required_providers: required } }),
    );
    const json = execFileSync("terraform", ["providers", "schema", "-json"], {
      cwd: work,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, TF_CLI_CONFIG_FILE: rc, CHECKPOINT_DISABLE: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return JSON.parse(json) as SchemaDocument;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new Error("terraform is not on the PATH: install it, it reads the provider's schema");
    }
    throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function cut(provider: Provider, given: string | undefined, check: boolean): void {
  const binary = given ?? mirrorBinary(provider);
  if (!existsSync(binary))
    throw new Error(`no provider at ${binary}: run providers/build.sh first`);
  const text = renderSchema(subsetOf(readFullSchema(provider, binary), provider));
  const name = relative(ROOT, provider.schemaFile);
  if (check) {
    if (readFileSync(provider.schemaFile, "utf8") === text) {
      process.stdout.write(`${name} is what the provider says\n`);
      return;
    }
    throw new Error(
      `${name} is not what the provider says: run \`make schema\` and review the diff`,
    );
  }
  writeFileSync(`${provider.schemaFile}.tmp`, text);
  renameSync(`${provider.schemaFile}.tmp`, provider.schemaFile);
  const counts = `${provider.resources.length} resources, ${provider.dataSources.length} data sources`;
  process.stdout.write(`wrote ${name}: ${counts}\n`);
}

await runAsProgram(import.meta.filename, (args) => {
  const [name, binary] = args.filter((arg) => !arg.startsWith("-"));
  for (const one of name ? [name] : PROVIDER_NAMES)
    cut(readProvider(one), binary, args.includes("--check"));
});
