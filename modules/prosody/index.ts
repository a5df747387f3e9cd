import type { Blueprint, Host } from "../blueprint/index.ts";
import type { TreePart } from "../tree/index.ts";

/** What a host gets for its prosody service. */
export function prosodyPart(_blueprint: Blueprint, _host: Host): TreePart {
  return {};
}
