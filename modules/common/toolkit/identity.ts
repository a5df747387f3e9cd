import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TOOLKIT, WORKSPACE } from "./folders.ts";

/** The toolkit's version, as package.json has it. */
export const VERSION: string = JSON.parse(
  readFileSync(join(TOOLKIT, "package.json"), "utf8"),
).version;

/** Which toolkit did something. */
export interface ToolkitIdentity {
  readonly version: string;
  /** Of the checkout, with `-dirty` where it holds changes; null for an installed package. */
  readonly commit: string | null;
  /** SHA-256 over all of the compiled command: its rules, too. */
  readonly code: string;
}

/** The parts of the compiled command that its entry leads to: older ones may lie beside them. */
function partsOf(entry: string): string[] {
  const found = new Set<string>();
  const follow = (name: string): void => {
    if (found.has(name) || !existsSync(join(TOOLKIT, "dist", name))) return;
    found.add(name);
    const text = readFileSync(join(TOOLKIT, "dist", name), "utf8");
    for (const [, part = ""] of text.matchAll(/["']\.\/([\w.-]+\.mjs)["']/g)) follow(part);
  };
  follow(entry);
  return [...found].sort();
}

let known: ToolkitIdentity | undefined;

/** Which toolkit this is; made once a process. */
export function toolkitIdentity(): ToolkitIdentity {
  if (known) return known;
  const code = createHash("sha256");
  // An instance's own rules are evaluated by a program of its own.
  for (const part of [...partsOf("polder.mjs"), ...partsOf("own-rule.mjs")])
    code.update(`${part}\0`).update(readFileSync(join(TOOLKIT, "dist", part)));
  const git =
    TOOLKIT === WORKSPACE &&
    spawnSync("git", ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], {
      cwd: TOOLKIT,
      encoding: "utf8",
    });
  const commit = git && git.status === 0 ? git.stdout.trim() : null;
  known = { version: VERSION, commit, code: code.digest("hex") };
  return known;
}
