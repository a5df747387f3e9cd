/**
 * Makes the TypeScript bindings of every provider from its committed schema subset:
 *
 *   node --import tsx providers/generate.ts
 *
 * schema.json → TypeScript (the CDK's own generator) → CommonJS and declarations in
 * providers/<name>/lib/<type>/index.{js,d.ts}. Needs neither terraform nor network. The result is
 * made in a temporary folder and swapped in whole, so an interrupted run leaves the last good one.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { type Provider, ROOT, readProviders, runAsProgram } from "./provider.ts";

/** Writes the generator's TypeScript to `<outdir>/<type>/index.ts` and returns the file names. */
async function generateSources(provider: Provider, outdir: string): Promise<string[]> {
  // Importing the generator starts `terraform version` and asks a server for news. Bindings need
  // neither, and must not differ on a machine without terraform.
  process.env["CHECKPOINT_DISABLE"] = "1";
  process.env["TERRAFORM_BINARY_NAME"] = "true";
  const { CodeMaker, TerraformProviderConstraint, TerraformProviderGenerator } = await import(
    "@cdktn/provider-generator"
  );
  const { ConstructsMakerProviderTarget, Language } = await import("@cdktn/commons");

  const schema = JSON.parse(readFileSync(provider.schemaFile, "utf8"));
  const fqn = `registry.terraform.io/${provider.source}`;
  // The synthesised required_providers takes its version from here, not from the constraint.
  schema.provider_versions = { [fqn]: provider.version };
  const generator = new TerraformProviderGenerator(new CodeMaker(), schema);
  generator.generate(
    new ConstructsMakerProviderTarget(
      new TerraformProviderConstraint({
        name: provider.name,
        source: provider.source,
        version: provider.version,
      }),
      Language.TYPESCRIPT,
    ),
  );
  await generator.save(outdir);

  const sources = join(outdir, "providers", provider.name);
  // Not the two barrels on the top: they would load every type for the sake of one.
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && dirname(name) !== ".")
    .map((name) => join(sources, name));
  for (const file of files) writeFileSync(file, importFromCdktf(readFileSync(file, "utf8")));
  return files;
}

/** The 0.24 generator writes `cdktn`; polder and its version 0.21 both call the library `cdktf`. */
export function importFromCdktf(source: string): string {
  return source
    .replaceAll("import * as cdktn from 'cdktn';", "import * as cdktf from 'cdktf';")
    .replaceAll(/\bcdktn\./g, "cdktf.");
}

function compile(files: readonly string[], rootDir: string, outDir: string): void {
  const program = ts.createProgram({
    rootNames: [...files],
    options: {
      rootDir,
      outDir,
      declaration: true,
      module: ts.ModuleKind.CommonJS,
      moduleResolution: ts.ModuleResolutionKind.Node10,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      skipLibCheck: true,
      types: [],
      removeComments: false,
    },
  });
  const emitted = program.emit();
  const [first, ...more] = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics];
  if (first === undefined) return;
  const message = ts.flattenDiagnosticMessageText(first.messageText, " ");
  const where = first.file === undefined ? "" : `${relative(rootDir, first.file.fileName)}: `;
  throw new Error(`the bindings don't compile: ${where}${message} (${more.length} more)`);
}

/** Puts `fresh` where `target` is: two renames, so that there is never half a folder. */
function swap(fresh: string, target: string, old: string): void {
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
}

await runAsProgram(import.meta.filename, async () => {
  const start = performance.now();
  const providers = readProviders();
  mkdirSync(join(ROOT, "build"), { recursive: true });
  // Inside the checkout: node_modules is found from here, and a rename stays on one file system.
  const work = mkdtempSync(join(ROOT, "build", "bindings-"));
  try {
    const files: string[] = [];
    for (const provider of providers)
      files.push(...(await generateSources(provider, join(work, "src"))));
    // All at once: the types that they stand on are read once.
    const out = join(work, "lib");
    compile(files, join(work, "src", "providers"), out);
    for (const { name, folder } of providers)
      swap(join(out, name), join(folder, "lib"), join(work, `old-${name}`));
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const names = providers.map(({ name }) => name).join(", ");
    process.stdout.write(`wrote ${files.length} bindings of ${names} in ${seconds} s\n`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
