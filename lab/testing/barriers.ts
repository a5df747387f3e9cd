import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import type { AxeResults } from "axe-core";
import type { Page } from "puppeteer-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** What it finds on Jitsi's page before a meeting that is Jitsi's own, each with what it is; ours to tell upstream. */
export const UPSTREAM: Readonly<Record<string, string>> = {
  "heading-order": "what it says of the microphone is a heading of level 3 below one of level 1",
  "meta-viewport": "it forbids to enlarge the page with two fingers",
  "target-size": "the arrows beside microphone and camera are smaller than 24 by 24 pixels",
};

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * What axe finds by WCAG 2.2 AA, by rule and first place.
 *
 * @throws Error when hardly a rule applied, as where the page didn't load
 */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations, passes } = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(TAGS)} })`,
  )) as AxeResults;
  if (passes.length <= 10)
    throw new Error(`axe passed only ${passes.length} rules: did the page load?`);
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120)}`);
}

/** The same without rules that Jitsi's own page breaks. @param upstream their ids, each with what it is */
export const barriersBeside = async (
  upstream: Readonly<Record<string, string>>,
  page: Page,
): Promise<string[]> => {
  const look = async () =>
    (await barriers(page)).filter((one) => !upstream[one.split(":")[0] ?? ""]);
  const found = await look();
  if (found.length === 0) return found;
  // A dialog that fades in has half its contrast for a moment.
  await sleep(1_000);
  return look();
};
