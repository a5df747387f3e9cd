import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { polder, type Ran } from "./polder.ts";

const PROGRESS =
  /: (preparing|(plan|apply) \d+ s|reading its outputs|asking the API|stopping:|still stopping|importing)/;

/** The lines on standard error that are no progress. */
export const complaints = (ran: Ran): string[] =>
  ran.stderr.split("\n").filter((line) => line !== "" && !PROGRESS.test(line));

/** What a user must see: this code and this, in one line, and never a stack trace. */
export function expectRefusal(ran: Ran, code: number, line: RegExp): void {
  expect({ code: ran.code, lines: complaints(ran) }).toEqual({
    code,
    lines: [expect.stringMatching(line)],
  });
  expect(ran.stdout + ran.stderr).not.toMatch(/^\s+at |bug in polder/m);
}

/** Runs `polder` and signals it when a line of its progress fits. */
export function signalled(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  when: RegExp,
  signals: readonly NodeJS.Signals[],
  before?: () => Promise<unknown>,
): Promise<Ran> {
  let told = false;
  return polder(args, {
    env,
    async onLine(line, child) {
      if (told || !when.test(line)) return;
      told = true;
      await before?.();
      for (const signal of signals) {
        child.kill(signal);
        await sleep(300);
      }
    },
  });
}
