import { describe, expect, it } from "vitest";
import { example } from "../../../lab/testing/examples.ts";
import { AS_OF, asInput, bothWays, type Planted } from "../testing.ts";
import { waiversInDate } from "./waivers-in-date.ts";

const waive = (p: Planted, expires: string, waives = "no-unnoticed-interruption") => {
  p.blueprint.waivers = [{ waives, reason: "upgrade", owner: "Sam de Vries", expires }];
  return waives;
};

bothWays(waiversInDate, () => example(), [
  [
    "one that ended yesterday",
    (p) => waive(p, "2026-11-23"),
    /ended on 2026-11-23: strengthen the setting, or have Sam de Vries decide again/,
  ],
  ["one for 401 days", (p) => waive(p, "2027-12-30"), /in 401 days, at most 400/],
  ["one without end", (p) => waive(p, "9999-12-31"), /at most 400/],
  ["a day that isn't", (p) => waive(p, "2027-02-30"), /got "2027-02-30"/],
  ["no date", (p) => waive(p, "soon"), /got "soon"/],
]);

describe("waivers-in-date", () => {
  const evaluated = (expires: string, waives?: string) => {
    const p = example();
    waive(p, expires, waives);
    return waiversInDate.check(asInput(p), AS_OF).map((f) => f.verdict);
  };
  it("counts a waiver on its last day, and for 400 days", () => {
    expect(evaluated(AS_OF)).toEqual(["pass"]);
    expect(evaluated("2027-12-29")).toEqual(["pass"]);
  });
  it("never lets a weakened setting read as a pass", () => {
    expect(evaluated("2027-06-30", "retention.securityDays")).toEqual(["waived"]);
  });
});
