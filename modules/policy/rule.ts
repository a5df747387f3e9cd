import type { Finding } from "../common/findings/index.ts";
import { isWaivable, type PolicyRuleId } from "../planning/instance/index.ts";
import type { PolicyInput, Rule } from "./types.ts";

/** A finding before the rule's id is put on it. */
export type Observation = Omit<Finding, "id">;

/** A rule whose check needn't repeat its own id. Whether it may be waived stands beside its id in the instance's words. */
export interface RuleProps extends Omit<Rule, "id" | "waivable" | "check"> {
  readonly id: PolicyRuleId;
  readonly check: (input: PolicyInput, asOf: string) => readonly Observation[];
}

export const defineRule = (props: RuleProps): Rule => ({
  ...props,
  waivable: isWaivable(props.id),
  check: (input, asOf) => props.check(input, asOf).map((seen) => ({ id: props.id, ...seen })),
});

export const pass = (subject: string, message: string): Observation => ({
  verdict: "pass",
  subject,
  message,
});

export const fail = (subject: string, message: string): Observation => ({
  verdict: "fail",
  subject,
  message,
});

export const notTested = (subject: string, why: string): Observation => ({
  verdict: "not-tested",
  subject,
  message: why,
});

/** The fails of one subject, or, where there is none, its one pass. */
export const failsOr = (
  fails: readonly Observation[],
  subject: string,
  message: string,
): readonly Observation[] => (fails.length > 0 ? fails : [pass(subject, message)]);
