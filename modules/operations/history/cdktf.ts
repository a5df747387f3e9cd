import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** A call of cdktf's own command. */
export interface CdktfCall {
  /** `deploy`, `destroy`, `diff`. */
  readonly verb: string;
  /** What stands behind it, options left out: the stacks. */
  readonly stacks: readonly string[];
}

/** Parents that are looked at: cdktf starts a shell, and that the app. */
const GENERATIONS = 6;

/** A process's arguments and its parent, as Linux tells them; undefined elsewhere. */
function processOf(id: number): { readonly words: string[]; readonly parent: number } | undefined {
  try {
    const words = readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0").filter(Boolean);
    const [, parent] = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${id}/status`, "utf8")) ?? [];
    return { words, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/**
 * The call of cdktf that started this process. cdktf doesn't tell its app what it was asked for, so the arguments of the
 * parents tell; where they can't be read, the next plan sees by the state's serial that something was deployed.
 */
export function cdktfCall(): CdktfCall | undefined {
  let id = process.ppid;
  for (let i = 0; i < GENERATIONS && id > 1; i++) {
    const found = processOf(id);
    if (!found) return undefined;
    const at = found.words.findIndex((word) => /^(cdktf|cdktn)(\.js)?$/.test(basename(word)));
    const [verb, ...rest] = found.words.slice(at + 1);
    if (at >= 0 && verb) return { verb, stacks: rest.filter((word) => !word.startsWith("-")) };
    id = found.parent;
  }
  return undefined;
}
