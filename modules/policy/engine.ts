import { applyWaivers, type Finding } from "../common/findings/index.ts";
import { PACKS } from "./packs.ts";
import type { Pack, PolicyInput, Rule } from "./types.ts";

/**
 * Runs every rule of a pack. Each rule gives at least one finding: a pass, a fail, or `not-tested`
 * with why. Never throws: a rule that does becomes a fail, since what wasn't evaluated isn't good.
 *
 * @param asOf the day to evaluate on, `YYYY-MM-DD`
 * @param pack by default that of the instance's cloud
 */
export function evaluate(
  input: PolicyInput,
  asOf: string,
  pack: Pack = PACKS[input.blueprint.cloud.provider],
): Finding[] {
  return pack.rules.flatMap((rule) => {
    const findings = [...run(rule, input, asOf), ...withoutPlan(rule, input)];
    const evaluated = findings.length > 0 ? findings : [nothingToEvaluate(rule, input)];
    return rule.waivable ? applyWaivers(evaluated, input.blueprint.waivers, asOf) : evaluated;
  });
}

function run(rule: Rule, input: PolicyInput, asOf: string): Finding[] {
  try {
    return rule.check(input, asOf);
  } catch (error) {
    const reason =
      error instanceof Error ? `${error.name}: ${error.message.split("\n")[0]}` : "no reason";
    return [
      {
        id: rule.id,
        verdict: "fail",
        subject: input.blueprint.instance,
        message: `the rule itself failed, so nothing is known (${reason.slice(0, 120)}): report it as a bug`,
      },
    ];
  }
}

function withoutPlan(rule: Rule, input: PolicyInput): Finding[] {
  if (rule.looksAt !== "plan") return [];
  return [...input.stacks.keys()]
    .filter((stack) => !input.plans?.has(stack))
    .map((stack) => ({
      id: rule.id,
      verdict: "not-tested",
      subject: stack,
      message: "needs the plan, and none was made yet: `polder plan` evaluates it",
    }));
}

function nothingToEvaluate(rule: Rule, { blueprint, hosts }: PolicyInput): Finding {
  if (rule.looksAt === "hosts") {
    const message = hosts
      ? "no host has what it reads"
      : "needs the hosts' files, and none were rendered: `polder audit` and `polder plan` do";
    return { id: rule.id, verdict: "not-tested", subject: blueprint.instance, message };
  }
  const why =
    blueprint.addresses.state === "allocated"
      ? "the stacks hold nothing that it evaluates"
      : "no cluster yet: its addresses are not yet allocated";
  return { id: rule.id, verdict: "not-tested", subject: blueprint.instance, message: why };
}
