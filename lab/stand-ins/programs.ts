import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Programs } from "../../modules/hosts/configuration/index.ts";

let programs: Programs | undefined;

/** The stand-ins' own programs by their path below this folder; read once, when a host is rendered. */
export function standInPrograms(): Programs {
  const paths = ["programs/bridge.py", "programs/focus.py"];
  programs ??= new Map(
    paths.map((path) => [path, readFileSync(join(import.meta.dirname, path), "utf8")]),
  );
  return programs;
}
