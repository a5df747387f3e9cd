/** What a rule or a probe found. There is no silent pass: what wasn't tried is `not-tested`, why. */
export type Verdict = "pass" | "fail" | "not-tested" | "waived";

/** The result of one rule or probe on one subject. */
export interface Finding {
  /** The rule's or probe's stable id, such as `exposure-equals-flows`. */
  readonly id: string;
  readonly verdict: Verdict;
  /** What was looked at: a Terraform address, a host, a file. */
  readonly subject: string;
  /** What was seen and, on a fail, what to do. One line. */
  readonly message: string;
  /** On a pass: it holds today, and somebody must look at it before it no longer does. */
  readonly warns?: true;
  /** On a probe: what it belongs to, such as `tls`. */
  readonly group?: string;
  /** Lines with everything that the rule or probe saw. */
  readonly evidence?: readonly string[];
  /** On `waived`: who carries it, until when, why. */
  readonly waiver?: Waiver;
}

/** A result without its id and subject. */
export type Outcome = Pick<Finding, "verdict" | "message" | "evidence">;

const outcome = (verdict: Verdict, message: string, evidence: readonly string[] = []): Outcome => ({
  verdict,
  message,
  ...(evidence.length > 0 && { evidence }),
});
export const pass = (message: string, evidence?: readonly string[]): Outcome =>
  outcome("pass", message, evidence);
export const fail = (message: string, evidence?: readonly string[]): Outcome =>
  outcome("fail", message, evidence);
export const notTested = (message: string): Outcome => outcome("not-tested", message);

/** Fails with all that is wrong, or passes. */
export const passUnless = (
  wrong: readonly string[],
  good: string,
  evidence?: readonly string[],
): Outcome => (wrong.length > 0 ? fail(wrong.join("; "), evidence) : pass(good, evidence));

/** A recorded, dated, expiring exception. */
export interface Waiver {
  /** Id of the setting or rule. */
  readonly waives: string;
  /** The one subject of a rule that it is for, as findings have it; absent where it is for the whole rule or setting. */
  readonly subject?: string | undefined;
  readonly reason: string;
  readonly owner: string;
  /** Last day on which it counts, `YYYY-MM-DD`. */
  readonly expires: string;
}

/** Whether a waiver still counts on the day `asOf` (`YYYY-MM-DD`). */
export const isCurrent = (waiver: Waiver, asOf: string): boolean => asOf <= waiver.expires;

/** Turns a fail for which a current waiver exists into `waived`; never into `pass`. */
export function applyWaivers(
  findings: readonly Finding[],
  waivers: readonly Waiver[],
  asOf: string,
): Finding[] {
  return findings.map((finding) => {
    const waiver = waivers.find(
      (w) =>
        w.waives === finding.id &&
        (w.subject === undefined || w.subject === finding.subject) &&
        isCurrent(w, asOf),
    );
    return finding.verdict === "fail" && waiver
      ? { ...finding, verdict: "waived", waiver }
      : finding;
  });
}

/** One line for a person: verdict, id, subject, what was seen. */
export function formatFinding(finding: Finding): string {
  const { waiver } = finding;
  const scope = waiver?.subject === undefined ? "the whole of it" : "this subject alone";
  const by = waiver
    ? ` (waived by ${waiver.owner} until ${waiver.expires}, ${scope}: ${waiver.reason})`
    : "";
  const head = finding.warns ? "warning" : finding.verdict;
  return `${head.padEnd(10)} ${finding.id}  ${finding.subject}: ${finding.message}${by}`;
}

/** The gravest first: what wasn't tested isn't passed, and what somebody accepted isn't, either. */
export const GRAVEST_FIRST = ["fail", "waived", "not-tested", "pass"] as const;

/** The gravest of some verdicts; of none: nobody looked. */
export const gravestOf = (verdicts: readonly Verdict[]): Verdict =>
  GRAVEST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? "not-tested";

/** How many findings have each verdict. */
export function tally(findings: readonly Finding[]): Record<Verdict, number> {
  const count = { pass: 0, fail: 0, "not-tested": 0, waived: 0 };
  for (const finding of findings) count[finding.verdict]++;
  return count;
}
