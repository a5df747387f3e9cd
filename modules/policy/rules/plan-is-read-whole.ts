import { at, entriesOf, isObject, isSet, listOf, same, shown, textOf } from "../json.ts";
import { type Change, changesOf, driftOf, plansOf } from "../plan.ts";
import { unknownKeys, unreadKeys } from "../plan-format.ts";
import { defineRule, fail, failsOr, type Observation, pass } from "../rule.ts";
import type { PlanJson, TerraformJson } from "../types.ts";

export const planIsReadWhole = defineRule({
  id: "plan-is-read-whole",
  level: "error",
  what: "a rule reads every part of the plan, or a list names the part as unread, with the reason; the plan has no variable, module, provisioner, check, action or deferred change, moves only what the document says, and each import is reported",
  why: "Terraform also carries out the parts of a plan that no rule reads.",
  norms: ["BIO2 8.32.01"],
  looksAt: "plan",
  check: (input) =>
    plansOf(input).flatMap(([stack, plan]) => {
      const document = input.stacks.get(stack) ?? {};
      const fails = [
        ...unknownKeys(plan).map((part) => `${part}: a part that nobody has read yet`),
        ...withoutEffect(plan),
        ...provider(plan, document),
        ...outputs(plan, document),
      ].map((text) => fail(stack, text));
      const changes = [...changesOf(stack, plan), ...driftOf(stack, plan)];
      const seen = changes.flatMap((change) => entry(change, document));
      const parts = unreadKeys(plan);
      return [
        ...failsOr(
          [...fails, ...configured(stack, plan), ...seen.filter((one) => one.verdict === "fail")],
          stack,
          `every part is read but ${parts.length}, each for a reason`,
        ).map((one) => (one.verdict === "pass" ? { ...one, evidence: parts } : one)),
        ...seen.filter((one) => one.verdict === "pass"),
      ];
    }),
});

/** Parts that must be absent or empty: nothing that polder writes makes them. */
const EMPTY: Readonly<Record<string, string>> = {
  variables: "takes values from outside the documents",
  deferred_changes: "leaves changes to a later plan",
  deferred_action_invocations: "leaves actions to a later plan",
  action_invocations: "calls actions of a provider, which nobody reviews",
  checks: "has checks of its own, which no document has",
};

const isEmpty = (value: unknown): boolean =>
  !isSet(value) || (isObject(value) ? Object.keys(value).length === 0 : listOf(value).length === 0);

function withoutEffect(plan: PlanJson): string[] {
  const root = at(plan, "configuration", "root_module");
  const acts = listOf(plan["resource_changes"]).some(
    (change) => listOf(at(change, "change", "actions")).join() !== "no-op",
  );
  return [
    ...Object.entries(EMPTY)
      .filter(([key]) => !isEmpty(plan[key]))
      .map(([key, what]) => `${key}: the plan ${what}`),
    ...["variables", "actions"]
      .filter((key) => !isEmpty(at(root, key)))
      .map((key) => `configuration.root_module.${key}: no document has any`),
    ...(acts && plan["applyable"] === false
      ? ["applyable is false: Terraform itself wouldn't apply it"]
      : []),
  ];
}

/** The provider's own configuration, as the plan repeats it, against the document's. */
function provider(plan: PlanJson, document: TerraformJson): string[] {
  return entriesOf(at(plan, "configuration", "provider_config")).flatMap(([key, config]) => {
    const name = textOf(at(config, "name")) ?? key;
    const pinned = at(document, "terraform", "required_providers", name, "version");
    const [written] = listOf(at(document, "provider", name));
    const settings = entriesOf(written);
    const planned = entriesOf(at(config, "expressions"));
    return [
      ...(isSet(at(config, "alias")) ? [`provider ${key}: a second configuration`] : []),
      ...(isSet(at(config, "module_address")) ? [`provider ${key}: is of a module`] : []),
      ...(same(at(config, "version_constraint"), pinned)
        ? []
        : [
            `provider ${key}: version ${shown(at(config, "version_constraint"))}, the document says ${shown(pinned)}`,
          ]),
      ...planned
        .filter(([setting]) => !settings.some(([other]) => other === setting))
        .map(([setting]) => `provider ${key}: sets ${setting}, the document doesn't`),
      ...settings
        .filter(([setting, value]) => {
          const expression = planned.find(([other]) => other === setting)?.[1];
          return !same(at(expression, "constant_value"), value);
        })
        .map(([setting]) => `provider ${key}: ${setting} is not what the document says`),
    ];
  });
}

