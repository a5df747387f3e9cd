import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { allChecks } from "../modules/operations/rules/index.ts";
import { evaluateResidency } from "../modules/planning/residency/index.ts";
import { ALL_RULES } from "../modules/policy/index.ts";
import { loadLocations, loadResidencyRules } from "../modules/workspace/index.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");

/** The marks of each page, and what each means. */
const MARKS = {
  "parliament.md": {
    regel: "rule",
    probe: "probe",
    test: "test",
    bron: "source",
    eigenaar: "owner",
  },
  "parliament.en.md": {
    rule: "rule",
    probe: "probe",
    test: "test",
    source: "source",
    owner: "owner",
  },
} as const;
type Page = keyof typeof MARKS;

interface Said {
  readonly heading: number;
  readonly text: string;
  /** What the sentence rests on: a kind of mark, and an id, a path or an address. */
  readonly mark: string;
  readonly on: string;
}

/** The sentences behind the page's legend; a line that isn't one has no mark. */
function sentences(page: Page): Said[] {
  const marks: Readonly<Record<string, string>> = MARKS[page];
  let heading = 0;
  return read(page)
    .split("\n")
    .flatMap((line): Said[] => {
      if (line.startsWith("## ")) heading++;
      if (line === "" || line.startsWith("#") || heading === 0) return [];
      const [, text = line, word = "", on = ""] =
        /^- (.+) \(([a-z]+)(?:: (.+))?\)\.$/.exec(line) ?? [];
      return [{ heading, text, mark: marks[word] ?? "", on: on.replaceAll("`", "") }];
    });
}

/** Whether what a sentence rests on is there. */
function isThere({ mark, on }: Said): boolean {
  const kinds = allChecks()
    .filter(({ id }) => id === on)
    .map(({ kind }) => kind);
  switch (mark) {
    case "rule":
      return kinds.includes("rule") || kinds.includes("record");
    case "probe":
      return kinds.includes("probe");
    case "test":
      return on.endsWith(".test.ts") && existsSync(join(ROOT, on));
    case "source": {
      const [, page] = /^\[[^\]]+\]\(([^)]+)\)$/.exec(on) ?? [];
      return page === undefined ? /^https:\/\/\S+$/.test(on) : existsSync(join(ROOT, "docs", page));
    }
    default:
      return mark === "owner" && on === "";
  }
}

describe.each(Object.keys(MARKS) as Page[])("%s", (page) => {
  const said = sentences(page);

  it("has no sentence that rests on nothing, or on what isn't there", () => {
    expect(said.length).toBeGreaterThan(40);
    expect(said.filter((sentence) => !isThere(sentence)).map(({ text }) => text)).toEqual([]);
  });

  it("has one sentence for each mark", () => {
    expect(said.filter(({ text }) => /[.!?] [A-Z]/.test(text)).map(({ text }) => text)).toEqual([]);
  });

  it("leaves something to the owner under each question", () => {
    const owners = said.filter(({ mark }) => mark === "owner").map(({ heading }) => heading);
    expect(new Set(owners)).toEqual(new Set([2, 3, 4, 5, 6]));
  });

  it("has the numbers of today's rules and planted faults", () => {
    const corpus = join(ROOT, "modules/policy/corpus");
    const faults = readdirSync(corpus)
      .filter((name) => name.endsWith(".yaml"))
      .map((name) => readFileSync(join(corpus, name), "utf8"))
      .map((text) => JSON.stringify(load(text)).match(/"fault":/g)?.length ?? 0)
      .reduce((sum, count) => sum + count, 0);
    const text = read(page);
    expect(text).toMatch(new RegExp(`: ${ALL_RULES.length} (regels|rules) `));
    expect(text).toMatch(new RegExp(` ${faults} (fouten|faults) `));
  });
});

it("both pages say the same, sentence by sentence, and rest on the same", () => {
  const marks = (page: Page) =>
    sentences(page).map(({ heading, mark, on }) => `${heading} ${mark} ${on}`);
  expect(marks("parliament.md")).toEqual(marks("parliament.en.md"));
});

it("no recorded location is accepted for nl-sovereign, as the pages say", () => {
  const rules = loadResidencyRules();
  const lowest = { tbb: 4, marking: "none" } as const;
  const verdicts = [...loadLocations().values()].map(
    (location) => evaluateResidency("nl-sovereign", lowest, location, rules).verdict,
  );
  expect(verdicts.length).toBeGreaterThan(20);
  expect(verdicts).not.toContain("accepted");
});
