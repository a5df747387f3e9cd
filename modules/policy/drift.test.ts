import { expect, it } from "vitest";
import { planned } from "../../lab/testing/examples.ts";
import { driftIsNamed } from "./rules/drift-is-named.ts";
import { AS_OF, asInput, change, type Loose } from "./testing.ts";

const ROUTER = "openstack_networking_router_v2";

interface Said {
  /** Which values are sensitive. */
  readonly marks?: Loose;
  /** What the plan makes of it; what it was before unless it says otherwise. */
  readonly planned?: Loose;
  readonly actions?: readonly string[];
  /** Terraform's own word for why. */
  readonly reason?: string;
  /** Whether an earlier apply left another object at its address. */
  readonly isDeposed?: boolean;
}

/** What the rule says of a router that stands, and that somebody changed. */
function said(
  before: Loose,
  after: Loose,
  {
    marks = {},
    planned: next = before,
    actions = ["update"],
    reason,
    isDeposed = false,
  }: Said = {},
): string[] {
  const p = planned();
  const found = change(p, ROUTER, "router");
  found.change.actions = actions;
  if (reason) found.action_reason = reason;
  Object.assign(found.change.after, next);
  const { address, mode, type } = found;
  const { tags } = found.change.after;
  const drift = {
    address,
    mode,
    type,
    change: {
      actions: ["update"],
      before: { tags, ...before },
      after: { tags, ...after },
      ...marks,
    },
  };
  p.plans.get("lab").resource_drift = [drift];
  if (isDeposed) {
    const left = { ...found, deposed: "0f", change: { ...found.change, actions: ["delete"] } };
    p.plans.get("lab").resource_changes.unshift(left);
  }
  return driftIsNamed
    .check(asInput(p), AS_OF)
    .filter(({ subject }) => subject === `lab/${address}`)
    .map((one) => `${one.warns ? "warning" : one.verdict} ${one.message}`);
}

it("tells in words what somebody changed, and that the plan puts it back", () => {
  expect(said({ name: "lab-router" }, { name: "mallory" })).toEqual([
    'warning router: name was changed outside Terraform: "lab-router" -> "mallory"; the plan puts it back',
  ]);
});

it("fails where the plan leaves what a document says otherwise", () => {
  expect(
    said({ name: "lab-router" }, { name: "mallory" }, { planned: { name: "mallory" } }),
  ).toEqual([
    'fail router: name was changed outside Terraform: "lab-router" -> "mallory", and the plan leaves it so',
  ]);
});

it("warns where the plan makes it anew or deletes it, since nothing of it stays", () => {
  const drift = [{ name: "lab-router" }, { name: "mallory" }] as const;
  const changed =
    'warning router: name was changed outside Terraform: "lab-router" -> "mallory"; the plan';
  expect(said(...drift, { actions: ["delete", "create"] })).toEqual([`${changed} makes it anew`]);
  expect(said(...drift, { actions: ["delete"] })).toEqual([`${changed} deletes it`]);
});

it("says in one line what an apply that was cut short didn't know yet, and names what it knew", () => {
  const before = { name: null, distributed: false };
  const after = { name: "lab-router", distributed: true };
  const tainted = { actions: ["delete", "create"], reason: "replace_because_tainted" };
  expect(said(before, after, { planned: { name: "lab-router" }, ...tainted })).toEqual([
    "warning router is of an apply that was cut short before it knew name; the plan makes it anew",
    "warning router: distributed was changed outside Terraform: false -> true; the plan makes it anew",
  ]);
});

it("looks at what stands, not at what an earlier apply left behind", () => {
  const mallory = { name: "mallory" };
  expect(said({ name: "lab-router" }, mallory, { planned: mallory, isDeposed: true })).toEqual([
    'fail router: name was changed outside Terraform: "lab-router" -> "mallory", and the plan leaves it so',
  ]);
});

it("warns of what no document says", () => {
  expect(
    said({ distributed: false }, { distributed: true }, { planned: { distributed: true } }),
  ).toEqual([
    "warning router: distributed was changed outside Terraform: false -> true, and no document says what it must be",
  ]);
});

it("shows nothing of what the provider calls sensitive", () => {
  const marks = { after_sensitive: { name: true } };
  expect(said({ name: "old-secret" }, { name: "new-secret" }, { marks }).join()).not.toMatch(
    /secret/,
  );
});

it("says nothing of what the cloud itself writes, or of nothing that became an empty list", () => {
  expect(said({ enable_snat: null, all_tags: [] }, { enable_snat: true, all_tags: ["x"] })).toEqual(
    [],
  );
  expect(said({ vendor_options: null }, { vendor_options: [] })).toEqual([]);
});

it("says nothing of a firewall that a server was given, which the plan of the server says", () => {
  const p = planned("eea-voorbeeld");
  const changes = p.plans.get("eea-voorbeeld").resource_changes;
  const { address, mode, type } = changes.find((one: Loose) => one.type === "hcloud_firewall");
  const apply_to = [{ label_selector: "", server: 7 }];
  const drift = (after: Loose) => {
    const body = { actions: ["update"], before: { apply_to: [], labels: {} }, after };
    p.plans.get("eea-voorbeeld").resource_drift = [{ address, mode, type, change: body }];
    return driftIsNamed
      .check(asInput(p), AS_OF)
      .filter(({ verdict, warns }) => warns || verdict === "fail");
  };
  expect(drift({ apply_to, labels: {} })).toEqual([]);
  expect(drift({ apply_to, labels: { x: "y" } })).toHaveLength(1);
});
