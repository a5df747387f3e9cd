import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { BadInput } from "../../common/input/index.ts";

/** What Terraform itself leaves and needs again: the provider, whose sums the lock file has, and where the state lies. */
const OWN = ".terraform";
const KEPT = ["providers", "terraform.tfstate"];

/** What Terraform prints goes there; it never reads them. */
const LOGS = ["plan.log", "apply.log"];

/** Removes all that isn't named; a link counts as what it isn't. */
function keepOnly(folder: string, names: readonly string[]): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!names.includes(name) || lstatSync(path).isSymbolicLink())
      rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Empties a folder in which Terraform will run of all that polder didn't write: Terraform merges every
 * `*_override.tf.json` that it finds, reads every `*.tf` and `*.auto.tfvars`, takes a workspace from
 * `.terraform/environment`, and a provider takes a `clouds.yaml` from where it runs.
 *
 * @param names of the files that polder wrote there
 */
export function sealFolder(folder: string, names: readonly string[]): void {
  if (!existsSync(folder)) return;
  keepOnly(folder, [...names, ...LOGS, OWN]);
  if (existsSync(join(folder, OWN))) keepOnly(join(folder, OWN), KEPT);
}

const importFile = z.strictObject({
  import: z.array(z.strictObject({ to: z.string().regex(/^\w+\.[\w-]+$/), id: z.string() })),
});
const unreadFile = z.strictObject({
  resource: z.record(
    z.string(),
    z.record(
      z.string(),
      z.strictObject({
        lifecycle: z.strictObject({ ignore_changes: z.array(z.string().regex(/^[a-z_]+$/)) }),
      }),
    ),
  ),
});

/**
 * Looks at the files of an import, which nothing makes anew at an apply: they may name what is imported and what of it
 * isn't compared, and nothing else that Terraform would do.
 *
 * @throws BadInput
 */
export function assertImportFiles(folder: string, importing: string, unread: string): void {
  for (const [name, schema] of [
    [importing, importFile],
    [unread, unreadFile],
  ] as const) {
    const file = join(folder, name);
    if (!existsSync(file)) continue;
    if (!schema.safeParse(JSON.parse(readFileSync(file, "utf8"))).success)
      throw new BadInput([{ file, message: "says more than what an import needs: plan again" }]);
  }
}
