import { join } from "node:path";
import { identityFile, LAB_USER } from "../modules/secrets/vaults/index.ts";
import type { LoadedInstance } from "../modules/workspace/index.ts";
import { testbed } from "./testbed.ts";

/** The file with the person's age identity that opens an instance's vaults. */
export function identityFor(
  loaded: LoadedInstance,
  named?: string,
): { readonly identityFile: string } {
  const ofLab =
    loaded.instance.residency === "lab" ? join(testbed.people, `${LAB_USER}.age`) : undefined;
  return { identityFile: identityFile(named, ofLab) };
}
