import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Version } from "@cyclonedx/cyclonedx-library/Spec";
import { JsonStrictValidator } from "@cyclonedx/cyclonedx-library/Validation";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../common/findings/index.ts";
import { normsOf } from "../../common/norms/index.ts";
import { allChecks } from "../../operations/rules/index.ts";
import { buildBlueprint } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { loadNorms } from "../../workspace/index.ts";
import { DRAFTED_CHECKS, dpiaText } from "./drafts.ts";
import type { Evidence, EvidenceCheck } from "./evidence.ts";
import { evidenceFiles } from "./index.ts";
import { normResults } from "./norm-results.ts";
import { evidencePage } from "./page.ts";
import { changeRecord, exposureRegister, logRegister, retentionStatement } from "./registers.ts";
import { VERIFY } from "./verify.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const check = (id: string, ...norms: string[]): EvidenceCheck => ({
  id,
  kind: "rule",
  level: "error",
  what: `${id} holds`,
  why: "Because.",
  norms,
});
const found = (id: string, verdict: Finding["verdict"], message = "seen"): Finding => ({
  id,
  verdict,
  subject: "lab",
  message,
  ...(verdict === "waived" && {
    waiver: { waives: id, reason: "Later.", owner: "Sam de Vries", expires: "2027-01-31" },
  }),
});
const document = { id: "X", title: "Norm X", version: "1", source: "https://example.org/x" };
const norms = [
  ...normsOf({
    read: "2026-11-28",
    duties: { policy: { nl: "Dat beslist het bestuur.", en: "The board decides that." } },
    documents: [
      {
        ...document,
        read: "2026-11-28",
        rows: [
          { number: "1", nl: "een", en: "one", by: "machine" },
          { number: "2", nl: "twee", en: "two", by: "both", duty: "policy" },
          { number: "3", nl: "drie", en: "three", by: "owner", duty: "policy" },
        ],
      },
    ],
  }).values(),
];
const tallied = { pass: 1, fail: 0, "not-tested": 0, waived: 0 };
const toolkit = { version: "0.1.0", commit: null, code: "0".repeat(64) };
const some = (change: Partial<Evidence> = {}): Evidence => ({
  blueprint,
  asOf: "2026-11-28",
  at: "2026-11-28T12:00:00Z",
  toolkit,
  signer: { user: "samdevries", name: "Sam de Vries" },
  findings: [found("a", "pass"), found("b", "pass")],
  checks: [check("a", "X 1"), check("b", "X 1", "X 2")],
  norms,
  notSeen: [{ nl: "de cloud", en: "the cloud", report: "nobody asked" }],
  history: [],
  head: "0".repeat(64),
  review: [],
  hosts: [
    {
      host: "control-1",
      packages: { install: ["nginx", "prosody"] },
      unpacked: [{ name: "jicofo", version: "1.0-1128-1", sha256: "a".repeat(64) }],
    },
    { host: "turn-1", packages: { install: ["nginx"] }, unpacked: [] },
  ],
  packages: [
    { name: "@scope/one", version: "1.2.3", licence: "MIT", sha512: "b".repeat(128) },
    { name: "two", version: "2.0.0", optional: true },
  ],
  ...change,
});

describe("normResults", () => {
  const verdictOf = (findings: readonly Finding[]) =>
    normResults(some({ findings })).map(({ verdict }) => verdict);

  it("takes the gravest of all findings that bear on a norm, and none for what is the owner's", () => {
    expect(verdictOf([found("a", "pass"), found("b", "pass")])).toEqual(["pass", "pass", "owner"]);
    expect(verdictOf([found("a", "fail"), found("b", "pass")])).toEqual(["fail", "pass", "owner"]);
    expect(verdictOf([found("a", "pass"), found("a", "not-tested"), found("b", "waived")])).toEqual(
      ["waived", "waived", "owner"],
    );
  });

  it("passes nothing that no check looked at", () => {
    expect(verdictOf([])).toEqual(["not-tested", "not-tested", "owner"]);
    expect(verdictOf([found("a", "pass"), found("a", "not-tested")])).toEqual([
      "not-tested",
      "not-tested",
      "owner",
    ]);
  });

  it("says why, with the first finding and how many more there are", () => {
    const findings = [found("a", "fail", "open"), found("b", "fail", "shut"), found("b", "fail")];
    const [first, , third] = normResults(some({ findings }));
    expect(first?.why.en).toBe("a, lab: open (and 2 more)");
    expect(third?.why.nl).toBe("Dat beslist het bestuur.");
  });
});

