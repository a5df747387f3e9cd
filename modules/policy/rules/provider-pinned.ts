import { resourcesIn } from "../document.ts";
import { at, entriesOf, isSet, type JsonObject, listOf, shown } from "../json.ts";
import { changesOf, plansOf } from "../plan.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import type { PlanJson, TerraformJson } from "../types.ts";

const NAME = "openstack";
const SOURCE = "terraform-provider-openstack/openstack";
/** Terraform and OpenTofu each write the registry that they would ask. */
const FULL_NAMES = [`registry.terraform.io/${SOURCE}`, `registry.opentofu.org/${SOURCE}`];
/** What a document may have. `moved` records a rename; all else brings in code, values or strangers. */
const BLOCKS = ["//", "terraform", "provider", "resource", "data", "output", "moved"];
/** Arguments that run programs, or that choose another provider than the one there is. */
const ESCAPES = ["provisioner", "connection", "provider"];

export const providerPinned = defineRule({
  id: "provider-pinned",
  level: "error",
  what: "one provider, of one exact version and source; no module, provisioner, variable, import or remote state",
  why: "What runs on an operator's machine with the cloud's credential is what was reviewed, to the byte.",
  norm: "BIO2 8.32.01",
  looksAt: "stacks, plan",
  waivable: false,
  check: (input) => [
    ...[...input.stacks].flatMap(([stack, json]) =>
      failsOr(
        written(stack, json),
        stack,
        `only ${SOURCE} ${shown(at(json, "terraform", "required_providers", NAME, "version"))}`,
      ),
    ),
    ...plansOf(input).flatMap(([stack, plan]) =>
      failsOr(planned(stack, plan), stack, "the plan uses that provider alone"),
    ),
  ],
});

function written(stack: string, json: TerraformJson): Observation[] {
  const required = entriesOf(at(json, "terraform", "required_providers"));
  const version = at(json, "terraform", "required_providers", NAME, "version");
  const source = at(json, "terraform", "required_providers", NAME, "source");
  const providers = entriesOf(at(json, "provider"));
  const configurations = providers.flatMap(([, blocks]) => listOf(blocks));
  const problems = [
    ...Object.keys(json)
      .filter((key) => !BLOCKS.includes(key))
      .map((key) => `has a ${key} block, allowed: ${BLOCKS.slice(1).join(", ")}`),
    ...[...required, ...providers]
      .filter(([name]) => name !== NAME)
      .map(([name]) => `uses provider ${name}, allowed: ${NAME}`),
    ...(source === SOURCE ? [] : [`source: got ${shown(source)}, allowed: ${SOURCE}`]),
    ...(typeof version === "string" && /^\d+\.\d+\.\d+$/.test(version)
      ? []
      : [`version: got ${shown(version)}, one exact version is allowed`]),
    ...(configurations.length === 1
      ? []
      : [`configures its provider ${configurations.length} times, once is allowed`]),
  ];
  return [
    ...problems.map((text) => fail(stack, text)),
    ...resourcesIn(stack, json).flatMap(({ type, subject, body }) => [
      ...(type.startsWith(`${NAME}_`)
        ? []
        : [fail(subject, `is of another provider than ${NAME}`)]),
      ...escapes(body).map((name) =>
        fail(subject, `has ${name}: no resource runs programs or picks a provider`),
      ),
    ]),
  ];
}

const escapes = (body: JsonObject): string[] => ESCAPES.filter((name) => isSet(body[name]));

function planned(stack: string, plan: PlanJson): Observation[] {
  const configured = entriesOf(at(plan, "configuration", "provider_config")).map(([, config]) =>
    at(config, "full_name"),
  );
  const others = configured.filter((name) => !FULL_NAMES.includes(String(name)));
  const modules = entriesOf(at(plan, "configuration", "root_module", "module_calls"));
  return [
    ...others.map((name) => fail(stack, `the plan configures provider ${shown(name)}`)),
    ...modules.map(([name]) => fail(stack, `the plan calls module ${name}`)),
    ...changesOf(stack, plan)
      .filter((change) => !FULL_NAMES.includes(change.provider))
      .map((change) =>
        fail(change.subject, `the plan uses provider ${shown(change.provider)} for it`),
      ),
  ];
}
