import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Waiver } from "../../common/findings/index.ts";
import { DATA } from "../blueprint/testing.ts";
import type { Classification, ResidencyProfile } from "../instance/index.ts";
import { addDays } from "./days.ts";
import {
  evaluateAsOf,
  evaluateResidency,
  factsOf,
  type Location,
  locationSchema,
  openChecks,
  RESIDENCY_WAIVERS,
  wayOut,
} from "./index.ts";
import { FACTS, fact, location, NONE, READ, REAL, record, refusals } from "./testing.ts";

const { rules } = DATA;
const ALL: readonly ResidencyProfile[] = [...REAL, "lab"];

const evaluate = (
  profile: ResidencyProfile,
  where: Location,
  needed: Classification = NONE,
  waivers: readonly Waiver[] = [],
) => evaluateResidency(profile, needed, where, rules, waivers);

/** The verdict on a day, and what decided. */
function onDay(
  profile: ResidencyProfile,
  where: Location,
  asOf = READ,
  waivers: readonly Waiver[] = [],
  needed = NONE,
) {
  const dated = evaluateAsOf(evaluate(profile, where, needed, waivers), waivers, asOf);
  return { ...dated, leaves: dated.problems.map(({ leaf }) => leaf) };
}

const waiver = (waives: string, expires = "2027-01-31"): Waiver => ({
  waives,
  expires,
  owner: "Sam de Vries",
  reason: "the operator's letter is under way",
});

/** The owners, with another country for the last one. */
const owned = (country: string, confidence = "confirmed") => ({
  parents: [FACTS.parents[0], { ...FACTS.parents[1], country: fact(country, confidence) }],
  // A parent abroad and no reach of its law is a record that contradicts itself.
  foreignLaw: fact({ reach: "possible", reason: "its owner's country" }),
});
const site = (country: string, confidence = "confirmed") => ({
  site: { country: fact(country, confidence) },
});
const operator = (country: string, confidence = "confirmed") => ({
  operator: { country: fact(country, confidence) },
});
const reach = (value: string, confidence = "confirmed") => ({
  foreignLaw: fact({ reach: value, reason: "so it is said" }, confidence),
});

/** Every branch of every profile: what is changed so that it just passes, and just fails. */
const BRANCHES: readonly [ResidencyProfile, string, object, object, string][] = [
  ["nl-sovereign", "site", site("NL"), site("BE"), "site.country"],
  ["nl-sovereign", "sureness of the site", site("NL"), site("NL", "secondary"), "site.country"],
  ["nl-sovereign", "operator", operator("NL"), operator("DE"), "operator.country"],
  [
    "nl-sovereign",
    "sureness of the operator",
    operator("NL"),
    operator("NL", "secondary"),
    "operator.country",
  ],
  [
    "nl-sovereign",
    "owner",
    { ...owned("IS"), ...reach("none") },
    { ...owned("CH"), ...reach("possible") },
    "parents[1].country",
  ],
  [
    "nl-sovereign",
    "sureness of the owner",
    { ...owned("NO"), ...reach("none") },
    { ...owned("NO", "secondary"), ...reach("none") },
    "parents[1].country",
  ],
  ["nl-sovereign", "foreign law", reach("none"), reach("possible"), "foreignLaw"],
  ["nl-sovereign", "foreign law that surely reaches", reach("none"), reach("yes"), "foreignLaw"],
  [
    "nl-sovereign",
    "sureness of the law",
    reach("none"),
    reach("none", "unconfirmed"),
    "foreignLaw",
  ],
  ["nl-located", "site", { ...site("NL"), ...reach("yes") }, site("DE"), "site.country"],
  ["nl-located", "sureness of the site", site("NL"), site("NL", "unconfirmed"), "site.country"],
  ["nl-located", "operator", operator("LI"), operator("CH"), "operator.country"],
  [
    "nl-located",
    "sureness of the operator",
    operator("FR"),
    operator("FR", "secondary"),
    "operator.country",
  ],
  ["nl-located", "owner", owned("FI"), owned("US"), "parents[1].country"],
  [
    "nl-located",
    "sureness of the owner",
    owned("FI"),
    owned("FI", "secondary"),
    "parents[1].country",
  ],
  ["eea", "site", site("IS"), site("GB"), "site.country"],
  ["eea", "sureness of the site", site("FI"), site("FI", "secondary"), "site.country"],
  ["eea", "operator", operator("DE"), operator("CH"), "operator.country"],
  [
    "eea",
    "sureness of the operator",
    operator("DE"),
    operator("DE", "secondary"),
    "operator.country",
  ],
  ["eea", "owner", owned("DE", "secondary"), owned("GB", "secondary"), "parents[1].country"],
  [
    "eea",
    "sureness of the owner",
    owned("DE", "secondary"),
    owned("DE", "unconfirmed"),
    "parents[1].country",
  ],
];

