import type { Finding } from "../../common/findings/index.ts";
import type { AuditReport } from "./report.ts";

/** SARIF's kind of a result (2.1.0, 3.27.9); only a fail has a level. */
const KIND = { pass: "pass", fail: "fail", "not-tested": "notApplicable", waived: "fail" } as const;

/**
 * Findings as SARIF 2.1.0, which GitHub and GitLab show beside the code, a run for each report. A waived finding is a fail
 * with an accepted suppression, and so stays in sight; what wasn't tested is `notApplicable` with its reason.
 */
export const sarifOf = (...reports: readonly AuditReport[]): unknown => ({
  $schema: "https://json.schemastore.org/sarif-2.1.0.json",
  version: "2.1.0",
  runs: reports.map(runOf),
});

function runOf({ findings, rules, version, asOf, subject, notSeen }: AuditReport) {
  const known = [
    ...rules.map((rule) => ({
      id: rule.id,
      shortDescription: { text: rule.what },
      fullDescription: { text: rule.why },
      defaultConfiguration: { level: rule.level },
      ...(rule.norms && { properties: { tags: rule.norms } }),
    })),
    // Findings of the cloud and of an instance's own rules come with no description.
    ...[...new Set(findings.map(({ id }) => id))]
      .filter((id) => !rules.some((rule) => rule.id === id))
      .map((id) => ({ id })),
  ];
  const index = new Map(known.map(({ id }, i) => [id, i]));
  const levels = new Map(rules.map(({ id, level }) => [id, level]));
  return {
    tool: { driver: { name: "polder", version, rules: known } },
    automationDetails: { id: `polder/${subject}/${asOf}` },
    invocations: [
      {
        executionSuccessful: true,
        ...(notSeen.length > 0 && {
          toolExecutionNotifications: notSeen.map((text) => ({
            level: "note",
            message: { text },
          })),
        }),
      },
    ],
    results: findings.map((finding) => ({
      ruleId: finding.id,
      ruleIndex: index.get(finding.id),
      kind: KIND[finding.verdict],
      level: levelOf(finding, levels.get(finding.id)),
      message: { text: finding.message },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: uriOf(finding, subject) } },
          logicalLocations: [{ fullyQualifiedName: finding.subject }],
        },
      ],
      ...(finding.waiver && {
        suppressions: [
          {
            kind: "external",
            status: "accepted",
            justification: `${finding.waiver.owner} until ${finding.waiver.expires}: ${finding.waiver.reason}`,
          },
        ],
      }),
    })),
  };
}

const levelOf = ({ verdict }: Finding, level: "error" | "warning" = "error") =>
  verdict === "fail" || verdict === "waived" ? level : "none";

/** The file that a code host shows the finding at: a document, a host's file, or the instance file. */
function uriOf({ subject }: Finding, instance: string): string {
  const [, host, path] = /^([a-z]+-\d+):(\/.+)$/.exec(subject) ?? [];
  if (host && path)
    return `build/instances/${encodeURI(instance)}/hosts/${host}/files${encodeURI(path)}`;
  const [, stack] = /^([a-z0-9-]+)\/(data\.)?[a-z]+_/.exec(subject) ?? [];
  return stack
    ? `build/instances/${encodeURI(instance)}/stacks/${stack}/cdk.tf.json`
    : `instances/${encodeURI(instance)}/instance.yaml`;
}
