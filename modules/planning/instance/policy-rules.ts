/**
 * The policy's rules, and whether an instance may carry a waiver for one. Their ids are words of the instance file,
 * whose waivers name them: reading it needs these words and not the policy.
 */
const POLICY_RULES = {
  "exposure-equals-flows": { waivable: false },
  "no-management-from-internet": { waivable: false },
  "ports-are-guarded": { waivable: false },
  "state-is-protected": { waivable: false },
  "no-unnoticed-destruction": { waivable: false },
  "no-unnoticed-interruption": { waivable: true },
  "running-hosts-are-kept": { waivable: false },
  "explained-by-blueprint": { waivable: false },
  "plan-is-of-this-blueprint": { waivable: false },
  "overrides-are-named": { waivable: false },
  "no-secret": { waivable: false },
  "no-token": { waivable: false },
  "user-data-is-identity": { waivable: false },
  labelled: { waivable: false },
  "mail-and-ca-locked": { waivable: false },
  "provider-pinned": { waivable: false },
  "state-outside-output": { waivable: false },
  "valid-by-schema": { waivable: false },
  "residency-accepted": { waivable: false },
  "residency-fresh": { waivable: false },
  "security-logs-take-two": { waivable: true },
  "waivers-in-date": { waivable: false },
  "private-network-is-closed": { waivable: false },
} as const satisfies Readonly<Record<string, { readonly waivable: boolean }>>;

export type PolicyRuleId = keyof typeof POLICY_RULES;

export const POLICY_RULE_IDS = Object.keys(POLICY_RULES) as readonly PolicyRuleId[];

export const isWaivable = (id: PolicyRuleId): boolean => POLICY_RULES[id].waivable;
