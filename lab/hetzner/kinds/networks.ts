import { ApiError, invalid } from "../error.ts";
import type { Project, StoredObject } from "../project.ts";
import { checkedLabels } from "../query.ts";
import { isPrivate, range, toNumber, toText, within } from "../range.ts";
import { common, made, none, type Route, shownCommon } from "../route.ts";

interface Subnet {
  readonly type: string;
  readonly ip_range: string;
  readonly network_zone: string;
  readonly gateway: string;
}

const attachedTo = (network: StoredObject, project: Project): StoredObject[] =>
  project
    .all("servers")
    .filter((server) =>
      server["privateNet"].some((net: StoredObject) => net["network"] === network.id),
    );

const show = (network: StoredObject, project: Project) => ({
  ...shownCommon(network),
  ip_range: network["ip_range"],
  subnets: network["subnets"],
  routes: network["routes"],
  load_balancers: [],
  servers: attachedTo(network, project).map(({ id }) => id),
  expose_routes_to_vswitch: network["expose_routes_to_vswitch"],
});

/**
 * A server's address in a network: the one that is asked for, else the first that is free. The first
 * of the whole network is its gateway's; a subnet that begins later gives its first, too.
 *
 * @throws ApiError
 */
export function addressIn(
  network: StoredObject,
  project: Project,
  ip: unknown,
  ipRange: unknown,
): string {
  const subnets = (network["subnets"] as Subnet[]).filter(
    ({ ip_range }) => ipRange == null || ip_range === ipRange,
  );
  const taken = new Set([
    range(network["ip_range"])?.first,
    ...(network["subnets"] as Subnet[]).map((subnet) => toNumber(subnet.gateway)),
    ...attachedTo(network, project).flatMap((server) =>
      (server["privateNet"] as StoredObject[])
        .filter((net) => net["network"] === network.id)
        .map((net) => toNumber(net["ip"])),
    ),
  ]);
  const wanted = ip == null ? undefined : toNumber(ip);
  const holds = (subnet: Subnet, number: number): boolean => {
    const inner = range(subnet.ip_range);
    return inner !== undefined && inner.first < number && number < inner.last;
  };
  if (ip != null) {
    if (wanted === undefined || !subnets.some((subnet) => holds(subnet, wanted)))
      throw new ApiError("ip_not_available", `${ip} is in no subnet`);
    if (taken.has(wanted)) throw new ApiError("ip_not_available", `${ip} is taken`);
    return String(ip);
  }
  for (const subnet of subnets) {
    const inner = range(subnet.ip_range);
    for (let number = (inner?.first ?? 0) + 1; inner && number < inner.last; number++)
      if (!taken.has(number)) return toText(number);
  }
  throw new ApiError("no_subnet_available", "the network has no subnet with a free address");
}

function addSubnet(network: StoredObject, body: Record<string, unknown>): void {
  if (body["type"] !== "cloud" && body["type"] !== "server")
    throw invalid("type", "the stand-in has cloud and server, no vswitch");
  if (body["network_zone"] !== "eu-central") throw invalid("network_zone", "eu-central is allowed");
  const wanted = range(body["ip_range"]);
  const outer = range(network["ip_range"]);
  if (!wanted || !within(outer, wanted))
    throw invalid("ip_range", "a range within that of the network is allowed");
  const overlapping = (network["subnets"] as Subnet[]).some(({ ip_range }) => {
    const other = range(ip_range);
    return other && other.first <= wanted.last && wanted.first <= other.last;
  });
  if (overlapping) throw new ApiError("networks_overlap", "overlaps another subnet");
  network["subnets"].push({
    type: body["type"],
    ip_range: wanted.text,
    network_zone: "eu-central",
    // One gateway for the whole network, which routes between its subnets.
    gateway: toText((outer?.first ?? 0) + 1),
  });
}

interface NetworkRoute {
  readonly destination: string;
  readonly gateway: string;
}

