import { expect, test } from "vitest";
import { progressTo } from "./terminal.ts";

const LINES = ["ports", "0 % of 9 tried", "50 % of 9 tried", "tls", "100 % of 9 tried"];

/** What a stream is given of lines that come so many ms apart. */
function printed(isTTY: boolean, apart: number): string[] {
  const seen: string[] = [];
  let now = 0;
  const progress = progressTo({ isTTY, write: (text) => seen.push(text.trimEnd()) }, () => now);
  for (const line of LINES) {
    progress(line);
    now += apart;
  }
  return seen;
}

test("a terminal shows every line of progress", () => {
  expect(printed(true, 1)).toEqual(LINES);
});

test("a file gets what counts up ten seconds apart, and all else", () => {
  expect(printed(false, 1)).toEqual(["ports", "0 % of 9 tried", "tls"]);
  expect(printed(false, 10_000)).toEqual(LINES);
});
