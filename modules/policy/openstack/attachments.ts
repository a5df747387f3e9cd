import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { blueprintName, byAddress, type Resource, referenceOf } from "../document.ts";
import { at, isSet, listOf, shown } from "../json.ts";
import { fail, failsOr, type Observation } from "../rule.ts";
import { rolesOfGroups } from "../tuples.ts";

/** What ties a host to networks, in the cluster's stack. */
export function attached(
  blueprint: Blueprint,
  cluster: readonly Resource[],
  resource: Resource,
): readonly Observation[] {
  const { subject, body, type } = resource;
  const index = byAddress(cluster);
  const roles = rolesOfGroups(cluster);
  const hostOf = (id: string | undefined) => blueprint.hosts.find((host) => host.id === id);
  const carries = (host: Host): Observation[] => {
    const carried = listOf(body["security_group_ids"]).map((id) =>
      roles.get(referenceOf(id) ?? ""),
    );
    return carried.length === 1 && carried[0] === host.role
      ? []
      : [
          fail(
            subject,
            `carries ${shown(carried.map((c) => c ?? "a group of nobody"))}, allowed: the group of role ${host.role} alone`,
          ),
        ];
  };
  switch (type) {
    case "openstack_networking_port_v2": {
      const host = hostOf(blueprintName(resource));
      if (!host) return [fail(subject, "a port of no host of the Blueprint")];
      return failsOr(carries(host), subject, `carries the group of role ${host.role} alone`);
    }
    case "openstack_networking_port_secgroup_associate_v2": {
      const host = blueprint.hosts.find((h) => h.publicAddress?.id === body["port_id"]);
      if (!host?.exposure.public)
        return [fail(subject, "a public port of no host that is to be public")];
      const fails = carries(host);
      if (body["enforce"] !== true)
        fails.push(fail(subject, "enforce is not true: groups put on it elsewhere stay"));
      return failsOr(
        fails,
        subject,
        `the public port of ${host.id} carries the group of role ${host.role} alone`,
      );
    }
    case "openstack_networking_floatingip_associate_v2": {
      const host = hostOf(blueprintName(index.get(referenceOf(body["port_id"]) ?? "")));
      if (!host?.exposure.public)
        return [fail(subject, "a public address on a host that is not to be public")];
      const right =
        body["floating_ip"] === host.publicAddress?.ipv4 && body["fixed_ip"] === host.ipv4;
      return failsOr(
        right
          ? []
          : [
              fail(
                subject,
                `got ${shown(body["floating_ip"])} to ${shown(body["fixed_ip"])}, allowed: ${host.publicAddress?.ipv4} to ${host.ipv4}`,
              ),
            ],
        subject,
        `the public address of ${host.id}: ${host.exposure.why}`,
      );
    }
    case "openstack_networking_floatingip_v2":
      return [fail(subject, "a public address outside the addresses stack")];
    case "openstack_compute_instance_v2":
      return wired(hostOf(blueprintName(resource)), resource, index);
    default:
      return [];
  }
}

/** A server has its own port and, where it is to be public, its public one; no other way in. */
function wired(
  host: Host | undefined,
  { subject, body }: Resource,
  index: ReadonlyMap<string, Resource>,
): readonly Observation[] {
  if (!host) return [fail(subject, "a server of no host of the Blueprint")];
  const allowed = [host.id, ...(host.exposure.public ? [host.publicAddress?.id] : [])];
  const fails = listOf(body["network"]).flatMap((network) => {
    const port = at(network, "port");
    const way = blueprintName(index.get(referenceOf(port) ?? "")) ?? port;
    return isSet(way) && allowed.includes(String(way))
      ? []
      : [
          fail(
            subject,
            `is on ${shown(way ?? network)}, allowed: its own port${host.exposure.public ? " and its public one" : ""}`,
          ),
        ];
  });
  if (isSet(body["security_groups"]))
    fails.push(fail(subject, "security_groups on the server: groups belong on its ports"));
  return failsOr(fails, subject, `only on ports of ${host.id}`);
}

/** What the addresses stack allocates, and that it ties nothing to anything. */
export function allocated(blueprint: Blueprint, resource: Resource): readonly Observation[] {
  const { subject, body, type } = resource;
  if (type !== "openstack_networking_floatingip_v2" && type !== "openstack_networking_port_v2")
    return [];
  if (resource.kind === "data") return [];
  const host = blueprint.hosts.find((h) => h.id === blueprintName(resource));
  if (!host?.exposure.public)
    return [fail(subject, "a public address for a host that is not to be public")];
  const tied = ["port_id", "fixed_ip", "security_group_ids"].filter(
    (name) => listOf(body[name]).length > 0,
  );
  return failsOr(
    tied.map((name) =>
      fail(subject, `${name} is set: the cluster's stack ties addresses to hosts`),
    ),
    subject,
    `reserved for ${host.id}: ${host.exposure.why}`,
  );
}
