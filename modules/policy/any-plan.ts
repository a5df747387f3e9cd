import type { ProviderSchema } from "../clouds/provider-schema/index.ts";
import type { Finding } from "../common/findings/index.ts";
import type { Blueprint } from "../planning/blueprint/index.ts";
import { privateNetworkIsClosed } from "./hetzner/private-network-is-closed.ts";
import { isObject } from "./json.ts";
import { portsAreGuarded } from "./openstack/ports-are-guarded.ts";
import { changesOf, stays } from "./plan.ts";
import { noManagementFromInternet } from "./rules/no-management-from-internet.ts";
import { noSecret } from "./rules/no-secret.ts";
import { noToken } from "./rules/no-token.ts";
import { noUnnoticedDestruction } from "./rules/no-unnoticed-destruction.ts";
import type { PlanJson, PolicyInput, Rule, TerraformJson } from "./types.ts";

/** A rule that needs no Blueprint, and what it is shown of a plan. */
interface AnyRule {
  readonly rule: Rule;
  /** `documents`: the planned resources as if they were a document. */
  readonly sees: "documents" | "plan";
}

const ANY: readonly AnyRule[] = [
  { rule: noManagementFromInternet, sees: "documents" },
  { rule: portsAreGuarded, sees: "plan" },
  { rule: privateNetworkIsClosed, sees: "plan" },
  { rule: noUnnoticedDestruction, sees: "plan" },
  { rule: noSecret, sees: "plan" },
  { rule: noToken, sees: "plan" },
];

/** The rules that read a plan which polder didn't make. */
export const ANY_PLAN_RULES: readonly Rule[] = ANY.map(({ rule }) => rule);

/** What these rules look up in a Blueprint, for a project that has none: nothing is known, so everything is protected. */
const NOBODYS = {
  instance: "plan",
  hosts: [],
  zones: [],
  flows: [],
  sizing: { roles: [] },
  waivers: [],
  overrides: [],
  adminNetworks: [],
} as unknown as Blueprint;

/** The planned resources in the form of a document; what only the apply knows is left out. */
function documentOf(plan: PlanJson): TerraformJson {
  const resource: Record<string, Record<string, unknown>> = {};
  for (const change of changesOf("plan", plan)) {
    if (change.mode !== "managed" || !stays(change)) continue;
    resource[change.type] = { ...resource[change.type], [change.address]: change.after };
  }
  return { resource };
}

/**
 * Evaluates a plan of Terraform's or OpenTofu's that polder didn't make, by the rules that need no Blueprint. Each
 * gives at least one finding. Whoever made the plan knows why a resource is there: these rules say what is dangerous
 * whatever the reason.
 *
 * @param asOf the day to evaluate on, `YYYY-MM-DD`
 */
export function evaluateAnyPlan(plan: PlanJson, schema: ProviderSchema, asOf: string): Finding[] {
  const input = (sees: AnyRule["sees"]): PolicyInput => ({
    blueprint: NOBODYS,
    stacks: sees === "documents" ? new Map([["plan", documentOf(plan)]]) : new Map(),
    expected: new Map(),
    jitsiReleases: [],
    ...(sees === "plan" && { plans: new Map([["plan", plan]]) }),
    schema,
  });
  return ANY.flatMap(({ rule, sees }) => {
    const findings = rule.check(input(sees), asOf);
    const message = "the plan has nothing that it reads";
    return findings.length > 0
      ? findings
      : [{ id: rule.id, verdict: "not-tested" as const, subject: "plan", message }];
  });
}

/** Whether a JSON value is a plan as `terraform show -json` prints it. */
export const isPlan = (value: unknown): value is PlanJson =>
  isObject(value) &&
  typeof value["format_version"] === "string" &&
  Array.isArray(value["resource_changes"]);
