import { describe, expect, it } from "vitest";
import { planned } from "../../lab/testing/examples.ts";
import { lostNames, plannedChanges } from "./planned-changes.ts";
import { becomes, change, type Loose } from "./testing.ts";

const SERVER = "openstack_compute_instance_v2";
const VOLUME = "openstack_blockstorage_volume_v3";
const FLOATING = "openstack_networking_floatingip_v2";

/** What the plan reads as after some of its creations became something else; all others stand. */
function read(make: (p: { plans: Map<string, Loose> } & Loose) => void, name = "lab") {
  const p = planned(name);
  for (const plan of p.plans.values())
    for (const one of plan.resource_changes) becomes(one, ["no-op"]);
  make(p);
  return plannedChanges(p.blueprint, p.plans);
}

describe("what a plan changes", () => {
  it("is nothing where everything stands", () => {
    expect(read(() => {})).toEqual([]);
  });

  it("a host that goes is named with its flavour, and its address with the address", () => {
    const found = read((p) => {
      becomes(change(p, SERVER, "bridge-2"), ["delete"]);
      becomes(change(p, FLOATING, "bridge-2", "lab-addresses"), ["delete"], {
        address: "203.0.113.7",
      });
    });
    expect(found).toMatchObject([
      {
        stack: "lab-addresses",
        action: "destroy",
        kind: "public address",
        part: "bridge-2",
        detail: "203.0.113.7",
        loses: true,
      },
      { stack: "lab", action: "destroy", kind: "host", part: "bridge-2", loses: true },
    ]);
    expect(lostNames(found)).toEqual(["bridge-2"]);
  });

  it("a host that is replaced says why, one that never came up loses nothing", () => {
    const why = { action_reason: "replace_because_cannot_update", replace_paths: [["user_data"]] };
    const [one] = read((p) =>
      becomes(change(p, SERVER, "bridge-1"), ["delete", "create"], {}, why),
    );
    expect(one).toMatchObject({ action: "replace", loses: true });
    expect(one?.detail).toMatch(/; cannot update: user data$/);
    const tainted = { action_reason: "replace_because_tainted" };
    const [never] = read((p) =>
      becomes(
        change(p, SERVER, "bridge-1"),
        ["delete", "create"],
        { power_state: "shutoff" },
        tainted,
      ),
    );
    expect(never).toMatchObject({ action: "replace", loses: false });
  });

  it("an update says what changes, from what to what; another flavour restarts the host", () => {
    const found = read((p) => {
      becomes(change(p, SERVER, "bridge-1"), ["update"], { flavor_name: "old" });
      becomes(change(p, VOLUME, "control-1"), ["update"], { size: 1, description: "x".repeat(80) });
    });
    expect(found.map(({ action, kind, part }) => [action, kind, part])).toEqual([
      ["restart", "host", "bridge-1"],
      ["change", "volume", "control-1-data"],
    ]);
    expect(found[0]?.detail).toMatch(/^flavor_name: old -> \S+$/);
    expect(found[1]?.detail).toMatch(/size: 1 -> \d+/);
    expect(found[1]?.detail).not.toContain("xxx");
    expect(lostNames(found)).toEqual([]);
  });

  it("what the provider calls sensitive is named, never shown", () => {
    const [one] = read((p) => {
      const server = change(p, SERVER, "bridge-1");
      becomes(server, ["update"], { admin_pass: "geheim" });
      server.change.before_sensitive = { admin_pass: true };
    });
    expect(one?.detail).toBe("admin_pass");
  });

  it("an imported resource is told apart from one that stands", () => {
    const [one] = read((p) => {
      change(p, SERVER, "bridge-1").change.importing = { id: "4711" };
    });
    expect(one).toMatchObject({ action: "import", kind: "host", part: "bridge-1" });
  });

  it("a security group that nobody needs any more cuts nobody off, one that is replaced does", () => {
    const group = "openstack_networking_secgroup_v2";
    const does = (actions: string[]) =>
      read((p) => becomes(change(p, group, "security_turn"), actions));
    expect(does(["delete"])[0]?.loses).toBe(false);
    expect(does(["delete", "create"])[0]?.loses).toBe(true);
  });

  it("the other cloud's resources have the same names", () => {
    const found = read((p) => {
      const stack = p.blueprint.instance;
      becomes(change(p, "hcloud_server", "bridge-1", stack), ["delete"]);
      becomes(change(p, "hcloud_volume", "control-1_", stack), ["delete", "create"]);
    }, "lab-hetzner");
    expect(found.map(({ action, kind }) => `${action} ${kind}`)).toEqual([
      "destroy host",
      "replace volume",
    ]);
    expect(lostNames(found)).toEqual(["bridge-1", "control-1-data"]);
  });
});
