import { sensitiveAttributesSet } from "../../clouds/provider-schema/index.ts";
import { allResources } from "../document.ts";
import { at, entriesOf, isSet, leavesOf, listOf } from "../json.ts";
import { changesOf, plansOf } from "../plan.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import { isId, secretIn } from "../secrets.ts";
import type { TerraformJson } from "../types.ts";

/** Keystone writes its ids without dashes: 32 hex digits, as a random key has. */
const ID = /^[0-9a-f]{32}$/;

/** What a provider block may hold: the name of an entry of clouds.yaml, and patience; of Hetzner's nothing. */
const PROVIDER_SETTINGS = ["cloud", "max_retries"];

export const noSecret = defineRule({
  id: "no-secret",
  level: "error",
  what: "no sensitive attribute, sensitive output, credential of the provider or value that looks like a secret is in any document or plan",
  why: "Terraform writes what it knows into its JSON, its plan and its state in clear, and user_data can be read from the host.",
  looksAt: "stacks, plan",
  check: (input) => {
    const plans = plansOf(input);
    const changes = plans.flatMap(([stack, plan]) => changesOf(stack, plan));
    const addresses = [...allResources(input), ...changes].map((resource) => resource.address);
    // What the plan has as the id of something is an id wherever else it stands.
    const ids = plans.flatMap(([, plan]) =>
      leavesOf(plan).flatMap((leaf) => (isId(leaf) && ID.test(leaf.text) ? [leaf.text] : [])),
    );
    const names = new Set([...addresses.map((address) => address.split(".").at(-1) ?? ""), ...ids]);
    const scan = (stack: string, document: unknown, described: string) => {
      const leaves = leavesOf(document);
      const fails = leaves.flatMap((leaf) => {
        const kind = secretIn(leaf, names);
        if (!kind) return [];
        const [where, path] = placeOf(stack, leaf.path, document);
        return [fail(where, `${path}: holds ${kind}; secrets live in the instance's vault`)];
      });
      return { fails, message: `${leaves.length} ${described}` };
    };
    return [
      ...[...input.stacks].flatMap(([stack, json]) => {
        const { fails, message } = scan(
          stack,
          json,
          "texts of the document read, none looks like a secret",
        );
        const sensitive = sensitiveAttributesSet(json, input.schema).map(({ address, path }) =>
          fail(`${stack}/${address}`, `sets ${path}, which the provider calls sensitive`),
        );
        return failsOr(
          [...fails, ...sensitive, ...providers(stack, json), ...outputs(stack, json)],
          stack,
          message,
        );
      }),
      ...plans.flatMap(([stack, plan]) => {
        const { fails, message } = scan(
          stack,
          plan,
          "texts of the plan read, none looks like a secret",
        );
        const marked = changesOf(stack, plan).flatMap((change) =>
          [
            ...marks(change.afterSensitive, change.after),
            ...marks(change.beforeSensitive, change.before),
          ].map((path) =>
            fail(change.subject, `the plan marks ${path} as sensitive: it is in the state`),
          ),
        );
        return failsOr([...fails, ...marked], stack, message);
      }),
    ];
  },
});

function providers(stack: string, json: TerraformJson): Observation[] {
  return entriesOf(at(json, "provider")).flatMap(([name, written]) =>
    listOf(written).flatMap((block) =>
      entriesOf(block)
        .filter(([key]) => !PROVIDER_SETTINGS.includes(key))
        .map(([key]) =>
          fail(
            `${stack}/provider.${name}`,
            `sets ${key}, allowed: ${PROVIDER_SETTINGS.join(", ")}`,
          ),
        ),
    ),
  );
}

function outputs(stack: string, json: TerraformJson): Observation[] {
  return entriesOf(at(json, "output"))
    .filter(([, body]) => isSet(at(body, "sensitive")) && at(body, "sensitive") !== false)
    .map(([name]) =>
      fail(`${stack}/output.${name}`, "is sensitive: then a secret is in the state"),
    );
}

/** Paths that are marked sensitive and hold something. */
function marks(sensitive: unknown, value: unknown, path = ""): string[] {
  if (sensitive === true) return isSet(value) ? [path || "the whole"] : [];
  if (Array.isArray(sensitive)) {
    return sensitive.flatMap((inner, index) =>
      marks(inner, listOf(value)[index], `${path}[${index}]`),
    );
  }
  return entriesOf(sensitive).flatMap(([key, inner]) =>
    marks(inner, at(value, key), path === "" ? key : `${path}.${key}`),
  );
}

/** The resource that a path leads into, and the rest of the path. */
function placeOf(stack: string, path: string, document: unknown): [string, string] {
  const [, kind, type, name, rest] = /^(resource|data)\.([^.]+)\.([^.]+)\.(.+)$/.exec(path) ?? [];
  if (rest) return [`${stack}/${kind === "data" ? "data." : ""}${type}.${name}`, rest];
  const [, index, below] = /^resource_changes\[(\d+)\]\.(.+)$/.exec(path) ?? [];
  const address = at(listOf(at(document, "resource_changes"))[Number(index)], "address");
  return below && typeof address === "string" ? [`${stack}/${address}`, below] : [stack, path];
}
