import type { Finding } from "../../common/findings/index.ts";
import type { Norm } from "../../common/norms/index.ts";
import type { Evidence } from "./evidence.ts";
import { type NormResult, normResults } from "./norm-results.ts";
import { uuidOf } from "./uuid.ts";

/** The edition of OSCAL whose form this is. */
const OSCAL = "1.2.1";

/** OSCAL's token for a norm: letters, digits, points and lines. */
export const controlId = ({ id }: Pick<Norm, "id">): string =>
  id
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/-+$/, "");

/** What is asked of a control, as a part of it that a result can point at. */
const statementId = (norm: Pick<Norm, "id">): string => `${controlId(norm)}_smt`;

const CHAPTERS: Readonly<Record<string, string>> = {
  "5": "Organisational measures",
  "6": "Measures for people",
  "7": "Physical measures",
  "8": "Technological measures",
};

const metadata = (title: string, version: string, at: string) => ({
  title,
  "last-modified": at,
  version,
  "oscal-version": OSCAL,
});

const controlOf = (norm: Norm) => ({
  id: controlId(norm),
  title: norm.title.nl,
  props: [
    { name: "label", value: norm.id },
    { name: "sort-id", value: norm.id.replaceAll(/\d+/g, (digits) => digits.padStart(4, "0")) },
  ],
  parts: [
    {
      id: statementId(norm),
      name: "statement",
      prose: `${norm.title.nl}.\n\n${norm.title.en}.`,
    },
    ...(norm.duty
      ? [
          {
            id: `${controlId(norm)}_gdn`,
            name: "guidance",
            title: "What is left for the owner",
            prose: `${norm.duty.nl}\n\n${norm.duty.en}`,
          },
        ]
      : []),
  ],
});

/**
 * The norms as an OSCAL catalogue: BIO2's own measures by chapter, and the others by document. Titles and statements are
 * our own words in Dutch and English; a number is the norm's.
 */
export function oscalCatalog({
  norms,
  at,
  toolkit,
}: Pick<Evidence, "norms" | "at" | "toolkit">): unknown {
  const documents = [...new Map(norms.map(({ document }) => [document.id, document])).values()];
  return {
    catalog: {
      uuid: uuidOf(`catalog ${toolkit.version} ${at}`),
      metadata: metadata(
        "Measures of BIO2, and other norms for a meeting service, in own words",
        toolkit.version,
        at,
      ),
      groups: documents.map((document) => {
        const own = norms.filter((norm) => norm.document.id === document.id);
        const chapters = [...new Set(own.map(({ number }) => number.split(".")[0] ?? ""))];
        const id = controlId({ id: `g ${document.id}` });
        const links = [...document.source.matchAll(/https?:\/\/[^\s,;]+/g)].map(([href]) => ({
          href,
          rel: "reference",
        }));
        return {
          id,
          title: `${document.title}, ${document.version}`,
          props: [{ name: "label", value: document.id }],
          ...(links.length > 0 && { links }),
          ...(document.id === "BIO2"
            ? {
                groups: chapters.map((chapter) => ({
                  id: `${id}-${chapter}`,
                  title: CHAPTERS[chapter] ?? chapter,
                  controls: own
                    .filter(({ number }) => number.startsWith(`${chapter}.`))
                    .map(controlOf),
                })),
              }
            : { controls: own.map(controlOf) }),
        };
      }),
    },
  };
}

/** OSCAL knows satisfied and not-satisfied alone; the reason keeps apart what failed and what wasn't tested. */
const statusOf = ({ verdict, why }: NormResult) => ({
  state: verdict === "pass" ? "satisfied" : "not-satisfied",
  reason: verdict === "pass" ? "pass" : verdict === "fail" ? "fail" : "other",
  ...(verdict !== "pass" && { remarks: `${verdict}: ${why.en}` }),
});

const observedIn = ({ message, subject, verdict, waiver }: Finding) => ({
  href: "../findings.json",
  description: `${subject}: ${verdict}: ${message}${waiver ? ` (${waiver.owner} until ${waiver.expires}: ${waiver.reason})` : ""}`,
});

/**
 * What rules and probes found, as OSCAL assessment results: an observation for each check, a finding for each norm that
 * a machine serves. The norms that are the owner's alone are excluded from what was reviewed, and say so.
 */
export function oscalResults(evidence: Evidence): unknown {
  const { findings, checks, at, asOf, toolkit, blueprint } = evidence;
  const key = `${blueprint.instance} ${at}`;
  const results = normResults(evidence);
  const served = results.filter(({ verdict }) => verdict !== "owner");
  const owners = results.filter(({ verdict }) => verdict === "owner");
  const observation = (id: string): string => uuidOf(`observation ${key} ${id}`);
  const byCheck = checks
    .map((check) => ({ check, own: findings.filter(({ id }) => id === check.id) }))
    .filter(({ own }) => own.length > 0);
  const [plan, catalog] = [uuidOf(`plan ${key}`), uuidOf(`catalog resource ${key}`)];
  return {
    "assessment-results": {
      uuid: uuidOf(`results ${key}`),
      metadata: metadata(`Evidence of ${blueprint.instance}`, toolkit.version, at),
      "import-ap": {
        href: `#${plan}`,
        remarks:
          "There is no assessment plan in OSCAL: the rules and probes of polder are the plan.",
      },
      results: [
        {
          uuid: uuidOf(`result ${key}`),
          title: `${blueprint.instance} as of ${asOf}`,
          description: `What the rules and probes of polder ${toolkit.version} found at ${blueprint.domain}.`,
          start: at,
          end: at,
          "reviewed-controls": {
            "control-selections": [
              {
                description: "The norms that rules or probes serve.",
                "include-controls": served.map(({ norm }) => ({ "control-id": controlId(norm) })),
                ...(owners.length > 0 && {
                  "exclude-controls": owners.map(({ norm }) => ({
                    "control-id": controlId(norm),
                  })),
                  remarks:
                    "What is excluded is the owner's alone: the catalogue says what and why.",
                }),
              },
            ],
          },
          observations: byCheck.map(({ check, own }) => ({
            uuid: observation(check.id),
            title: check.id,
            description: check.what,
            methods: [check.kind === "record" ? "EXAMINE" : "TEST"],
            types: ["finding"],
            "relevant-evidence": own.map(observedIn),
            collected: at,
          })),
          findings: served.map((result) => ({
            uuid: uuidOf(`finding ${key} ${result.norm.id}`),
            title: result.norm.id,
            description: result.norm.title.en,
            target: {
              type: "statement-id",
              "target-id": statementId(result.norm),
              status: statusOf(result),
            },
            ...(result.checks.length > 0 && {
              "related-observations": result.checks.map(({ check }) => ({
                "observation-uuid": observation(check.id),
              })),
            }),
          })),
        },
      ],
      "back-matter": {
        resources: [
          {
            uuid: plan,
            title: "The rules and probes of polder",
            description: "docs/policy.md and docs/probes.md of the toolkit describe each.",
          },
          { uuid: catalog, title: "The norms", rlinks: [{ href: "catalog.json" }] },
        ],
      },
    },
  };
}
