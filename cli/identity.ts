import { join } from "node:path";
import { defaultFolder } from "../lab/cloud/index.ts";
import { identityFile, LAB_USER } from "../modules/secrets/vaults/index.ts";
import type { LoadedInstance } from "../modules/workspace/index.ts";

/** Where the lab keeps the keys of its own admin. */
export const labPeople = (): string => join(defaultFolder(), "people");

/** The file with the person's age identity that opens an instance's vaults. */
export function identityFor(
  loaded: LoadedInstance,
  named?: string,
): { readonly identityFile: string } {
  const ofLab =
    loaded.instance.residency === "lab" ? join(labPeople(), `${LAB_USER}.age`) : undefined;
  return { identityFile: identityFile(named, ofLab) };
}
