import type { Blueprint, Host } from "../blueprint/index.ts";
import type { TreePart } from "../tree/index.ts";

/** What a host gets for its turn service. */
export function turnPart(_blueprint: Blueprint, _host: Host): TreePart {
  return {};
}
