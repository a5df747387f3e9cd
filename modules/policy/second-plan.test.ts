import { describe, expect, it } from "vitest";
import { planned } from "../../lab/testing/examples.ts";
import { evaluate } from "./engine.ts";
import { AS_OF, asInput, becomes, type Loose } from "./testing.ts";

/** What OpenStack's provider 3.4.0 reads of what stands and isn't set: empty texts, as a real second plan had them. */
const EMPTY: Readonly<Record<string, readonly string[]>> = {
  openstack_blockstorage_volume_v3: ["backup_id", "source_vol_id", "snapshot_id"],
  openstack_compute_instance_v2: ["key_pair", "hypervisor_hostname"],
  openstack_dns_zone_v2: ["description"],
  openstack_networking_network_v2: ["dns_domain", "qos_policy_id"],
  openstack_networking_port_v2: ["qos_policy_id", "description"],
  openstack_networking_router_v2: ["description"],
  openstack_networking_secgroup_rule_v2: [
    "remote_ip_prefix",
    "remote_address_group_id",
    "remote_group_id",
  ],
  openstack_networking_subnet_v2: [
    "ipv6_ra_mode",
    "segment_id",
    "subnetpool_id",
    "description",
    "ipv6_address_mode",
  ],
};

/** The plan of an instance that stands as it was applied, and what the rules that look at plans find in it. */
function found(plant: (after: Loose, address: string) => void = () => {}): string[] {
  const p = planned();
  for (const plan of p.plans.values())
    for (const one of plan.resource_changes) {
      const { after, after_unknown: unknown } = one.change;
      for (const name of EMPTY[one.type] ?? [])
        if (after[name] == null && unknown?.[name] !== true) after[name] = "";
      plant(after, one.address);
      becomes(one, ["no-op"]);
    }
  return evaluate(asInput(p), AS_OF)
    .filter(({ verdict }) => verdict === "fail")
    .map(({ id, message }) => `${id}: ${message}`);
}

describe("the second plan of an instance", () => {
  it("passes, whatever the provider reads of what isn't set", () => {
    expect(found()).toEqual([]);
  });

  it.each([
    ["an address group", "remote_address_group_id", "x", /unreadable address group/],
    ["another range", "remote_ip_prefix", "203.0.113.0/24", /from 203\.0\.113\.0\/24/],
  ])("finds SSH that is open to %s", (_, name, value, message) => {
    const wrong = found((after, address) => {
      if (address.includes("edge-ingress-v4-tcp-22")) after[name] = value;
    });
    expect(wrong).toContainEqual(expect.stringMatching(message));
    expect(wrong).toContainEqual(expect.stringContaining("open-ports-are-listed"));
  });
});