/** Outputs of the plan against the document's: their names, and that none is sensitive. */
function outputs(plan: PlanJson, document: TerraformJson): string[] {
  const written = entriesOf(document["output"]).map(([name]) => name);
  const made = entriesOf(at(plan, "configuration", "root_module", "outputs"));
  const changed = entriesOf(plan["output_changes"]);
  return [
    ...[...made, ...changed.filter(([, change]) => !goes(change))]
      .filter(([name]) => !written.includes(name))
      .map(([name]) => `output ${name}: the document has none`),
    ...written
      .filter((name) => made.length > 0 && !made.some(([other]) => other === name))
      .map((name) => `output ${name}: the plan was made without it`),
    ...made
      .filter(([, output]) => isSet(at(output, "sensitive")) && at(output, "sensitive") !== false)
      .map(([name]) => `output ${name}: is sensitive: then a secret is in the state`),
    ...changed
      .filter(([, change]) =>
        ["before_sensitive", "after_sensitive"].some((mark) => at(change, mark) === true),
      )
      .map(([name]) => `output ${name}: its value is sensitive: then a secret is in the state`),
  ];
}

const goes = (change: unknown): boolean => listOf(at(change, "actions")).join() === "delete";

/** What a resource of the configuration may not have. */
function configured(stack: string, plan: PlanJson): Observation[] {
  const configurations = entriesOf(at(plan, "configuration", "provider_config")).map(
    ([key]) => key,
  );
  return listOf(at(plan, "configuration", "root_module", "resources")).flatMap((resource) => {
    const subject = `${stack}/${String(at(resource, "address"))}`;
    const key = textOf(at(resource, "provider_config_key")) ?? "none";
    return [
      ...(isEmpty(at(resource, "provisioners"))
        ? []
        : ["provisioners: a program would run on the machine that applies"]),
      ...["for_each_expression", "count_expression"]
        .filter((name) => isSet(at(resource, name)))
        .map(
          (name) =>
            `${name}: one block would make several resources, and no document has such a block`,
        ),
      ...(configurations.includes(key) ? [] : [`provider_config_key: ${key} is not configured`]),
    ].map((text) => fail(subject, text));
  });
}

/** What a change says of itself beside its values. */
function entry(change: Change, document: TerraformJson): Observation[] {
  const { subject, importing, entry: said } = change;
  const moved = listOf(document["moved"]).map((move) => `${at(move, "from")} ${at(move, "to")}`);
  const before = textOf(said["previous_address"]);
  return [
    ...(before !== undefined && !moved.includes(`${before} ${change.address}`)
      ? [fail(subject, `moved from ${before}: the document has no such move`)]
      : []),
    ...["module_address", "index"]
      .filter((key) => isSet(said[key]))
      .map((key) => fail(subject, `${key}: ${shown(said[key])}, the documents have none`)),
    ...(isSet(at(said, "change", "generated_config"))
      ? [fail(subject, "generated_config: Terraform wrote a configuration that nobody did")]
      : []),
    ...(importing === undefined
      ? []
      : [{ ...pass(subject, `the plan imports ${importing}`), warns: true as const }]),
    ...(isSet(said["deposed"])
      ? [
          {
            ...pass(subject, `deposed ${shown(said["deposed"])}: what an earlier apply left`),
            warns: true as const,
          },
        ]
      : []),
  ];
}
