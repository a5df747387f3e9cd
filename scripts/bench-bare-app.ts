// An app that has its resources from the JSON of another, made by the same classes and by nothing of
// polder: what `cdktf synth` costs anybody. Part of scripts/bench-synth.ts.
//
//   BARE_FROM=<folder of stacks> CDKTF_OUTDIR=<folder> node --import tsx scripts/bench-bare-app.ts
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { App, LocalBackend, type TerraformElement, TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";

type Json = Readonly<Record<string, unknown>>;
type Kind = "resource" | "data";
type Made = new (
  scope: Construct,
  id: string,
  config: Json,
) => TerraformElement & { dependsOn?: string[] };
interface Stack {
  readonly provider: Readonly<Record<string, readonly Json[]>>;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly data?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly output?: Readonly<Record<string, Json>>;
  readonly terraform: { readonly backend: { readonly local: { readonly path: string } } };
}

const { BARE_FROM: from = "", CDKTF_OUTDIR: outdir = "" } = process.env;

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

/** Terraform's names as the classes have them, in blocks, too; what a map holds stays. */
const config = (json: Json): Json =>
  Object.fromEntries(
    Object.entries(json)
      .filter(([name]) => name !== "//")
      .map(([name, value]) => [
        camel(name),
        name === "lifecycle" ? config(value as Json) : inner(value),
      ]),
  );
const inner = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map((one) => (typeof one === "object" && one !== null ? config(one as Json) : one))
    : value;

async function classOf(provider: string, kind: Kind, type: string): Promise<Made> {
  const name = type === "provider" ? type : type.slice(provider.length + 1);
  const folder = `${kind === "data" ? `data-${provider}-` : ""}${name}`.replaceAll("_", "-");
  const module = (await import(`@cdktf/provider-${provider}/lib/${folder}`)) as Json;
  const found = Object.values(module).find(
    (one) =>
      (one as { tfResourceType?: string }).tfResourceType ===
      (type === "provider" ? provider : type),
  );
  if (!found) throw new Error(`${folder} has no class for ${type}`);
  return found as Made;
}

const app = new App({ outdir, skipValidation: true });
for (const name of readdirSync(from)) {
  const json = JSON.parse(readFileSync(join(from, name, "cdk.tf.json"), "utf8")) as Stack;
  const stack = new TerraformStack(app, name);
  new LocalBackend(stack, json.terraform.backend.local);
  const [provider = ""] = Object.keys(json.provider);
  const Provider = await classOf(provider, "resource", "provider");
  for (const one of json.provider[provider] ?? []) new Provider(stack, "provider", config(one));
  for (const kind of ["data", "resource"] as const)
    for (const [type, all] of Object.entries(json[kind] ?? {})) {
      const Made = await classOf(provider, kind, type);
      for (const [id, one] of Object.entries(all)) {
        const { depends_on: others, ...rest } = one;
        const made = new Made(stack, `${type}-${id}`, config(rest));
        made.overrideLogicalId(id);
        // Written by address here, so given as it is.
        if (others) made.dependsOn = others as string[];
      }
    }
  for (const [id, one] of Object.entries(json.output ?? {}))
    new TerraformOutput(stack, id, config(one) as { value: unknown }).overrideLogicalId(id);
}
app.synth();
