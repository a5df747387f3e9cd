import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { changed, EXAMPLES, example, planned } from "../../lab/testing/examples.ts";
import { type Finding, tally } from "../common/findings/index.ts";
import { POLICY_RULE_IDS } from "../planning/instance/index.ts";
import { HOST_RULES } from "./hosts/index.ts";
import { evaluate, MANAGEMENT_PORTS, PACKS, type PolicyInput, type Rule } from "./index.ts";
import { ALL_RULES } from "./packs.ts";
import { AS_OF, asInput, becomes, change, type Loose, type Planted, withPlans } from "./testing.ts";

const SERVER = "openstack_compute_instance_v2";
const { rules } = PACKS.openstack;
const packOf = (p: Planted) => PACKS[asInput(p).blueprint.cloud.provider];

/** What rests on Jitsi's packages, where stand-ins take their places. */
const withoutJitsi = ({ blueprint }: Planted): string[] =>
  blueprint.jitsi ? [] : ["jitsi-is-pinned", "jitsi-release-is-known"];

const notPassed = (findings: readonly Finding[]) =>
  findings
    .filter((f) => f.verdict !== "pass")
    .map((f) => `${f.verdict} ${f.id} ${f.subject}: ${f.message}`);

describe.each(EXAMPLES)("example %s", (name) => {
  const { rules: own } = packOf(example(name));
  const isRendered = example(name).hosts !== undefined;
  /** What can't be rendered yet, no rule reads. */
  const ofHosts = (f: Finding) => !isRendered && HOST_RULES.some((rule) => rule.id === f.id);
  const waived = (p: Planted) =>
    p.blueprint.waivers.map(({ waives }: { waives: string }) => waives);

  it("passes every rule once planned", () => {
    const p = planned(name);
    const findings = evaluate(asInput(p), AS_OF);
    expect(findings.filter((f) => f.verdict === "fail")).toEqual([]);
    const untested = findings.filter((f) => f.verdict === "not-tested" && !ofHosts(f));
    expect(untested.map(({ id }) => id)).toEqual(withoutJitsi(p));
    expect(findings.filter((f) => f.verdict === "waived").map((f) => f.subject)).toEqual(waived(p));
    expect(new Set(findings.map((f) => f.id))).toEqual(new Set(own.map((r) => r.id)));
  });

  it("says at synth what only a plan can show", () => {
    const p = example(name);
    const findings = evaluate(asInput(p), AS_OF);
    expect(findings.filter((f) => f.verdict === "fail")).toEqual([]);
    const untested = findings.filter((f) => f.verdict === "not-tested" && !ofHosts(f));
    const planRules = rules.filter((r) => r.looksAt === "plan").map((r) => r.id);
    expect(untested.map((f) => `${f.id} ${f.subject}`)).toEqual([
      ...planRules.flatMap((id) => [`${id} ${name}-addresses`, `${id} ${name}`]),
      ...withoutJitsi(p).map((id) => `${id} ${name}`),
    ]);
  });

  it("passes with its addresses not yet allocated, and says what isn't tested", () => {
    const findings = evaluate(asInput(example(name, false)), AS_OF);
    expect(findings.filter((f) => f.verdict === "fail")).toEqual([]);
    expect(new Set(findings.map((f) => f.id))).toEqual(new Set(own.map((r) => r.id)));
    const servers = findings.filter((f) => f.id === "user-data-is-identity");
    expect(notPassed(servers)).toEqual([
      `not-tested user-data-is-identity ${name}: no cluster yet: its addresses are not yet allocated`,
    ]);
  });
});

// Two hosts on each cloud and each kind of public address, with Jitsi's own programs.
it.each(["lab", "lab-direct", "lab-hetzner"])(
  "%s passes every rule of size single, too",
  (name) => {
    const single = (text: string) => text.replace(/^chat:/m, "size: single\nchat:");
    const p = changed(name, "single", single, { pinned: true });
    expect(p.blueprint.hosts.map(({ id }: Loose) => id)).toEqual(["control-1", "monitor-1"]);
    const findings = evaluate(asInput(withPlans(p)), AS_OF);
    expect(findings.filter((f) => f.verdict === "fail")).toEqual([]);
    expect(tally(findings)["not-tested"]).toBe(0);
  },
);

