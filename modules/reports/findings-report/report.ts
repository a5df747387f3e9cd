import type { Finding } from "../../common/findings/index.ts";

/** What a report says of a rule. */
export interface ReportedRule {
  readonly id: string;
  readonly level: "error" | "warning";
  readonly what: string;
  readonly why: string;
  /** Ids of the norms that it serves. */
  readonly norms?: readonly string[] | undefined;
}

/** Findings with what a reader needs beside them. */
export interface AuditReport {
  /** What was audited: an instance, or a file. */
  readonly subject: string;
  /** Day on which the rules were evaluated, `YYYY-MM-DD`. */
  readonly asOf: string;
  /** The toolkit's version. */
  readonly version: string;
  readonly findings: readonly Finding[];
  readonly rules: readonly ReportedRule[];
  /** What couldn't be looked at, and why. */
  readonly notSeen: readonly string[];
}