describe.each(BRANCHES)("%s: %s", (profile, _, passing, failing, leaf) => {
  it("just passes", () => {
    expect(onDay(profile, location(passing)).problems).toEqual([]);
    expect(evaluate(profile, location(passing))).toMatchObject({
      verdict: "accepted",
      deciding: `every demand of profile ${profile} is met`,
    });
  });
  it("just fails, and names the fact", () => {
    expect(evaluate(profile, location(failing)).verdict).toBe("refused");
    expect(evaluate(profile, location(failing)).deciding).toMatch(
      new RegExp(`^${leaf.replaceAll(/[[\].]/g, "\\$&")}: `),
    );
    expect(onDay(profile, location(failing)).leaves[0]).toBe(leaf);
  });
});

describe("profile lab", () => {
  const test = location({}, { test: true });
  it("accepts a test location alone, whatever its facts", () => {
    expect(evaluate("lab", test).verdict).toBe("accepted");
    expect(evaluate("lab", location({}, { test: true, residency: {} })).verdict).toBe("accepted");
    expect(evaluate("lab", location()).verdict).toBe("refused");
  });
  it.each(REAL)("is the only one that does: not %s", (profile) => {
    expect(evaluate(profile, test).deciding).toMatch(
      /^test: a real location, not a test one; got test location/,
    );
  });
  it("takes a test's facts for the class, and no other profile does", () => {
    const facts = { cloudModel: fact("private", "test") };
    const where = location(facts, { test: true });
    const needed = { marking: "Dep.V", tbb: 3 } as const;
    expect(evaluate("lab", where, needed).verdict).toBe("accepted");
    expect(
      evaluate("eea", where, needed).checks.find((c) => c.leaf === "cloudModel"),
    ).toMatchObject({
      sure: false,
    });
  });
});

describe("a fact that isn't there", () => {
  it.each<[ResidencyProfile, object, string]>([
    ["eea", { site: undefined }, "site.country: the site is in the EEA; got unknown"],
    ["nl-located", { operator: { entity: fact("X") } }, "operator.country: the operator is"],
    ["nl-sovereign", { parents: undefined }, "parents[0].country: the ultimate parent is"],
    ["eea", { parents: [FACTS.parents[0], { entity: fact("Y") }] }, "parents[1].country: "],
    ["nl-sovereign", { foreignLaw: undefined }, "foreignLaw: no law of a third country"],
  ])("%s refuses %j", (profile, change, deciding) => {
    const verdict = evaluate(profile, location(change));
    expect(verdict.verdict).toBe("refused");
    expect(verdict.deciding.startsWith(deciding)).toBe(true);
    expect(verdict.deciding).toContain("got unknown (unconfirmed, nobody sourced it)");
    expect(wayOut(openChecks(verdict))).toMatch(/^no waiver makes a profile pass/);
  });
});