describe("evaluate", () => {
  it("gives the same findings for the same input", () => {
    const input = asInput(planned());
    expect(evaluate(input, AS_OF)).toEqual(evaluate(input, AS_OF));
  });

  it("says of one plan that the other stack has none", () => {
    const p = planned();
    p.plans.delete("lab");
    const ofJitsi = withoutJitsi(p);
    const findings = evaluate(asInput(p), AS_OF).filter(({ id }) => !ofJitsi.includes(id));
    expect(notPassed(findings)).toEqual(
      rules
        .filter((r) => r.looksAt === "plan")
        .map(
          (r) =>
            `not-tested ${r.id} lab: needs the plan, and none was made yet: \`polder plan\` evaluates it`,
        ),
    );
  });

  it("waives a waivable rule until the waiver ends, and says so", () => {
    const p = planned();
    const found = change(p, SERVER, "bridge-1");
    becomes(found, ["delete", "create"]);
    const waiver = {
      waives: "no-unnoticed-interruption",
      reason: "upgrade",
      owner: "Sam de Vries",
      expires: "2026-12-01",
    };
    p.blueprint.waivers = [waiver];
    const verdicts = (asOf: string) =>
      evaluate(asInput(p), asOf).filter(
        (f) => f.id === waiver.waives && f.subject.includes(SERVER),
      );
    expect(verdicts("2026-12-01")).toMatchObject([{ verdict: "waived", waiver }]);
    expect(verdicts("2026-12-02").map((f) => f.verdict)).toEqual(["fail"]);
    expect(
      evaluate(asInput(p), "2026-12-02")
        .filter((f) => f.id === "waivers-in-date")
        .map((f) => f.verdict),
    ).toEqual(["fail"]);
  });

  it("waives nothing else", () => {
    const p = planned();
    becomes(change(p, "openstack_blockstorage_volume_v3", "control-1"), ["delete"]);
    p.blueprint.waivers = rules.map(({ id }) => ({
      waives: id,
      reason: "x",
      owner: "x",
      expires: "2026-12-01",
    }));
    const findings = evaluate(asInput(p), AS_OF);
    expect(
      findings.filter((f) => f.id === "no-unnoticed-destruction" && f.verdict === "fail"),
    ).toHaveLength(1);
    expect(findings.filter((f) => f.verdict === "waived").map((f) => f.id)).toEqual([]);
  });

  it("makes a rule that throws a fail", () => {
    const broken: Rule = {
      ...(rules[0] as Rule),
      id: "broken",
      check: () => {
        throw new TypeError("x is undefined\nsecond line");
      },
    };
    expect(evaluate(asInput(example()), AS_OF, { name: "p", why: "w", rules: [broken] })).toEqual([
      {
        id: "broken",
        verdict: "fail",
        subject: "lab",
        message:
          "the rule itself failed, so nothing is known (TypeError: x is undefined): report it as a bug",
      },
    ]);
  });

  const odd: unknown[] = [null, 1, "x", [], {}, [[]], [null], { a: null }, true];
  it.each(odd.map((value) => [JSON.stringify(value), value] as const))(
    "gives fails, not an error, for a document that is %s",
    (_, value) => {
      const whole = {
        ...asInput(example()),
        stacks: new Map([
          ["lab", value],
          ["lab-addresses", value],
        ]),
        plans: new Map([["lab", value]]),
      };
      const findings = evaluate(whole as unknown as PolicyInput, AS_OF);
      expect(tally(findings).fail).toBeGreaterThan(0);
    },
  );

  it.each(["resource", "data", "provider", "terraform", "output"])(
    "gives no error, whatever stands in place of %s",
    (key) => {
      for (const value of odd) {
        const p = planned();
        p.stacks.get("lab")[key] = value;
        p.plans.get("lab").resource_changes = value;
        p.plans.get("lab").configuration = value;
        expect(notPassed(evaluate(asInput(p), AS_OF)).join("\n")).not.toMatch(
          /the rule itself failed/,
        );
      }
    },
  );

  it("gives no error, whatever an attribute holds", () => {
    for (const value of odd) {
      const p = planned();
      for (const bodies of Object.values<Record<string, Record<string, unknown>>>(
        p.stacks.get("lab").resource,
      )) {
        for (const body of Object.values(bodies))
          for (const name of Object.keys(body)) body[name] = value;
      }
      for (const { change: planned } of p.plans.get("lab").resource_changes) {
        for (const name of Object.keys(planned.after)) planned.after[name] = value;
      }
      const said = notPassed(evaluate(asInput(p), AS_OF));
      expect(said.join("\n")).not.toMatch(/the rule itself failed/);
      expect(said.some((text) => text.startsWith("fail"))).toBe(true);
    }
  });
});

describe("the pack", () => {
  it("has one rule for each id, each with a reason", () => {
    expect(new Set(ALL_RULES.map((r) => r.id)).size).toBe(ALL_RULES.length);
    for (const rule of ALL_RULES) {
      expect(rule.id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(rule.why).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("is what an instance's waivers may name", () => {
    expect(ALL_RULES.map(({ id }) => id)).toEqual(POLICY_RULE_IDS);
  });

  it("lets only be waived what costs no state and opens nothing to strangers", () => {
    const waivable = ALL_RULES.filter((rule) => rule.waivable).map(({ id }) => id);
    expect(waivable).toEqual([
      "no-unnoticed-interruption",
      "security-logs-take-two",
      "jitsi-release-is-known",
      "retention-has-its-reason",
    ]);
  });

  it("knows each management port once, with a source", () => {
    expect(new Set(MANAGEMENT_PORTS.map((p) => p.port)).size).toBe(MANAGEMENT_PORTS.length);
    for (const port of MANAGEMENT_PORTS) expect(port.source).not.toBe("");
  });

  it("is what docs/policy.md lists", () => {
    const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "policy.md"), "utf8");
    const rows = page
      .split("\n")
      .filter((line) => /^\| `/.test(line) && line.split("|").length === 8);
    expect(rows).toEqual(
      ALL_RULES.map(
        (r) =>
          `| \`${r.id}\` | ${r.level} | ${r.looksAt} | ${r.what} | ${r.why}${r.norms ? ` ${r.norms.join(", ")}.` : ""} | ${r.waivable ? "yes" : "no"} |`,
      ),
    );
  });
});
