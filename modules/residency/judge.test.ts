import { describe, expect, it } from "vitest";
import { DATA } from "../blueprint/testing.ts";
import { judgeResidency, type Location, locationSchema } from "./index.ts";

const NONE = { marking: "none", tbb: 4 } as const;
const read = "2026-11-24";
const fact = <T>(value: T, confidence = "confirmed") => ({
  value,
  source: "https://cloud.example/about",
  read,
  confidence,
});

/** A made-up location that every profile accepts, with what a test changes. */
function location(residency: Record<string, unknown> = {}, test = false): Location {
  const { platform } = DATA.locations.get("lab-floating") as Location;
  const facts = {
    siteCountry: fact("NL"),
    operatorCountry: fact("NL"),
    ultimateParentCountry: fact("NL"),
    foreignLawReach: fact("none"),
    cloudModel: fact("private"),
    ...residency,
  };
  return locationSchema.parse({
    id: "voorbeeld-1",
    title: "A made-up location",
    provider: "openstack",
    test,
    residency: facts,
    platform,
  });
}

const judge = (
  profile: Parameters<typeof judgeResidency>[0],
  where: Location,
  needed: Parameters<typeof judgeResidency>[1] = NONE,
) => judgeResidency(profile, needed, where, DATA.classification);

describe("nl-sovereign", () => {
  it("accepts a location of which every fact is confirmed", () => {
    expect(judge("nl-sovereign", location())).toMatchObject({
      verdict: "accepted",
      deciding: "every demand of profile nl-sovereign is met",
    });
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      "a site abroad",
      { siteCountry: fact("DE") },
      "siteCountry: the site is in the Netherlands; got DE",
    ],
    [
      "a foreign operator",
      { operatorCountry: fact("DE") },
      "operatorCountry: the operator is a Dutch legal entity; got DE",
    ],
    [
      "a parent outside the EEA",
      { ultimateParentCountry: fact("US") },
      "ultimateParentCountry: the ultimate parent is in the EEA; got US",
    ],
    [
      "a law that reaches it",
      { foreignLawReach: fact("possible") },
      "foreignLawReach: no law of a third country reaches the operator; got possible",
    ],
    [
      "a fact that nobody sourced",
      { siteCountry: undefined },
      "siteCountry: the site is in the Netherlands; got unknown (unconfirmed, none)",
    ],
    [
      "a fact that nobody confirmed",
      { siteCountry: fact("NL", "secondary") },
      "siteCountry: the site is in the Netherlands; got NL (secondary,",
    ],
  ])("refuses %s and names the fact", (_, change, deciding) => {
    const verdict = judge("nl-sovereign", location(change));
    expect(verdict.verdict).toBe("refused");
    expect(verdict.deciding).toContain(deciding);
  });
});

describe("the test location", () => {
  it.each(["nl-sovereign", "nl-located", "eea"] as const)("is refused for %s", (profile) => {
    const verdict = judge(profile, location({}, true));
    expect(verdict.verdict).toBe("refused");
    expect(verdict.deciding).toMatch(/^test: a real location, not a test one; got test location/);
  });

  it("is the only one that profile lab accepts", () => {
    expect(judge("lab", location({}, true)).verdict).toBe("accepted");
    expect(judge("lab", location()).verdict).toBe("refused");
  });
});

describe("the weaker profiles", () => {
  it.each<[Parameters<typeof judgeResidency>[0], Record<string, unknown>, string]>([
    ["nl-located", { operatorCountry: fact("DE"), foreignLawReach: fact("possible") }, "accepted"],
    ["nl-located", { siteCountry: fact("DE") }, "refused"],
    ["eea", { siteCountry: fact("DE"), ultimateParentCountry: fact("FI") }, "accepted"],
    ["eea", { siteCountry: fact("CH") }, "refused"],
    ["eea", { ultimateParentCountry: fact("GB") }, "refused"],
  ])("%s with %j: %s", (profile, change, verdict) => {
    expect(judge(profile, location(change)).verdict).toBe(verdict);
  });
});

describe("the class", () => {
  it("is limited on a public cloud, and the reason said", () => {
    const where = location({ cloudModel: fact("public") });
    expect(judge("eea", where, { marking: "none", tbb: 3 }).deciding).toBe(
      "cloudModel: needed TBB 3, marking none, highest here TBB 4, marking Dep.V: public cloud is prohibited for TBB 1, 2 and 3",
    );
    expect(judge("eea", where, { marking: "Dep.V", tbb: 4 }).verdict).toBe("accepted");
  });

  it("is the lowest where the cloud's model is unknown", () => {
    const where = location({ cloudModel: undefined });
    expect(judge("eea", where, { marking: "Dep.V", tbb: 4 }).verdict).toBe("refused");
    expect(judge("eea", where, NONE).verdict).toBe("accepted");
  });
});
