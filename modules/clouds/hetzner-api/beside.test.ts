// What stands beside an instance in its project, as data. cloud.test.ts makes some of it at the stand-in of the API.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { example } from "../../../lab/testing/examples.ts";
import { asInput } from "../../policy/testing.ts";
import { type Item, KINDS, type Kind, type ProjectKind } from "./api.ts";
import type { ProjectListing } from "./beside.ts";
import { unmanagedIn } from "./unmanaged.ts";

/** One thing more in the project, or one of the instance's own that was changed. */
interface Fault {
  readonly fault: string;
  readonly more?: Partial<Record<ProjectKind, Item>>;
  readonly changed?: Partial<Record<Kind, Item>>;
  readonly finds: string;
}
const { own, faults } = load(
  readFileSync(join(import.meta.dirname, "corpus/beside.yaml"), "utf8"),
) as { readonly own: Partial<Record<Kind, Item>>; readonly faults: readonly Fault[] };

const { blueprint } = asInput(example("eea-voorbeeld"));
const resources = [
  { type: "hcloud_server", values: { id: "5" } },
  { type: "hcloud_network", values: { id: "7" } },
  { type: "hcloud_network_subnet", values: { id: "7-10.2.0.0/24" } },
  { type: "hcloud_volume", values: { id: "6" } },
];
const plans = new Map([
  [blueprint.instance, { prior_state: { values: { root_module: { resources } } } }],
]);

function findings({ more = {}, changed = {} }: Pick<Fault, "more" | "changed"> = {}) {
  const kinds = [...KINDS, "images", "floating_ips", "load_balancers", "ssh_keys"] as const;
  const listing = Object.fromEntries(
    kinds.map((kind) => {
      const [mine, edit] = [own[kind as Kind], changed[kind as Kind]];
      const other = more[kind];
      return [kind, [...(mine ? [{ ...mine, ...edit }] : []), ...(other ? [other] : [])]];
    }),
  ) as unknown as ProjectListing;
  const isNamed = (item: Item) =>
    String(item["name"]).startsWith(`${blueprint.instance}-`) ||
    (item["labels"] as Item | undefined)?.["polder_instance"] === blueprint.instance;
  const objects = KINDS.flatMap((kind) =>
    listing[kind].filter(isNamed).map((item) => ({ kind, item })),
  );
  const held = { objects, rrsets: new Map(), project: listing, isNamed };
  return unmanagedIn(held, blueprint, plans).findings;
}

test("the instance's own things alone are a pass", () => {
  expect(findings()).toMatchObject([{ verdict: "pass" }]);
  expect(findings()[0]).not.toHaveProperty("warns");
});

test.each(faults)("finds $fault", ({ finds, ...fault }) => {
  const found = findings(fault).filter(({ verdict }) => verdict === "fail");
  expect(found).toMatchObject([{ id: "cloud-holds-nothing-else", subject: finds }]);
});
