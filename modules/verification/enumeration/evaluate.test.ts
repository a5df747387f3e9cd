import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { evaluate, evaluateOccupants, evaluateTiming } from "./evaluate.ts";
import type { Answer, Observed, Occupants, Pair, Planted, Timing } from "./observed.ts";
import { ALPHA, falseAlarms, TIMINGS } from "./plan.ts";
import { seeded } from "./random.ts";
import { report } from "./report.ts";

const answer = (over: Partial<Answer> = {}): Answer => ({
  text: "<iq type='error'/>",
  bytes: 100,
  ms: 1,
  entered: false,
  ...over,
});
const pair = (over: Partial<Pair> = {}): Pair => ({
  way: "presence",
  name: "live",
  what: "a meeting that is live",
  asked: answer(),
  reference: answer(),
  ...over,
});
const planted: Planted[] = ["stanza", "size", "time"].map((fault) => ({
  fault,
  way: "presence",
  found: true,
  seen: "differs",
}));
const random = seeded(8);
const noise = (shift = 0): number[] =>
  Array.from({ length: 64 }, () => shift + random() - random());
const timing = (over: Partial<Timing> = {}): Timing => ({
  way: "presence",
  state: "live",
  tries: 1,
  samples: [noise()],
  ...over,
});
const clean: Observed = {
  control: ["the moderator joined", "the guest is told to wait"],
  planted,
  pairs: [
    ...["live", "ended", "revoked", "not begun"].map((name) => pair({ name })),
    pair({ name: "near" }),
    pair({ name: "likely" }),
  ],
  timings: TIMINGS.map(({ way, state }) => timing({ way, state })),
  bridge: [answer()],
  unasked: [],
  likely: 300,
  tries: { handshakes: 10, stanzas: 20 },
  seconds: 10,
  seed: 1,
};
const alone: Occupants = {
  before: ["a"],
  after: ["a"],
  held: { count: 1, nicks: createHash("sha256").update("a").digest("hex") },
};
const verdicts = (over: Partial<Observed>, occupants: Occupants | string = alone) => {
  const found = evaluate({ ...clean, ...over }, "meet.example", occupants);
  const of = (verdict: string) =>
    found.filter((one) => one.verdict === verdict).map(({ id, subject }) => `${id} ${subject}`);
  return { pass: of("pass"), fail: of("fail"), "not-tested": of("not-tested") };
};

it("passes what is answered alike, behind oracles that were found", () => {
  const { pass, fail, "not-tested": left } = verdicts({});
  expect([fail, left]).toEqual([[], []]);
  expect(pass).toHaveLength(1 + 3 + 4 + 2 + TIMINGS.length + 3);
});

it.each([
  ["another stanza", { text: "<iq type='result'/>" }],
  ["one byte more", { bytes: 101 }],
])("finds %s", (_, over) => {
  const pairs = [...clean.pairs, pair({ name: "unicode", asked: answer(over) })];
  expect(verdicts({ pairs }).fail).toEqual(["enumeration-guess unicode"]);
});

it("finds who got in, as a person or as a bridge", () => {
  const entered = answer({ entered: true });
  expect(verdicts({ pairs: [...clean.pairs, pair({ reference: entered })] }).fail).toEqual([
    "enumeration-entry meet.example",
  ]);
  expect(verdicts({ bridge: [entered] }).fail).toEqual(["enumeration-bridge meet.example"]);
  expect(verdicts({ unasked: ["message groupchat"] }).fail).toEqual([
    "enumeration-unasked meet.example",
  ]);
});

it("passes nothing that stands on a control or an oracle that wasn't found, and keeps what it saw", () => {
  const missed = planted.map((one) => (one.fault === "time" ? { ...one, found: false } : one));
  const leak = pair({ name: "ended", asked: answer({ bytes: 99 }) });
  for (const over of [{ dead: "no answer" }, { planted: missed }, { planted: [] }]) {
    const { pass, fail } = verdicts({ ...over, pairs: [...clean.pairs, leak] });
    expect(pass.filter((one) => !one.startsWith("enumeration-planted"))).toEqual([]);
    expect(fail).toEqual(["enumeration-state ended"]);
  }
});

it("passes nothing that an interrupted run didn't see to its end", () => {
  const begun = { planted: [...planted], timings: [], bridge: [], interrupted: "somewhere" };
  const half = verdicts({ ...begun, pairs: clean.pairs.slice(0, 2) });
  expect(half.pass.filter((one) => !one.startsWith("enumeration-planted"))).toEqual([
    "enumeration-control meet.example",
    "enumeration-state live",
    "enumeration-hidden meet.example",
  ]);
  expect(half["not-tested"]).toHaveLength(3 + 6 + TIMINGS.length + 2);
  const early = verdicts({ ...begun, planted: planted.slice(1), pairs: [] });
  expect(early.pass.filter((one) => !one.startsWith("enumeration-planted"))).toEqual([]);
  const late = verdicts({ timings: clean.timings.slice(0, 2), interrupted: "times" });
  expect(late["not-tested"].filter((one) => !one.startsWith("enumeration-guess"))).toHaveLength(
    TIMINGS.length - 2,
  );
});

it("says not-tested for states that nobody gave links of", () => {
  const pairs = clean.pairs.filter(({ name }) => name !== "revoked");
  expect(verdicts({ pairs })["not-tested"]).toEqual(["enumeration-state revoked"]);
});

it("alarms of times after two samples alone, and passes none that couldn't have shown it", () => {
  expect(evaluateTiming(timing({ samples: [noise(2), noise(2)] })).verdict).toBe("fail");
  expect(evaluateTiming(timing({ samples: [noise(2), noise()] })).verdict).toBe("pass");
  const wild = noise().map((one) => 40 * one);
  for (const samples of [[wild], [noise(2), wild]])
    expect(evaluateTiming(timing({ samples })).verdict).toBe("not-tested");
  expect(evaluateTiming(timing({ samples: [], left: "no time" })).message).toBe("no time");
  expect(ALPHA * TIMINGS.length).toBeCloseTo(0.001, 12);
  expect(falseAlarms).toBeLessThan(0.0001);
});

it("finds an occupant whom members don't see, by count and by nick", () => {
  const held = (...nicks: string[]) => ({
    count: nicks.length,
    nicks: createHash("sha256").update(nicks.join("\n")).digest("hex"),
  });
  const seen = { before: ["b", "a"], after: ["a", "b"] };
  expect(evaluateOccupants({ ...seen, held: held("a", "b") }).verdict).toBe("pass");
  expect(evaluateOccupants({ ...seen, held: held("a", "b", "c") }).verdict).toBe("fail");
  expect(evaluateOccupants({ ...seen, held: held("a", "c") }).verdict).toBe("fail");
  const moved = { ...seen, before: ["a"], held: held("a", "b") };
  expect(evaluateOccupants(moved).verdict).toBe("not-tested");
  expect(verdicts({}, "no admin")["not-tested"]).toEqual(["enumeration-hidden meet.example"]);
});

it("reports what was tried and what that is worth", () => {
  const setting = { domain: "meet.example", at: "2026-11-25T00:00:00Z", limit: 4, rooms: 1_000 };
  const page = report(evaluate(clean, "meet.example"), clean, setting).join("\n");
  for (const part of ["130 random bits", "2^120 tries", "at 4 handshakes a second", "0.001"])
    expect(page).toContain(part);
});
