import type { Blueprint, JitsiPackageName } from "../../planning/blueprint/index.ts";
import type { Unpacked } from "../configuration/index.ts";

/** Where packages are unpacked, each into a folder of its name and version: docs/decisions/0024. */
const ROOT = "/opt/polder";

/** @throws Error for an instance without Jitsi's packages: whoever asks must have looked. */
export function unpacked({ jitsi }: Blueprint, name: JitsiPackageName): Unpacked {
  const found = jitsi?.find((one) => one.name === name);
  if (!found) throw new Error(`${name} isn't pinned`);
  return { ...found, folder: `${ROOT}/${name}_${found.version}` };
}
