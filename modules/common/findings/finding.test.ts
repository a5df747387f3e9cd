import { describe, expect, it } from "vitest";
import { applyWaivers, type Finding, isCurrent, tally, type Waiver } from "./index.ts";

const waiver = (over: Partial<Waiver> = {}): Waiver => ({
  waives: "a-rule",
  reason: "the new version comes in spring",
  owner: "Sam de Vries",
  expires: "2026-12-31",
  ...over,
});

const finding = (over: Partial<Finding> = {}): Finding => ({
  id: "a-rule",
  verdict: "fail",
  subject: "lab",
  message: "seen",
  ...over,
});

describe("isCurrent", () => {
  it("counts the last day, and no day after it", () => {
    expect(isCurrent(waiver(), "2026-12-30")).toBe(true);
    expect(isCurrent(waiver(), "2026-12-31")).toBe(true);
    expect(isCurrent(waiver(), "2027-01-01")).toBe(false);
  });
});

describe("applyWaivers", () => {
  it("turns a fail into waived, with the waiver beside it", () => {
    expect(applyWaivers([finding()], [waiver()], "2026-11-24")).toEqual([
      finding({ verdict: "waived", waiver: waiver() }),
    ]);
  });

  it("leaves a fail whose waiver has ended, or that is for another rule", () => {
    expect(applyWaivers([finding()], [waiver()], "2027-01-01")).toEqual([finding()]);
    expect(applyWaivers([finding()], [waiver({ waives: "other" })], "2026-11-24")).toEqual([
      finding(),
    ]);
  });

  it("takes the waiver that still counts when there are two", () => {
    const ended = waiver({ expires: "2026-01-01" });
    const [got] = applyWaivers([finding()], [ended, waiver()], "2026-11-24");
    expect(got?.waiver).toEqual(waiver());
  });

  it.each(["pass", "not-tested", "waived"] as const)("never touches %s", (verdict) => {
    expect(applyWaivers([finding({ verdict })], [waiver()], "2026-11-24")).toEqual([
      finding({ verdict }),
    ]);
  });

  it("leaves what it was given as it was", () => {
    const findings = [finding()];
    applyWaivers(findings, [waiver()], "2026-11-24");
    expect(findings).toEqual([finding()]);
  });
});

describe("tally", () => {
  it("counts every verdict, also those that don't occur", () => {
    expect(tally([finding(), finding(), finding({ verdict: "pass" })])).toEqual({
      pass: 1,
      fail: 2,
      "not-tested": 0,
      waived: 0,
    });
    expect(tally([])).toEqual({ pass: 0, fail: 0, "not-tested": 0, waived: 0 });
  });
});