describe("evidencePage", () => {
  const findings = [
    found("a", "fail", 'port "8443" <opens>'),
    found("b", "waived"),
    found("b", "not-tested", "no plan"),
  ];
  const pages = {
    nl: evidencePage(some({ findings }), "nl"),
    en: evidencePage(some({ findings }), "en"),
  };

  it.each(["nl", "en"] as const)(
    "in %s needs no script, and takes nothing from elsewhere",
    (language) => {
      expect(pages[language]).not.toMatch(/<script|<link|<img|@import|url\(|\son[a-z]+=|<opens>/);
      expect(pages[language]).toContain(`<html lang="${language}">`);
    },
  );

  it("says first how it stands, and has the gravest findings first", () => {
    for (const [page, texts] of [
      [
        pages.nl,
        [
          "1 van 3 bevindingen voldoet niet, en daardoor 1 norm.",
          "Wat hier niet te zien was",
          ">Wat niet voldoet<",
          ">Wat niet getest is<",
          ">Wat niet voldoet en iemand accepteert<",
        ],
      ],
      [
        pages.en,
        [
          "1 of 3 findings fails, and so does 1 norm.",
          "What could not be seen",
          ">What fails<",
          ">What wasn't tested<",
          ">What fails and somebody accepts<",
        ],
      ],
    ] as const) {
      const places = texts.map((text) => page.replaceAll("&#39;", "'").indexOf(text));
      expect(places).not.toContain(-1);
      expect([...places].sort((a, b) => a - b)).toEqual(places);
    }
  });

  it("says that all passes only where nothing fails", () => {
    expect(pages.en).not.toContain("All that was tested passes");
    expect(evidencePage(some(), "en")).toContain("All that was tested passes: 2 findings.");
    expect(evidencePage(some(), "nl")).toContain("Alles wat getest is, voldoet: 2 bevindingen.");
  });

  it("says of a lab that it is a trial, and counts what no machine can assess", () => {
    const lab = { ...blueprint, residency: { ...blueprint.residency, profile: "lab" as const } };
    const real = { ...blueprint, residency: { ...blueprint.residency, profile: "eea" as const } };
    const of = (one: typeof blueprint) => evidencePage(some({ blueprint: one }), "en");
    expect(of(lab)).toMatch(/This is a trial on one computer .* holds no meetings here/);
    expect(of(real)).not.toContain("trial");
    expect(of(real)).toContain("holds its meetings here, on a cluster of its own");
    expect(of(real)).toContain("No machine can assess 1 norm more");
    expect(dpiaText(some({ blueprint: lab }), "en")).toContain("profile lab asks nothing");
    expect(dpiaText(some({ blueprint: real }), "en")).not.toContain("profile lab");
  });

  it("has every norm, the owner's too, each page in its own words, and leads to the other", () => {
    for (const id of ["X 1", "X 2", "X 3"]) {
      expect(pages.nl).toContain(`<th scope="row">${id}</th>`);
      expect(pages.en).toContain(`<th scope="row">${id}</th>`);
    }
    expect(pages.nl).toContain("Dat beslist het bestuur.");
    expect(pages.en).toContain("The board decides that.");
    expect(pages.nl).toContain('href="index.en.html" hreflang="en"');
    expect(pages.en).toContain('href="index.html" hreflang="nl"');
  });

  it("marks on the Dutch page what a program wrote in English", () => {
    expect(pages.nl).toContain('<span lang="en">port &quot;8443&quot; &lt;opens&gt;</span>');
    expect(pages.en).toContain("<td>port &quot;8443&quot; &lt;opens&gt;</td>");
  });
});

describe("registers", () => {
  it("have exactly what the flows let in from outside, on every host of the role", () => {
    const outside = blueprint.flows.filter(({ from }) => from.kind !== "role");
    const expected = outside.flatMap(({ id, to }) =>
      blueprint.hosts
        .filter(({ role }) => to.kind === "role" && to.role === role)
        .map(({ name }) => `${name} ${id}`),
    );
    const rows = exposureRegister(blueprint).map(({ host, flow }) => `${host} ${flow}`);
    expect(expected.length).toBeGreaterThan(3);
    expect([...rows].sort()).toEqual([...expected].sort());
  });

  it("and drafts name rules and probes that exist", () => {
    const ids = new Set(allChecks().map(({ id }) => id));
    const named = [
      ...logRegister(blueprint).flatMap(({ rules }) => rules),
      ...retentionStatement(blueprint).flatMap(({ rules }) => rules),
      ...DRAFTED_CHECKS,
    ];
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
  });

  it("have the terms of the instance file", () => {
    const { retention } = blueprint;
    const days = logRegister(blueprint).map((row) => row.days);
    expect(days).toEqual([
      retention.operationsDays,
      retention.operationsDays,
      retention.securityDays,
      retention.incidentDays,
      undefined,
      undefined,
    ]);
  });

  it("tell of each plan its tests, who approved, what became of it, and of the last its risk", () => {
    const line = (number: number, event: Evidence["history"][number]["event"]) => ({
      number,
      at: "2026-11-28T10:00:00Z",
      by: "samdevries",
      toolkit: { version: "0.1.0", commit: null },
      event,
    });
    const stacks = [
      { add: 2, change: 1, remove: 0 },
      { add: 3, change: 0, remove: 4 },
    ];
    const history = [
      line(1, { kind: "plan", plan: "p1", stacks, findings: tallied }),
      line(2, { kind: "approval", plan: "p1", user: "noorbakker" }),
      line(3, { kind: "apply", plan: "p1", outcome: "applied", findings: tallied }),
      line(4, { kind: "plan", plan: "p2", stacks: [], findings: tallied }),
    ];
    const review = [{ risk: "high", text: "bridge-1 goes" }];
    const plan = { digest: "p2", by: "samdevries", at: "2026-11-28T10:00:00Z" };
    const [last, first] = changeRecord({ history, plan, review });
    expect(first).toMatchObject({
      plan: "p1",
      changes: { add: 5, change: 1, remove: 4 },
      tests: tallied,
      approvals: [{ by: "samdevries" }],
      applied: [{ outcome: "applied" }],
    });
    expect(first?.risk).toBeUndefined();
    expect(last).toMatchObject({ plan: "p2", approvals: [], applied: [], risk: review });
  });
});

it("docs/evidence.md tells the very commands that the pages tell", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/evidence.md"), "utf8");
  expect(page).toContain(`\`\`\`sh\n${VERIFY}\`\`\``);
});

