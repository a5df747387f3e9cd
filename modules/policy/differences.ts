import { exact, isObject, type JsonObject } from "./json.ts";
import type { TerraformJson } from "./types.ts";

/** One argument of a document that isn't what the stacks write for this Blueprint. */
export interface Difference {
  readonly stack: string;
  /** `openstack_compute_instance_v2.bridge-1_server_6EC55535`, `output.location`, `terraform`. */
  readonly address: string;
  /** `<stack>/<address>`. */
  readonly subject: string;
  /** Undefined when the whole block is too many, is missing, or isn't written as an object. */
  readonly argument: string | undefined;
  readonly got: unknown;
  readonly expected: unknown;
}

/** How many labels stand above a block of this kind. */
const LABELS: Readonly<Record<string, number>> = { resource: 2, data: 2, output: 1 };

/** Where a document differs from the one that the stacks write, argument by argument and to the byte. */
export function differencesFrom(
  stack: string,
  document: TerraformJson,
  expected: TerraformJson,
): Difference[] {
  const [here, there] = [blocksOf(document), blocksOf(expected)];
  const addresses = new Set([...here.keys(), ...there.keys()]);
  return [...addresses].flatMap((address): Difference[] => {
    const [got, wanted] = [here.get(address), there.get(address)];
    const whole = { stack, address, subject: `${stack}/${address}`, argument: undefined };
    if (exact(got) === exact(wanted)) return [];
    if (!isObject(got) || !isObject(wanted)) return [{ ...whole, got, expected: wanted }];
    const names = new Set([...Object.keys(got), ...Object.keys(wanted)]);
    return [...names]
      .filter((name) => exact(got[name]) !== exact(wanted[name]))
      .map((name) => ({ ...whole, argument: name, got: got[name], expected: wanted[name] }));
  });
}

/** The blocks of a document by address, without the construct library's comments: Terraform reads none. */
function blocksOf(json: TerraformJson): ReadonlyMap<string, unknown> {
  const blocks = new Map<string, unknown>();
  for (const [kind, written] of Object.entries(withoutComment(json)))
    for (const [labels, body] of below(written, LABELS[kind] ?? 0))
      blocks.set([...(kind === "resource" ? [] : [kind]), ...labels].join("."), body);
  return blocks;
}

/** What stands below so many labels. Whatever is no object on the way counts as one block. */
function below(value: unknown, labels: number): (readonly [readonly string[], unknown])[] {
  if (!isObject(value)) return [[[], value]];
  if (labels === 0) return [[[], withoutComment(value)]];
  return Object.entries(value).flatMap(([label, inner]) =>
    below(inner, labels - 1).map(([path, body]) => [[label, ...path], body] as const),
  );
}

const withoutComment = (block: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(block).filter(([name]) => name !== "//"));
