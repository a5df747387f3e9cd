import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Terraform, TerraformFailure } from "../../clouds/terraform/index.ts";

/** Copies of the plan files, which nobody changes between the look at them and the apply. */
export interface Reviewed {
  readonly fileOf: (stack: string) => string;
  readonly forget: () => void;
}

/**
 * Compares each plan file with the JSON that the policy evaluates and a person reads: the file alone says what is done.
 *
 * @param folder of the plan
 * @throws TerraformFailure for a file that does something else, or keeps its state elsewhere
 */
export async function reviewedFiles(
  folder: string,
  engines: ReadonlyMap<string, Terraform>,
): Promise<Reviewed> {
  const own = mkdtempSync(join(tmpdir(), "polder-apply-"));
  const forget = () => rmSync(own, { recursive: true, force: true });
  const fileOf = (stack: string) => join(own, `${stack}.tfplan`);
  try {
    for (const [stack, terraform] of engines) {
      const name = `${stack}.tfplan`;
      copyFileSync(join(folder, name), fileOf(stack));
      const refuse = (what: string): never => {
        throw new TerraformFailure(
          `${name}: ${what}: it isn't what was reviewed; nothing was applied, plan again and find out who changed it`,
        );
      };
      const shown = JSON.stringify(await terraform.show(fileOf(stack)));
      if (shown !== readFileSync(join(folder, `${stack}.json`), "utf8"))
        refuse(`does something else than ${stack}.json says`);
      if (!terraform.keepsStateHere(fileOf(stack))) refuse("keeps its state elsewhere");
    }
    return { fileOf, forget };
  } catch (error) {
    forget();
    throw error;
  }
}
