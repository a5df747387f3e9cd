import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { Problem } from "../../common/input/index.ts";
import { toolkitIdentity } from "../../common/toolkit/index.ts";
import { type LoadedInstance, shown } from "../../workspace/index.ts";
import { noteApplied, readApplied } from "../working-folder/index.ts";
import { type Event, type Line, lineSchema } from "./line.ts";

/** Folder of an instance's history, in its own folder. */
export const historyFolder = (folder: string): string => join(folder, "history");
/** The lines, one a line; the files are in a folder beside it, each under its own sum. */
const LOG = "log.jsonl";
const FILES = "files";

/** What stands before the first line. */
const NOTHING = "0".repeat(64);

const sumOf = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");

/** ms between two tries to be the one who writes, and how many tries. */
const LOCK = { wait: 50, tries: 200 } as const;

/** Who is at work: POLDER_USER, else the name at this machine. Nothing proves it; an approval is signed. */
export const whoWorks = (named?: string): string =>
  named ?? (process.env["POLDER_USER"] || userInfo().username);

const linesIn = (text: string): string[] =>
  text === "" ? [] : text.replace(/\n$/, "").split("\n");

function textOf(folder: string): string {
  const file = join(historyFolder(folder), LOG);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** What is noted. */
export interface Note {
  readonly by: string;
  readonly event: Event;
  /** Text of each file that belongs to it, by its name. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Adds a line to an instance's history, behind whatever stands there: also behind a line that was changed, which stays to
 * be found. The sum of the new line is written beside the state, so that one that is cut off the end is missed.
 *
 * @throws ExternalFailure when another process holds the history for ten seconds
 */
export async function noteInHistory(loaded: LoadedInstance, note: Note): Promise<void> {
  const home = historyFolder(loaded.folder);
  mkdirSync(join(home, FILES), { recursive: true });
  const lock = join(home, ".lock");
  for (let tries = 0; !claim(lock); tries++) {
    if (tries >= LOCK.tries)
      throw new ExternalFailure(
        `${shown(lock)}: another polder is writing the history; if none is, remove this folder`,
      );
    await sleep(LOCK.wait);
  }
  try {
    const files: Record<string, string> = {};
    for (const [name, text] of Object.entries(note.files ?? {})) {
      const sum = sumOf(text);
      files[name] = sum;
      const file = join(home, FILES, sum);
      if (!existsSync(file)) writeFileSync(file, text, { mode: 0o644 });
    }
    const text = textOf(loaded.folder);
    const before = linesIn(text);
    const line: Line = {
      number: before.length + 1,
      at: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
      by: note.by,
      toolkit: toolkitIdentity(),
      event: note.event,
      files,
      previous: before.length > 0 ? sumOf(before.at(-1) ?? "") : NOTHING,
    };
    const written = JSON.stringify(line);
    const whole = text === "" || text.endsWith("\n") ? "" : "\n";
    appendFileSync(join(home, LOG), `${whole}${written}\n`, { mode: 0o644 });
    noteApplied(loaded, { history: sumOf(written) });
  } finally {
    rmdirSync(lock);
  }
}

function claim(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** An instance's history, and what isn't as it was written. */
export interface History {
  readonly lines: readonly Line[];
  readonly problems: readonly Problem[];
  /** SHA-256 of the last line. */
  readonly head: string;
}

function parsed(text: string): Line | undefined {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Reads an instance's history, and looks at every line and every file of it. */
export function readHistory(loaded: LoadedInstance): History {
  const home = historyFolder(loaded.folder);
  const file = shown(join(home, LOG));
  const problems: Problem[] = [];
  const text = textOf(loaded.folder);
  const raw = linesIn(text);
  const lines: Line[] = [];
  const sums = new Set<string>();
  let previous = NOTHING;
  raw.forEach((one, i) => {
    const refuse = (message: string) =>
      problems.push({ file, at: { line: i + 1, column: 1 }, message });
    const line = parsed(one);
    if (!line) refuse("is no line of a history: it was changed");
    else if (line.number !== i + 1 || line.previous !== previous)
      refuse(
        "doesn't follow the line before: that one was changed, or one was taken out or put in",
      );
    for (const [name, sum] of Object.entries(line?.files ?? {})) {
      sums.add(sum);
      const path = join(home, FILES, sum);
      if (!existsSync(path)) refuse(`its ${name} is gone: ${shown(path)}`);
      else if (sumOf(readFileSync(path)) !== sum) refuse(`its ${name} was changed: ${shown(path)}`);
    }
    if (line) lines.push(line);
    previous = sumOf(one);
  });
  const last = { line: Math.max(raw.length, 1), column: 1 };
  if (text !== "" && !text.endsWith("\n"))
    problems.push({ file, at: last, message: "the last line is cut short" });
  const noted = readApplied(loaded).history;
  if (noted !== undefined && !raw.some((one) => sumOf(one) === noted))
    problems.push({
      file,
      at: last,
      message: "the line that was written last is missing: the record beside the state names it",
    });
  if (existsSync(join(home, FILES)))
    for (const name of readdirSync(join(home, FILES)))
      if (!sums.has(name))
        problems.push({
          file: shown(join(home, FILES, name)),
          message: "belongs to no line: a line was taken out, or the file put in",
        });
  return { lines, problems, head: previous };
}

/** A file of a line. @throws ExternalFailure when it isn't as it was noted */
export function historyFile(folder: string, line: Line, name: string): string {
  const sum = line.files[name];
  const file = join(historyFolder(folder), FILES, sum ?? "none");
  const text = sum !== undefined && existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (text === undefined || sumOf(text) !== sum)
    throw new ExternalFailure(
      `${shown(file)}: ${name} of line ${line.number} isn't as it was noted: \`polder history\` tells what is wrong`,
    );
  return text;
}
