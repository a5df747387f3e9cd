import { expect, test } from "vitest";
import type { PlannedChange } from "../../modules/policy/index.ts";
import { instanceFolder, loadInstance } from "../../modules/workspace/index.ts";
import { ROOT } from "../root.ts";
import { changesTable, describeLosses } from "./changes.ts";
import { PLAIN } from "./paint.ts";

const { blueprint } = loadInstance(instanceFolder(ROOT, "lab"));
const one = (
  action: PlannedChange["action"],
  kind: string,
  part: string,
  more: Partial<PlannedChange> = {},
): PlannedChange => ({
  stack: "lab",
  action,
  kind,
  part,
  detail: "",
  loses: false,
  ...more,
});
const look = { width: 100, paint: PLAIN };
const lines = (changes: readonly PlannedChange[]) => [
  ...changesTable(changes, look),
  ...describeLosses(blueprint, changes, look),
];

test("nothing changes, nothing is printed", () => {
  expect(lines([])).toEqual([]);
});

test("hosts, volumes and addresses by name, alike ones of all else in one line", () => {
  const text = lines([
    one("create", "host", "bridge-3", { detail: "b4" }),
    one("create", "host", "bridge-4", { detail: "b4" }),
    ...Array.from({ length: 9 }, (_, i) => one("create", "security rule", `role-${i}`)),
    one("change", "DNS record", "dns", { detail: "ttl: 1 -> 2" }),
    one("change", "DNS record", "dns", { detail: "ttl: 1 -> 2" }),
  ]);
  expect(text).toEqual([
    "  action  what              which                                                      of it",
    "  create  host              bridge-3                                                   b4",
    "  create  host              bridge-4                                                   b4",
    "  create  9 security rules  role-0, role-1, role-2, role-3, role-4, role-5 and 3 more",
    "  change  2 DNS records     dns                                                        ttl: 1 -> 2",
  ]);
});

test("a bridge that goes stands out, with what that means and what the apply must be told", () => {
  const text = lines([
    one("destroy", "public address", "bridge-3", {
      stack: "lab-addresses",
      detail: "203.0.113.7",
      loses: true,
    }),
    one("destroy", "host", "bridge-3", { detail: "b4", loses: true }),
    one("destroy", "port", "bridge-3", { loses: true }),
    one("replace", "volume", "control-1-data", { detail: "20 GiB", loses: true }),
  ]).join("\n");
  expect(text).toMatch(/^ +DESTROY +host +bridge-3 +b4$/m);
  expect(text).toMatch(/^ +DESTROY +public address +bridge-3 +203\.0\.113\.7$/m);
  expect(text).toMatch(/^ +REPLACE +volume +control-1-data +20 GiB$/m);
  expect(text).toContain("goes: bridge-3, control-1-data");
  expect(text).toMatch(/bridge-3 +the calls on it are cut at that moment; its address goes back/);
  expect(text).toMatch(/control-1-data +all that is on it is lost/);
  expect(text).toContain("no command drains a host before its removal");
  expect(text).toContain("polder apply lab --destroys bridge-3,control-1-data");
});
