import type { Blueprint } from "../../planning/blueprint/index.ts";
import { resourcesIn } from "../document.ts";
import { at, entriesOf, isSet, type JsonObject, listOf, shown } from "../json.ts";
import { changesOf, plansOf } from "../plan.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import type { PlanJson, TerraformJson } from "../types.ts";

interface Pinned {
  readonly name: string;
  readonly source: string;
}

/** The one provider of each cloud. */
const PROVIDERS: Readonly<Record<Blueprint["cloud"]["provider"], Pinned>> = {
  openstack: { name: "openstack", source: "terraform-provider-openstack/openstack" },
  hetzner: { name: "hcloud", source: "hetznercloud/hcloud" },
};
/** Terraform and OpenTofu each write the registry that they would ask. */
const fullNames = (source: string) => [
  `registry.terraform.io/${source}`,
  `registry.opentofu.org/${source}`,
];
/** What a document may have. `moved` records a rename; all else brings in code, values or other parties. */
const BLOCKS = ["//", "terraform", "provider", "resource", "data", "output", "moved"];
/** Arguments that run programs, or that choose another provider than the one there is. */
const ESCAPES = ["provisioner", "connection", "provider"];

export const providerPinned = defineRule({
  id: "provider-pinned",
  level: "error",
  what: "one provider, of one exact version and source; no module, provisioner, variable, import or remote state",
  why: "The provider runs on an operator's machine with the cloud's credential, so it must be the reviewed program, to the byte.",
  norms: ["BIO2 8.32.01"],
  looksAt: "stacks, plan",
  check: (input) => {
    const pinned = PROVIDERS[input.blueprint.cloud.provider];
    return [
      ...[...input.stacks].flatMap(([stack, json]) =>
        failsOr(
          written(stack, json, pinned),
          stack,
          `only ${pinned.source} ${shown(at(json, "terraform", "required_providers", pinned.name, "version"))}`,
        ),
      ),
      ...plansOf(input).flatMap(([stack, plan]) =>
        failsOr(planned(stack, plan, pinned), stack, "the plan uses that provider alone"),
      ),
    ];
  },
});

function written(
  stack: string,
  json: TerraformJson,
  { name: own, source: pinned }: Pinned,
): Observation[] {
  const required = entriesOf(at(json, "terraform", "required_providers"));
  const version = at(json, "terraform", "required_providers", own, "version");
  const source = at(json, "terraform", "required_providers", own, "source");
  const providers = entriesOf(at(json, "provider"));
  const configurations = providers.flatMap(([, blocks]) => listOf(blocks));
  const problems = [
    ...Object.keys(json)
      .filter((key) => !BLOCKS.includes(key))
      .map((key) => `has a ${key} block, allowed: ${BLOCKS.slice(1).join(", ")}`),
    ...[...required, ...providers]
      .filter(([name]) => name !== own)
      .map(([name]) => `uses provider ${name}, allowed: ${own}`),
    ...(source === pinned ? [] : [`source: got ${shown(source)}, allowed: ${pinned}`]),
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
      ...(type.startsWith(`${own}_`) ? [] : [fail(subject, `is of another provider than ${own}`)]),
      ...escapes(body).map((name) =>
        fail(subject, `has ${name}: no resource runs programs or picks a provider`),
      ),
    ]),
  ];
}

const escapes = (body: JsonObject): string[] => ESCAPES.filter((name) => isSet(body[name]));

function planned(stack: string, plan: PlanJson, pinned: Pinned): Observation[] {
  const names = fullNames(pinned.source);
  const configured = entriesOf(at(plan, "configuration", "provider_config")).map(([, config]) =>
    at(config, "full_name"),
  );
  const others = configured.filter((name) => !names.includes(String(name)));
  const modules = entriesOf(at(plan, "configuration", "root_module", "module_calls"));
  return [
    ...others.map((name) => fail(stack, `the plan configures provider ${shown(name)}`)),
    ...modules.map(([name]) => fail(stack, `the plan calls module ${name}`)),
    ...changesOf(stack, plan)
      .filter((change) => !names.includes(change.provider))
      .map((change) =>
        fail(change.subject, `the plan uses provider ${shown(change.provider)} for it`),
      ),
  ];
}