describe("evidenceFiles", () => {
  const files = evidenceFiles(some());
  const json = (path: string) => JSON.parse(files.get(path) ?? "null");

  it("are the same from the same evidence", () => {
    expect([...evidenceFiles(some())]).toEqual([...files]);
  });

  it.each(["sbom/toolkit.cdx.json", "sbom/hosts.cdx.json"])(
    "%s is CycloneDX 1.6 by its own schema",
    async (path) => {
      const validator = new JsonStrictValidator(Version.v1dot6);
      expect(await validator.validate(files.get(path) ?? "")).toBeNull();
      const wrong = { ...json(path), components: [{ type: "librarry", name: 7 }] };
      expect(await validator.validate(JSON.stringify(wrong))).not.toBeNull();
    },
  );

  it("name each package of the hosts once, with the hosts that take it", () => {
    const { components } = json("sbom/hosts.cdx.json");
    const names = components.map(({ name }: { name: string }) => name);
    expect([...names].sort()).toEqual(["jicofo", "nginx", "prosody"]);
    const [jicofo, nginx] = ["jicofo", "nginx"].map((name) => components[names.indexOf(name)]);
    expect(jicofo.hashes).toEqual([{ alg: "SHA-256", content: "a".repeat(64) }]);
    expect(nginx.properties.map(({ value }: { value: string }) => value)).toEqual([
      "control-1",
      "turn-1",
    ]);
    const [one, two] = json("sbom/toolkit.cdx.json").components;
    expect([one.purl, one.hashes[0].alg, two.scope]).toEqual([
      "pkg:npm/%40scope/one@1.2.3",
      "SHA-512",
      "optional",
    ]);
  });

  it("say in OSCAL satisfied only of a norm that passes, and why not of the others", () => {
    const evidence = some({
      findings: [found("a", "fail", "open"), found("b", "not-tested", "no plan")],
    });
    const results = JSON.parse(evidenceFiles(evidence).get("oscal/assessment-results.json") ?? "");
    const [result] = results["assessment-results"].results;
    const status = result.findings.map(
      ({ target }: { target: { status: object } }) => target.status,
    );
    expect(status).toEqual([
      { state: "not-satisfied", reason: "fail", remarks: "fail: a, lab: open" },
      { state: "not-satisfied", reason: "other", remarks: "not-tested: b, lab: no plan" },
    ]);
    const [selection] = result["reviewed-controls"]["control-selections"];
    expect(selection["exclude-controls"]).toEqual([{ "control-id": "x-3" }]);
    const [first] = json("oscal/assessment-results.json")["assessment-results"].results;
    expect(first.findings[0].target.status.state).toBe("satisfied");
  });

  it("hold each measure of BIO2 as a control of its own id", () => {
    const evidence = some({ norms: [...loadNorms().values()] });
    const { catalog } = JSON.parse(evidenceFiles(evidence).get("oscal/catalog.json") ?? "");
    const [bio] = catalog.groups;
    const controls = bio.groups.flatMap(({ controls: own }: { controls: object[] }) => own);
    expect(controls).toHaveLength(117);
    expect(controls).toContainEqual(expect.objectContaining({ id: "bio2-5.14.04" }));
    const ids = JSON.stringify(catalog).match(/"id":"[^"]+"/g) ?? [];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