function addRoute(network: StoredObject, body: Record<string, unknown>): void {
  const [wanted, gateway] = [range(body["destination"]), toNumber(body["gateway"])];
  if (!wanted) throw invalid("destination", "an IPv4 range is allowed");
  const outer = range(network["ip_range"]);
  if (gateway === undefined || !outer || gateway <= outer.first || gateway > outer.last)
    throw invalid("gateway", "an address of the network but its first is allowed");
  const routes = network["routes"] as NetworkRoute[];
  if (routes.some(({ destination }) => destination === wanted.text))
    throw invalid("destination", "has a route already");
  routes.push({ destination: wanted.text, gateway: toText(gateway) });
}

export const networks: readonly Route[] = [
  ...common("networks", "network", show, (network, body) => {
    if (body.expose_routes_to_vswitch !== undefined)
      network["expose_routes_to_vswitch"] = body.expose_routes_to_vswitch === true;
  }),
  [
    "POST /networks",
    ({ project, body }) => {
      project.refuseName("networks", body.name);
      const whole = range(body.ip_range);
      if (!whole || !isPrivate(whole)) throw invalid("ip_range", "a range of RFC 1918 is allowed");
      const network = project.add("networks", {
        name: body.name,
        ip_range: whole.text,
        subnets: [],
        routes: [],
        expose_routes_to_vswitch: body.expose_routes_to_vswitch === true,
        protection: { delete: false },
        labels: checkedLabels(body.labels),
      });
      for (const subnet of body.subnets ?? []) addSubnet(network, subnet);
      return made({ network: show(network, project) });
    },
  ],
  [
    "POST /networks/:/actions/add_subnet",
    ({ project, at: [id = ""], body }) => {
      const network = project.get("networks", id);
      project.refuseBusy(network, "conflict");
      addSubnet(network, body);
      return made({ action: project.act("add_subnet", ["network", network]) });
    },
  ],
  [
    "POST /networks/:/actions/delete_subnet",
    ({ project, at: [id = ""], body }) => {
      const network = project.get("networks", id);
      project.refuseBusy(network, "conflict");
      const gone = range(body.ip_range);
      const used = attachedTo(network, project).some((server) =>
        (server["privateNet"] as StoredObject[]).some((net) => {
          const at = toNumber(net["ip"]) ?? -1;
          return gone && gone.first <= at && at <= gone.last;
        }),
      );
      if (used)
        throw new ApiError(
          "service_error",
          "cannot remove subnet because servers are attached to it",
        );
      network["subnets"] = (network["subnets"] as Subnet[]).filter(
        ({ ip_range }) => ip_range !== body.ip_range,
      );
      return made({ action: project.act("delete_subnet", ["network", network]) });
    },
  ],
  [
    "POST /networks/:/actions/add_route",
    ({ project, at: [id = ""], body }) => {
      const network = project.get("networks", id);
      project.refuseBusy(network, "conflict");
      addRoute(network, body);
      return made({ action: project.act("add_route", ["network", network]) });
    },
  ],
  [
    "POST /networks/:/actions/delete_route",
    ({ project, at: [id = ""], body }) => {
      const network = project.get("networks", id);
      project.refuseBusy(network, "conflict");
      network["routes"] = (network["routes"] as NetworkRoute[]).filter(
        ({ destination }) => destination !== body.destination,
      );
      return made({ action: project.act("delete_route", ["network", network]) });
    },
  ],
  [
    "DELETE /networks/:",
    ({ project, at: [id = ""] }) => {
      const network = project.get("networks", id);
      if (network.protection["delete"])
        throw new ApiError("protected", "network deletion is protected");
      project.refuseBusy(network);
      for (const server of attachedTo(network, project))
        server["privateNet"] = server["privateNet"].filter(
          (net: StoredObject) => net["network"] !== network.id,
        );
      project.remove("networks", network);
      return none();
    },
  ],
];