describe("the class", () => {
  const model = (value: string, confidence = "confirmed") => ({
    cloudModel: fact(value, confidence),
  });
  const classes = ([1, 2, 3, 4] as const).flatMap((tbb) =>
    (["none", "Dep.V"] as const).map((marking) => ({ tbb, marking })),
  );

  it.each(classes)("TBB $tbb, $marking: by the kind of cloud", (needed) => {
    const verdicts = ["government", "private", "public"].map(
      (value) => evaluate("eea", location(model(value)), needed).verdict,
    );
    expect(verdicts).toEqual(["accepted", "accepted", needed.tbb === 4 ? "accepted" : "refused"]);
    const unknown = evaluate("eea", location({ cloudModel: undefined }), needed).verdict;
    expect(unknown).toBe(needed.tbb === 4 && needed.marking === "none" ? "accepted" : "refused");
  });

  it("is derived, and the reason is told", () => {
    const verdict = evaluate("eea", location(model("public")), { tbb: 3, marking: "none" });
    expect(verdict.deciding).toMatch(
      /^cloudModel: the kind of cloud may hold TBB 3, marking none \(highest here TBB 4, marking Dep\.V: public cloud is prohibited for TBB 1, 2 and 3\); got public/,
    );
    expect(verdict.classification.highest).toEqual({ tbb: 4, marking: "Dep.V" });
  });

  it("is the lowest where nobody has confirmed the kind of cloud", () => {
    const verdict = evaluate("eea", location(model("government", "secondary")), {
      tbb: 1,
      marking: "none",
    });
    expect(verdict.classification.highest).toEqual({ tbb: 4, marking: "none" });
    expect(verdict.deciding).toMatch(/^cloudModel: .*got government \(secondary/);
  });
});

describe("on a day", () => {
  const { days } = rules.terms;

  it("counts a fact to the last day of its term, and not a day longer", () => {
    const last = addDays(READ, days.operator);
    expect(onDay("nl-sovereign", location(), last).verdict).toBe("accepted");
    const after = onDay("nl-sovereign", location(), addDays(last, 1));
    expect(after.verdict).toBe("refused");
    expect(after.leaves).toEqual(["operator.country", "parents[1].country", "foreignLaw"]);
    expect(after.problems[0]).toMatchObject({
      rule: "residency-fresh",
      text: `stale: read on ${READ}, which counted until ${last}; read https://cloud.example/about again, correct the record and date it`,
    });
  });

  it("warns 60 days before, not 61", () => {
    const last = addDays(READ, days.operator);
    expect(onDay("nl-sovereign", location(), addDays(last, -61)).warnings).toEqual([]);
    const [warning] = onDay("nl-sovereign", location(), addDays(last, -60)).warnings;
    expect(warning).toMatchObject({
      leaf: "operator.country",
      text: `counts 60 more days, until ${last}: read https://cloud.example/about again`,
    });
  });

  it("refuses a fact of the future, also one that no profile reads", () => {
    const future = { ipv6: fact(true, "confirmed", "2026-11-25") };
    expect(onDay("eea", location(future)).problems).toMatchObject([
      { leaf: "ipv6", rule: "residency-fresh", waiver: null },
    ]);
    expect(onDay("eea", location(future), "2026-11-25").problems).toEqual([]);
    const platform = { ...record().platform, read: "2026-11-25" };
    expect(onDay("eea", location({}, { platform })).leaves).toEqual(["platform"]);
  });

  it("refuses a certificate past its end, and warns before", () => {
    const until = (day: string) => ({ certificates: fact([{ name: "ISO 27001", until: day }]) });
    expect(onDay("eea", location(until("2026-11-23"))).problems).toMatchObject([
      { leaf: "certificates", text: expect.stringMatching(/^ISO 27001 ended on 2026-11-23/) },
    ]);
    const today = onDay("eea", location(until(READ)));
    expect(today.problems).toEqual([]);
    expect(today.warnings).toMatchObject([{ leaf: "certificates" }]);
    expect(onDay("eea", location(until("2027-01-24"))).warnings).toEqual([]);
  });

  it("refuses by rules for the class that are too old; the lab has its own", () => {
    const late = addDays(rules.classification.read, days.classification + 1);
    const fresh = JSON.parse(JSON.stringify(FACTS).replaceAll(READ, late));
    expect(onDay("eea", location(fresh), late).leaves).toEqual(["classification"]);
    expect(onDay("lab", location(fresh, { test: true }), late).verdict).toBe("accepted");
  });

  it("lets the lab's records never grow old", () => {
    for (const id of ["lab-floating", "lab-direct"]) {
      const where = DATA.locations.get(id) as Location;
      const needed = { tbb: 3, marking: "Dep.V" } as const;
      expect(onDay("lab", where, "2040-01-01", [], needed).problems).toEqual([]);
    }
  });
});

describe("a waiver", () => {
  const unsure = location(reach("none", "unconfirmed"));
  const own = waiver("residency.foreignLaw");

  it("covers one fact that nobody confirmed: the verdict reads waived", () => {
    expect(evaluate("nl-sovereign", unsure, NONE, [own])).toMatchObject({
      verdict: "waived",
      deciding: expect.stringMatching(
        /^foreignLaw: .*\(unconfirmed, .*\); waived by Sam de Vries until 2027-01-31$/,
      ),
    });
    expect(onDay("nl-sovereign", unsure, READ, [own])).toMatchObject({
      verdict: "waived",
      problems: [],
      waived: [{ leaf: "foreignLaw", rule: "residency-accepted", by: own }],
    });
    expect(wayOut(openChecks(evaluate("nl-sovereign", unsure)))).toContain(
      "waives: residency.foreignLaw",
    );
  });

  it("covers one that is stale, or stale and unconfirmed", () => {
    const old = (confidence: string) => ({
      site: { country: fact("NL", confidence, "2024-01-01") },
    });
    const site = waiver("residency.site.country");
    const dated = onDay("eea", location(old("confirmed")), READ, [site]);
    expect([dated.verdict, dated.waived.length]).toEqual(["waived", 1]);
    const both = onDay("eea", location(old("secondary")), READ, [site]);
    expect([both.verdict, both.waived.length]).toEqual(["waived", 2]);
  });

  it("counts on its last day and not after it", () => {
    expect(onDay("nl-sovereign", unsure, "2027-01-31", [own]).verdict).toBe("waived");
    expect(onDay("nl-sovereign", unsure, "2027-02-01", [own]).verdict).toBe("refused");
  });

  it.each<[string, object, readonly string[]]>([
    ["a value that isn't right", reach("possible"), ["residency.foreignLaw"]],
    ["a fact that is missing", { foreignLaw: undefined }, ["residency.foreignLaw"]],
    ["another fact", reach("none", "unconfirmed"), ["residency.site.country"]],
    [
      "two facts",
      { ...site("NL", "secondary"), ...reach("none", "secondary") },
      ["residency.foreignLaw"],
    ],
    [
      "two facts by two waivers",
      { ...site("NL", "secondary"), ...reach("none", "secondary") },
      ["residency.foreignLaw", "residency.site.country"],
    ],
    [
      "the future",
      { ipv6: fact(true, "confirmed", "2030-01-01"), ...reach("none", "secondary") },
      ["residency.foreignLaw"],
    ],
  ])("never covers %s", (_, change, waives) => {
    const list = waives.map((id) => waiver(id));
    const dated = onDay("nl-sovereign", location(change), READ, list);
    expect([dated.verdict, dated.waived]).toEqual(["refused", []]);
  });

  it("can be for what some profile reads, and nothing else", () => {
    expect([...RESIDENCY_WAIVERS].sort()).toEqual([
      "residency.cloudModel",
      "residency.foreignLaw",
      "residency.operator.country",
      "residency.parents.country",
      "residency.site.country",
    ]);
  });
});

describe("a record that can't be", () => {
  it.each<[string, object, string]>([
    [
      "a source that is no web address",
      { ipv6: { ...fact(true), source: "the brochure" } },
      'residency.ipv6.source: got "the brochure", a web address is allowed: whoever reads the record must be able to read its source',
    ],
    ["no source", { ipv6: { ...fact(true), source: "" } }, "residency.ipv6.source: "],
    [
      "a script for a source",
      { ipv6: { ...fact(true), source: "javascript:alert(1)" } },
      "residency.ipv6.source: got ",
    ],
    ["no day", { ipv6: { ...fact(true), read: "soon" } }, "residency.ipv6.read: "],
    ["a day that isn't", { ipv6: { ...fact(true), read: "2026-02-30" } }, "residency.ipv6.read: "],
    [
      "a made-up sureness",
      { ipv6: fact(true, "test") },
      "residency.ipv6.confidence: got test, which a record with `test: true` may say",
    ],
    [
      "a circle of owners",
      { parents: [...FACTS.parents, { entity: fact("voorbeeldgroep n.v.") }] },
      'residency.parents.2.entity.value: "voorbeeldgroep n.v." stands above itself: a chain of owners ends at one that nobody else owns',
    ],
    [
      "an operator that owns itself",
      { parents: [{ entity: fact("Voorbeeldwolk B.V."), country: fact("NL") }] },
      'residency.parents.0.entity.value: "Voorbeeldwolk B.V." stands above itself',
    ],
    ["no owner in the list", { parents: [] }, "residency.parents: "],
    [
      "an owner abroad whose law reaches nothing",
      { parents: [{ country: fact("US") }, FACTS.parents[1]] },
      "residency.foreignLaw.value.reach: got none, but residency.parents[0].country is US",
    ],
    [
      "a country in words",
      { site: { country: fact("Nederland") } },
      "residency.site.country.value: ",
    ],
    ["a share of 60", { parents: [{ share: fact(60) }] }, "residency.parents.0.share.value: "],
    ["a fact that nobody knows", { swimmingPool: fact(true) }, "residency: Unrecognized key"],
  ])("%s", (_, change, says) => {
    const told = refusals(change);
    expect(told.length).toBe(says.endsWith("source: ") ? 2 : 1);
    expect(told[0]?.startsWith(says)).toBe(true);
  });

  it("names no address of the API it is built by", () => {
    expect(refusals({}, { platform: { ...record().platform, apiHosts: [] } })).toEqual([
      "platform.apiHosts: missing, a list of the names is required under which the cloud's API answers",
    ]);
  });
});

/** Replaces one leaf of a record; undefined takes it out. */
function withLeaf(path: readonly (string | number)[], leaf: unknown): unknown {
  const copy = structuredClone(record());
  let at = copy.residency as unknown as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) at = at[part] as typeof at;
  const last = path.at(-1) as string;
  if (leaf === undefined) delete at[last];
  else at[last] = leaf;
  return copy;
}

