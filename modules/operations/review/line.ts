/** How much it matters: `high` ends calls, loses data, or lets somebody in; `low` does nothing of the kind. */
export const RISKS = ["high", "medium", "low"] as const;
export type Risk = (typeof RISKS)[number];

/** One thing that a plan changes, in words that need no knowledge of Terraform. */
export interface ReviewLine {
  readonly risk: Risk;
  readonly text: string;
}
