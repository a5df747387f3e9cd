import type { Blueprint, Host } from "../blueprint/index.ts";
import type { TreePart } from "../tree/index.ts";

/** What every host gets, whatever its role. */
export function basePart(_blueprint: Blueprint, _host: Host): TreePart {
  return {};
}