/** The same kind of value, of somebody else: abroad, of no use, the other way round. */
function foreign(value: unknown): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value / 2;
  if (typeof value === "string")
    return /^[A-Z]{2}$/.test(value)
      ? "US"
      : ({ private: "public", customer: "provider" }[value] ?? "Foreign Holdings Inc.");
  if (Array.isArray(value)) return [{ name: "Foreign seal" }];
  return { ...(value as object), reach: "yes" };
}

describe("any leaf of a record that passes", () => {
  const leaves = factsOf(location());
  const needed: Classification = { tbb: 2, marking: "Dep.V" };

  it("is one of all there are", () => {
    expect(leaves.length).toBe(20);
    for (const profile of REAL)
      expect(onDay(profile, location(), READ, [], needed).verdict).toBe("accepted");
  });

  const mutation = fc.constantFrom(
    "missing",
    "no value",
    "no source",
    "unsure",
    "stale",
    "future",
    "foreign",
  );
  it("changed to empty, stale or foreign never leaves it passing, unless the profile doesn't read it", () => {
    let refused = 0;
    const readBy = new Map(
      ALL.map((profile) => [
        profile,
        evaluate(profile, location(), needed).checks.map((check) => check.leaf),
      ]),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...ALL),
        fc.nat(leaves.length - 1),
        mutation,
        fc.integer({ min: 1, max: 3000 }),
        (profile, index, kind, extra) => {
          const { path, name, group, fact: old } = leaves[index] as (typeof leaves)[number];
          const changed = {
            missing: undefined,
            "no value": { ...old, value: "" },
            "no source": { ...old, source: "" },
            unsure: { ...old, confidence: "unconfirmed" },
            stale: { ...old, read: addDays(READ, -rules.terms.days[group] - extra) },
            future: { ...old, read: addDays(READ, extra) },
            foreign: { ...old, value: foreign(old.value) },
          }[kind];
          const parsed = locationSchema.safeParse(withLeaf(path, changed));
          if (!parsed.success) {
            refused++;
            return;
          }
          const dated = onDay(profile, parsed.data, READ, [], needed);
          // Without its last parent another is the ultimate one, so the chain says something else.
          if (!readBy.get(profile)?.includes(name) && kind !== "future") return;
          refused++;
          expect([profile, name, kind, dated.verdict]).toEqual([profile, name, kind, "refused"]);
        },
      ),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  it.each(REAL)("%s: each leaf that it reads, in each way", (profile) => {
    const reads = evaluate(profile, location(), needed)
      .checks.map((check) => check.leaf)
      .filter((leaf) => leaf !== "test");
    expect(reads.length).toBe(profile === "nl-sovereign" ? 5 : 4);
    for (const { path, name, group, fact: old } of leaves.filter((l) => reads.includes(l.name))) {
      for (const leaf of [
        undefined,
        { ...old, confidence: "unconfirmed" },
        { ...old, read: addDays(READ, -rules.terms.days[group] - 1) },
        { ...old, value: foreign(old.value) },
      ]) {
        const parsed = locationSchema.safeParse(withLeaf(path, leaf));
        if (parsed.success)
          expect([name, onDay(profile, parsed.data, READ, [], needed).verdict]).toEqual([
            name,
            "refused",
          ]);
      }
    }
  });
});

describe("polder's own records", () => {
  const accepted = (profile: ResidencyProfile) =>
    [...DATA.locations.values()]
      .filter((where) => onDay(profile, where).verdict === "accepted")
      .map(({ id }) => id);

  it("are accepted by", () => {
    expect(Object.fromEntries(ALL.map((profile) => [profile, accepted(profile)]))).toEqual({
      "nl-sovereign": [],
      "nl-located": ["leafcloud-amsterdam", "odc-noord"],
      eea: ["hetzner-fsn1", "hetzner-hel1", "hetzner-nbg1", "leafcloud-amsterdam", "odc-noord"],
      lab: ["lab-direct", "lab-floating", "lab-hetzner"],
    });
  });

  it.each(["hetzner-fsn1", "hetzner-nbg1", "hetzner-hel1"])(
    "%s is refused for the Dutch profiles by its site",
    (id) => {
      const where = DATA.locations.get(id) as Location;
      for (const profile of ["nl-sovereign", "nl-located"] as const)
        expect(onDay(profile, where).leaves[0]).toBe("site.country");
    },
  );

  it("have no fact dated after the day on which they were made, and lie in files of their name", () => {
    for (const [id, where] of DATA.locations) {
      expect(where.id).toBe(id);
      for (const { fact: one } of factsOf(where)) expect(one.read <= READ).toBe(true);
    }
  });
});
