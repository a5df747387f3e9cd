import { describe, expect, it } from "vitest";
import { example } from "../../../lab/testing/examples.ts";
import { AS_OF, asInput, bothWays, doing, type Planted } from "../testing.ts";
import { residencyAccepted } from "./residency-accepted.ts";
import { residencyFresh } from "./residency-fresh.ts";

const residency = (p: Planted, values: object) =>
  doing(Object.assign(p.blueprint.residency, values), "location lab-floating");
const check = (values: object) => ({
  checks: [
    {
      leaf: "siteCountry",
      requirement: "the site is in the Netherlands",
      got: "NL",
      source: "x",
      read: "2026-01-01",
      confidence: "confirmed",
      met: true,
      ...values,
    },
  ],
});

bothWays(residencyAccepted, () => example(), [
  [
    "a refusal",
    (p) => residency(p, { verdict: "refused", deciding: "abroad" }),
    /refused for lab: abroad/,
  ],
  [
    "a verdict about another place",
    (p) => residency(p, { location: "elsewhere" }),
    /the verdict is about elsewhere/,
  ],
  [
    "a demand that isn't met",
    (p) => residency(p, check({ met: false, got: "DE" })),
    /siteCountry: the site is in the Netherlands; got DE/,
  ],
  [
    "an unconfirmed source",
    (p) => residency(p, check({ confidence: "unconfirmed" })),
    /siteCountry: its source is unconfirmed/,
  ],
  [
    "a second-hand source",
    (p) => residency(p, check({ confidence: "secondary" })),
    /its source is secondary/,
  ],
  [
    "a test's fact for a real profile",
    (p) => residency(p, { profile: "nl-sovereign", ...check({ confidence: "test" }) }),
    /its source is test/,
  ],
  ["nothing checked", (p) => residency(p, { checks: [] }), /nothing was checked/],
  [
    "a class above the location's",
    (p) =>
      doing(
        Object.assign(p.blueprint.residency.classification, {
          needed: { marking: "none", tbb: 0 },
        }),
        [0, 1].map(() => "location lab-floating"),
      ),
    /another class|needs TBB 0/,
  ],
  [
    "another class than the instance's",
    (p) =>
      doing(
        Object.assign(p.blueprint, { classification: { marking: "none", tbb: 3 } }),
        "location lab-floating",
      ),
    /another class/,
  ],
  [
    "an unconfirmed rule for the class",
    (p) =>
      doing(
        Object.assign(p.blueprint.residency.classification, { source: "x (unconfirmed)" }),
        "location lab-floating",
      ),
    /rests on an unconfirmed source/,
  ],
]);

const aged = (p: Planted, index: number, values: object) =>
  doing(Object.assign(p.blueprint.residency.facts[index], values), "location lab-floating");
/** A profile that reads a fact; the lab's reads none. */
const reading = (p: Planted, values: object) => residency(p, { profile: "eea", ...check(values) });

bothWays(residencyFresh, () => example(), [
  [
    "a fact past its term",
    (p) => reading(p, { sure: true, freshUntil: "2026-11-23", waiver: "residency.site.country" }),
    /siteCountry: stale: read on 2026-01-01, which counted until 2026-11-23; .*waives: residency\.site\.country/,
  ],
  [
    "a fact of the future",
    (p) => aged(p, 0, { read: "2026-11-25" }),
    /cloudModel: read on 2026-11-25, which is in the future .*no waiver makes a profile pass/,
  ],
  [
    "a certificate past its end",
    (p) => residency(p, { certificates: [{ name: "ISO 27001", until: "2026-11-23" }] }),
    /certificates: ISO 27001 ended on 2026-11-23/,
  ],
  [
    "rules for the class that are too old",
    (p) =>
      doing(
        Object.assign(p.blueprint.residency.classification, { freshUntil: "2026-11-23" }),
        "location lab-floating",
      ),
    /classification: the rules for the highest class were read on .* take a newer polder/,
  ],
]);

describe("residency-fresh and residency-accepted", () => {
  const evaluated = (rule: typeof residencyFresh, values: object, waivers: object[] = []) => {
    const p = example();
    reading(p, { sure: true, met: true, waiver: "residency.site.country", ...values });
    if (waivers.length > 0) p.blueprint.residency.verdict = "waived";
    p.blueprint.waivers = waivers;
    return rule.check(asInput(p), AS_OF);
  };
  const waiver = (expires: string) => ({
    waives: "residency.site.country",
    reason: "the letter",
    owner: "Sam de Vries",
    expires,
  });

  it("warn 60 days before a fact grows stale, and pass", () => {
    expect(evaluated(residencyFresh, { freshUntil: "2027-01-24" })).toEqual([
      expect.not.objectContaining({ warns: true }),
    ]);
    expect(evaluated(residencyFresh, { freshUntil: "2027-01-23" })).toMatchObject([
      {
        verdict: "pass",
        warns: true,
        message: "siteCountry: counts 60 more days, until 2027-01-23: read x again",
      },
    ]);
  });

  it("read waived under a waiver that counts, and fail under one that ended", () => {
    const stale = { freshUntil: "2026-11-23" };
    expect(evaluated(residencyFresh, stale, [waiver(AS_OF)])).toMatchObject([
      { verdict: "waived", waiver: { owner: "Sam de Vries" } },
    ]);
    expect(evaluated(residencyFresh, stale, [waiver("2026-11-23")])).toMatchObject([
      { verdict: "fail" },
    ]);
    const unsure = { sure: false, confidence: "unconfirmed" };
    expect(evaluated(residencyAccepted, unsure, [waiver(AS_OF)])).toMatchObject([
      { verdict: "waived", message: expect.stringContaining("which is unconfirmed (x)") },
    ]);
    const ended = evaluated(residencyAccepted, unsure, [waiver("2026-11-23")]);
    expect(ended.map((finding) => finding.verdict)).toEqual(["fail", "fail"]);
  });
});
