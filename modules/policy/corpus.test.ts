import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { example, planned } from "../../lab/testing/examples.ts";
import { ALL_RULES } from "./packs.ts";
import { AS_OF, asInput, type Loose, type Planted } from "./testing.ts";

/** One edit: `at` is a path of words; a word that ends in `*` is the one key, or element, that begins so. */
interface Edit {
  readonly at: string;
  readonly set?: Loose;
  readonly add?: Loose;
  readonly remove?: true;
  readonly append?: string;
  readonly replace?: readonly [string, string];
  /** With `replace`: everywhere. */
  readonly all?: true;
  /** Takes the lines out that hold this. */
  readonly drop?: string;
  /** Takes an element out of a list. */
  readonly without?: string;
}
interface Fault extends Edit {
  readonly fault: string;
  readonly rule: string;
  /** An edit before this one. */
  readonly with?: Edit;
}
interface Corpus {
  readonly example: string;
  readonly planned?: true;
  readonly faults: readonly Fault[];
}

const FOLDER = join(import.meta.dirname, "corpus");
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));
const CORPORA = FILES.map(
  (name) => [name, load(readFileSync(join(FOLDER, name), "utf8")) as Corpus] as const,
);

/** What an element of a list is called. */
const nameOf = (item: Loose): string =>
  typeof item === "string" ? item : (item?.path ?? item?.host ?? item?.address ?? item?.name ?? "");

/** The key that a word of a path means; a new one where nothing is called so. */
function keyOf(value: Loose, word: string, at: string): string | number {
  const fits = (name: string) =>
    word.endsWith("*") ? name.startsWith(word.slice(0, -1)) : name === word;
  if (Array.isArray(value)) {
    if (/^\d+$/.test(word)) return Number(word);
    const found = value.flatMap((item, index) => (fits(nameOf(item)) ? [index] : []));
    if (found.length !== 1) throw new Error(`${at}: ${found.length} elements are called ${word}`);
    return found[0] as number;
  }
  if (!word.endsWith("*")) return word;
  const found = Object.keys(value ?? {}).filter(fits);
  if (found.length !== 1) throw new Error(`${at}: ${found.length} keys begin with ${word}`);
  return found[0] as string;
}

function plant(root: Loose, edit: Edit): void {
  const words = edit.at.split(" ");
  let holder = root;
  for (const word of words.slice(0, -1)) {
    const key = keyOf(holder, word, edit.at);
    if (holder[key] === undefined) throw new Error(`${edit.at}: there is no ${word}`);
    holder = holder[key];
  }
  const key = keyOf(holder, words.at(-1) as string, edit.at);
  const before = holder[key];
  if (edit.remove) delete holder[key];
  else if (edit.add !== undefined) holder[key] = [...(before ?? []), edit.add];
  else if (edit.append !== undefined) holder[key] = `${before}${edit.append}`;
  else if (edit.without !== undefined)
    holder[key] = before.filter((item: Loose) => nameOf(item) !== edit.without);
  else if (edit.drop !== undefined)
    holder[key] = before
      .split("\n")
      .filter((line: string) => !line.includes(edit.drop as string))
      .join("\n");
  else if (edit.replace)
    holder[key] = edit.all
      ? before.replaceAll(...edit.replace)
      : before.replace(edit.replace[0], () => edit.replace?.[1] ?? "");
  else holder[key] = edit.set;
  if (JSON.stringify(before) === JSON.stringify(holder[key]))
    throw new Error(`${edit.at}: the edit changes nothing`);
}

/** A copy with its maps as objects, so that one kind of path leads everywhere. */
function planting(start: Planted, edits: readonly Edit[]): Planted {
  const plain = {
    blueprint: start.blueprint,
    stacks: Object.fromEntries(start.stacks),
    plans: Object.fromEntries(start.plans ?? []),
    hosts: edits.some(({ at }) => at.startsWith("hosts ")) ? structuredClone(start.hosts) : [],
  };
  for (const edit of edits) plant(plain, edit);
  return {
    ...start,
    blueprint: plain.blueprint,
    stacks: new Map(Object.entries(plain.stacks)),
    ...(start.plans && { plans: new Map(Object.entries(plain.plans)) }),
    hosts: (plain.hosts as Planted["hosts"])?.length ? plain.hosts : start.hosts,
  } as Planted;
}

const ruleOf = (id: string) => {
  const rule = ALL_RULES.find((one) => one.id === id);
  if (!rule) throw new Error(`no rule is called ${id}`);
  return rule;
};

describe.each(CORPORA)("%s", (_, { example: name, planned: withPlan, faults }) => {
  const start = () => (withPlan ? planned(name) : example(name));

  it("finds nothing in the example", () => {
    const input = asInput(start());
    const fails = [...new Set(faults.map(({ rule }) => rule))].flatMap((id) =>
      ruleOf(id)
        .check(input, AS_OF)
        .filter((finding) => finding.verdict === "fail"),
    );
    expect(fails).toEqual([]);
  });

  it.each(faults.map((fault) => [`${fault.fault}: ${fault.rule}`, fault] as const))(
    "finds %s",
    (_name, fault) => {
      const planted = planting(start(), [...(fault.with ? [fault.with] : []), fault]);
      const fails = ruleOf(fault.rule)
        .check(asInput(planted), AS_OF)
        .filter((finding) => finding.verdict === "fail");
      expect(fails).not.toEqual([]);
      for (const { message } of fails) expect(message).toMatch(/^[^\n]+$/);
    },
  );
});

describe("the corpus", () => {
  const all = CORPORA.flatMap(([, { faults }]) => faults);

  it("has at least 250 faults, on both clouds, none twice", () => {
    const clouds = new Set(
      CORPORA.map(([, { example: name }]) => asInput(example(name)).blueprint.cloud.provider),
    );
    expect([...clouds].sort()).toEqual(["hetzner", "openstack"]);
    expect(all.length).toBeGreaterThanOrEqual(250);
    const keys = CORPORA.flatMap(([file, { faults }]) => faults.map((f) => `${file} ${f.fault}`));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it("has a fault for each rule, but for what an expired record alone shows", () => {
    const found = new Set(all.map(({ rule }) => rule));
    expect(ALL_RULES.map(({ id }) => id).filter((id) => !found.has(id))).toEqual([
      "residency-fresh",
    ]);
  });
});
