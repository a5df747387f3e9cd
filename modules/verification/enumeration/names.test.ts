import { expect, it } from "vitest";
import { shardOf } from "../../meetings/rooms/index.ts";
import { loadLikelyWords } from "../probes/enumeration/likely-words.ts";
import { drawLikely, FORMS, likelyNames, neverIssued, neverIssuedBeside } from "./names.ts";
import { seeded } from "./random.ts";

const parts = loadLikelyWords();

it("composes ten thousand likely names, none twice, all of them as people type them", () => {
  const names = likelyNames(parts, 10_000);
  expect(new Set(names).size).toBe(10_000);
  expect(names.filter((name) => !/^[a-z0-9-]+$/.test(name))).toEqual([]);
  for (const name of ["test", "teamoverleg", "ministerraad", "boardmeeting", "bzkoverleg"])
    expect(names).toContain(name);
});

it("draws 300 by a seed, and another seed draws others", () => {
  const draw = (seed: number) => drawLikely(parts, false, seeded(seed));
  const first = draw(1);
  expect(new Set(first).size).toBe(300);
  expect(draw(1)).toEqual(first);
  expect(draw(2)).not.toEqual(first);
  expect(drawLikely(parts, true, seeded(1))).toHaveLength(10_000);
});

it("changes each name to something else, and long enough to be found in an answer", () => {
  const random = seeded(3);
  for (let i = 0; i < 50; i++) {
    const name = `23${neverIssued(random).slice(2)}`;
    for (const { what, change } of FORMS) {
      expect(change(name), what).not.toBe(name);
      expect(change(name).length, what).toBeGreaterThan(12);
    }
  }
});

it("draws beside a name one of the same shard", () => {
  const random = seeded(5);
  for (let i = 0; i < 50; i++) {
    const name = neverIssued(random);
    expect(shardOf(3, neverIssuedBeside(name, 3, random))).toBe(shardOf(3, name));
  }
});

it("has what XMPP folds together, and what it doesn't", () => {
  const name = neverIssued(seeded(4));
  const folded = FORMS.filter(
    ({ change }) => change(name).normalize("NFKC").toLowerCase() === name,
  ).map(({ what }) => what);
  expect(folded).toEqual(
    expect.arrayContaining(["upper case", "fullwidth letters", "mathematical letters"]),
  );
  expect(folded).not.toContain("letters of other scripts that look alike");
});
