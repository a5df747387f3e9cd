import { LOCATIONS } from "../catalogue.ts";
import { ApiError, invalid } from "../error.ts";
import type { Project, StoredObject } from "../project.ts";
import { checkedLabels } from "../query.ts";
import { type Body, common, made, none, type Route, shownCommon } from "../route.ts";

const show = (ip: StoredObject) => ({
  ...shownCommon(ip),
  ip: ip["ip"],
  type: ip["type"],
  location: ip["location"],
  dns_ptr: ip["dns_ptr"],
  auto_delete: ip["auto_delete"],
  blocked: false,
  assignee_id: ip["assignee_id"],
  assignee_type: "server",
});

export function createIp(
  project: Project,
  wanted: {
    name: string;
    type: "ipv4" | "ipv6";
    location: string;
    labels?: unknown;
    auto: boolean;
  },
): StoredObject {
  const location = LOCATIONS.find(({ name }) => name === wanted.location);
  if (!location) throw invalid("location", `${wanted.location}: there is no such location`);
  return project.add("primary_ips", {
    name: wanted.name,
    type: wanted.type,
    location,
    ip: project.freeAddress(wanted.type),
    auto_delete: wanted.auto,
    assignee_id: null,
    dns_ptr: [],
    protection: { delete: false },
    labels: checkedLabels(wanted.labels),
  });
}

/** Ties an address to a server. @throws ApiError */
export function assign(ip: StoredObject, server: StoredObject): void {
  if (ip["assignee_id"] !== null && ip["assignee_id"] !== server.id)
    throw new ApiError("primary_ip_already_assigned", "the address belongs to another server");
  const own = server[ip["type"]];
  if (own !== null && own !== ip.id)
    throw new ApiError(`server_has_${ip["type"] as "ipv4" | "ipv6"}`, "it has an address already");
  if (ip["location"].name !== server["location"].name)
    throw new ApiError("primary_ip_datacenter_mismatch", "the address is at another location");
  ip["assignee_id"] = server.id;
  server[ip["type"]] = ip.id;
}

export function unassign(project: Project, ip: StoredObject): void {
  const server = project.all("servers").find(({ id }) => id === ip["assignee_id"]);
  if (server) server[ip["type"]] = null;
  ip["assignee_id"] = null;
}

/** Whether an address is the object's own: IPv4 itself, IPv6 any in the /64. */
const isIts = (ip: StoredObject, address: unknown): boolean =>
  ip["type"] === "ipv4"
    ? ip["ip"] === address
    : String(address).startsWith(String(ip["ip"]).replace(/:\/64$/, ""));

/** Sets the reverse name of an address of one of those that are given. @throws ApiError */
export function setReverse(ips: readonly StoredObject[], body: Body): void {
  const ip = ips.find((one) => isIts(one, body.ip));
  if (!ip) throw invalid("ip", "is none of its addresses");
  const others = (ip["dns_ptr"] as { ip: string }[]).filter((one) => one.ip !== body.ip);
  ip["dns_ptr"] =
    body.dns_ptr === null ? others : [...others, { ip: body.ip, dns_ptr: body.dns_ptr }];
}

/** An address to a server that is off: the API moves none under a running one. */
const refuseRunning = (server: StoredObject | undefined): void => {
  if (server && server["power"] !== "off")
    throw new ApiError("server_not_stopped", "the server must be off");
};

export const primaryIps: readonly Route[] = [
  ...common("primary_ips", "primary_ip", show, (ip, body) => {
    if (body.auto_delete !== undefined) ip["auto_delete"] = body.auto_delete;
  }),
  [
    "POST /primary_ips",
    ({ project, body }) => {
      project.refuseName("primary_ips", body.name);
      if (body.type !== "ipv4" && body.type !== "ipv6")
        throw invalid("type", "ipv4 or ipv6 is allowed");
      if (body.datacenter !== undefined)
        throw invalid("datacenter", "was removed on 2026-07-01, use location");
      const server = body.assignee_id != null && project.get("servers", body.assignee_id);
      const location = server ? server["location"].name : body.location;
      const { name, type, labels } = body;
      const ip = createIp(project, {
        name,
        type,
        labels,
        location,
        auto: body.auto_delete === true,
      });
      if (server) assign(ip, server);
      const action = server ? project.act("assign_primary_ip", ["primary_ip", ip]) : null;
      return made({ primary_ip: show(ip), action });
    },
  ],
  [
    "POST /primary_ips/:/actions/assign",
    ({ project, at: [id = ""], body }) => {
      const [ip, server] = [
        project.get("primary_ips", id),
        project.get("servers", body.assignee_id),
      ];
      refuseRunning(server);
      assign(ip, server);
      return made({ action: project.act("assign_primary_ip", ["primary_ip", ip]) });
    },
  ],
  [
    "POST /primary_ips/:/actions/unassign",
    ({ project, at: [id = ""] }) => {
      const ip = project.get("primary_ips", id);
      refuseRunning(project.all("servers").find((one) => one.id === ip["assignee_id"]));
      unassign(project, ip);
      return made({ action: project.act("unassign_primary_ip", ["primary_ip", ip]) });
    },
  ],
  [
    "POST /primary_ips/:/actions/change_dns_ptr",
    ({ project, at: [id = ""], body }) => {
      const ip = project.get("primary_ips", id);
      setReverse([ip], body);
      return made({ action: project.act("change_dns_ptr", ["primary_ip", ip]) });
    },
  ],
  [
    "DELETE /primary_ips/:",
    ({ project, at: [id = ""] }) => {
      const ip = project.get("primary_ips", id);
      if (ip.protection["delete"])
        throw new ApiError("protected", "primary IP deletion is protected");
      if (ip["assignee_id"] !== null)
        throw new ApiError("must_be_unassigned", "the address is still assigned");
      project.remove("primary_ips", ip);
      return none();
    },
  ],
];
