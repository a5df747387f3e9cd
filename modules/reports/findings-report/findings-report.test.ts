import { describe, expect, it } from "vitest";
import { type AuditReport, htmlOf, junitOf, sarifOf } from "./index.ts";

const waiver = {
  waives: "keeps-little",
  reason: "The works council agreed.",
  owner: "Sam de Vries",
  expires: "2027-01-31",
};
const report: AuditReport = {
  subject: "lab",
  asOf: "2026-11-28",
  version: "0.1.0",
  findings: [
    { id: "opens-nothing", verdict: "pass", subject: "lab", message: "nothing is open" },
    {
      id: "opens-nothing",
      verdict: "fail",
      subject: "lab/openstack_networking_secgroup_rule_v2.x",
      message: 'opens "22" to <everybody> & more',
    },
    { id: "opens-nothing", verdict: "fail", subject: "edge-1:/etc/nftables.conf", message: "open" },
    { id: "keeps-little", verdict: "waived", subject: "retention", message: "92 days", waiver },
    { id: "own-rule", verdict: "not-tested", subject: "lab", message: "no plan" },
  ],
  rules: [
    {
      id: "opens-nothing",
      level: "error",
      what: "nothing",
      why: "Ports.",
      norms: ["BIO2 8.20.02"],
    },
    { id: "keeps-little", level: "warning", what: "little", why: "Logs." },
  ],
  notSeen: ["the cloud"],
};

/** Where a result of a SARIF log is. */
interface Located {
  readonly locations: readonly {
    readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } };
  }[];
}

describe("sarifOf", () => {
  const sarif = JSON.parse(JSON.stringify(sarifOf(report)));
  const [run] = sarif.runs;

  it("is a log of version 2.1.0 with one run of polder", () => {
    expect(sarif).toMatchObject({ version: "2.1.0" });
    expect(run.tool.driver).toMatchObject({ name: "polder", version: "0.1.0" });
    expect(run.invocations[0].toolExecutionNotifications).toEqual([
      { level: "note", message: { text: "the cloud" } },
    ]);
  });

  it("describes each rule once, and each result points at its own", () => {
    expect(run.tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual([
      "opens-nothing",
      "keeps-little",
      "own-rule",
    ]);
    for (const result of run.results)
      expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
  });

  it("gives a fail its rule's level, and nothing else one", () => {
    expect(
      run.results.map(({ kind, level }: Record<string, string>) => `${kind} ${level}`),
    ).toEqual(["pass none", "fail error", "fail error", "fail warning", "notApplicable none"]);
  });

  it("keeps a waived fail in sight, as accepted by a person", () => {
    expect(run.results[3].suppressions).toEqual([
      {
        kind: "external",
        status: "accepted",
        justification: "Sam de Vries until 2027-01-31: The works council agreed.",
      },
    ]);
    expect(
      run.results.filter(({ suppressions }: { suppressions?: unknown }) => suppressions),
    ).toHaveLength(1);
  });

  it("says in which file: a document, a host's, the instance's own", () => {
    const uris = run.results.map(
      ({ locations: [at] }: Located) => at?.physicalLocation.artifactLocation.uri,
    );
    expect(uris.slice(1, 4)).toEqual([
      "build/instances/lab/stacks/lab/cdk.tf.json",
      "build/instances/lab/hosts/edge-1/files/etc/nftables.conf",
      "instances/lab/instance.yaml",
    ]);
  });
});

describe("junitOf", () => {
  const xml = junitOf(report);

  it("counts, in all and for each rule", () => {
    expect(xml).toContain('<testsuites name="polder lab" tests="5" failures="2" errors="0">');
    expect(xml).toContain(
      '<testsuite name="opens-nothing" tests="3" failures="2" errors="0" skipped="0"',
    );
    expect(xml.match(/<testcase /g)).toHaveLength(5);
  });

  it("escapes what a finding says", () => {
    expect(xml).toContain('message="opens &quot;22&quot; to &lt;everybody&gt; &amp; more"');
  });

  it("says who waived", () => {
    expect(xml).toContain("waived by Sam de Vries until 2027-01-31");
  });
});

describe("htmlOf", () => {
  const page = htmlOf(report);

  it("says first how it stands, then what wasn't seen, then the gravest", () => {
    const places = [
      "2 of 5 findings don&#39;t hold",
      "What this audit could not see",
      "What doesn&#39;t hold</h2>",
      "What wasn&#39;t tested</h2>",
      "What holds</h2>",
    ].map((text) => page.replaceAll("'", "&#39;").indexOf(text));
    expect(places).not.toContain(-1);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
  });

  it("needs no script, and takes in nothing from a finding or from elsewhere", () => {
    expect(page).not.toContain("<everybody>");
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|https?:\/\//);
  });

  it("says that all holds only when all that was tested does", () => {
    const clean = htmlOf({ ...report, findings: report.findings.slice(0, 1) });
    expect(clean).toContain("All 1 findings that were tested hold.");
    expect(clean).not.toContain('class="fail"');
  });
});
