import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cloud, ImportBlock } from "../../clouds/cloud/index.ts";
import type { Terraform } from "../../clouds/terraform/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import { UNREAD_FILE } from "../working-folder/index.ts";

interface Document {
  readonly resource: Readonly<
    Record<
      string,
      Readonly<
        Record<string, { readonly lifecycle?: { readonly ignore_changes?: readonly string[] } }>
      >
    >
  >;
}

/**
 * Lets a plan that imports a resource ignore the arguments that the provider's import doesn't read: it would
 * replace the resource by an equal one.
 *
 * @param folder the stack's
 */
export function ignoreUnread(
  { imported = {} }: Cloud,
  folder: string,
  blocks: readonly ImportBlock[],
): void {
  const document = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as Document;
  const resource: Record<string, Record<string, unknown>> = {};
  for (const { to } of blocks) {
    const [type = "", name = ""] = to.split(".");
    const unread = imported[type]?.unread;
    if (!unread) continue;
    const ignored = document.resource[type]?.[name]?.lifecycle?.ignore_changes ?? [];
    resource[type] = {
      ...resource[type],
      [name]: { lifecycle: { ignore_changes: [...ignored, ...unread] } },
    };
  }
  if (Object.keys(resource).length > 0)
    writeFileSync(join(folder, UNREAD_FILE), JSON.stringify({ resource }, null, 2));
}

/**
 * Writes into the state what an import left out, from the cloud's data. Without it the next plan would
 * replace the imported resource.
 *
 * @returns whether anything was missing
 * @throws TerraformFailure, ExternalFailure
 */
export async function completeImported(
  blueprint: Blueprint,
  { imported = {} }: Cloud,
  terraform: Terraform,
): Promise<boolean> {
  let lacked = false;
  for (const [type, { lacks, complete }] of Object.entries(imported)) {
    if (!(await terraform.attributesOf(type)).some(lacks)) continue;
    const whole = await complete(blueprint);
    await terraform.amend(type, (one) => (lacks(one) ? whole(one) : one));
    lacked = true;
  }
  return lacked;
}
