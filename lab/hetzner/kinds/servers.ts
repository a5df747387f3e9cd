import { IMAGES, ISOS, LOCATIONS, SERVER_TYPES } from "../catalogue.ts";
import { ApiError, invalid } from "../error.ts";
import type { Project, StoredObject } from "../project.ts";
import { checkedLabels } from "../query.ts";
import { type Body, common, made, ok, type Route, shownCommon } from "../route.ts";
import { firewallsOn, putOn } from "./firewalls.ts";
import { addressIn } from "./networks.ts";
import { GROUP, membersOf, showGroup } from "./placement-groups.ts";
import { assign, createIp, setReverse, unassign } from "./primary-ips.ts";

/** RFC 1123, 2.1. */
const HOSTNAME = /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;
/** Bytes, the API's own. */
const USER_DATA = 32 * 1024;

interface PrivateNet {
  readonly network: number;
  readonly ip: string;
  readonly alias_ips: readonly string[];
  readonly mac_address: string;
}

const privateNets = (server: StoredObject): PrivateNet[] => server["privateNet"] as PrivateNet[];

function status(server: StoredObject): string {
  if (Date.now() < server.busyUntil && server["fresh"]) return "initializing";
  return server["power"];
}

function show(server: StoredObject, project: Project) {
  const ip = (id: number | null) => (id === null ? undefined : project.get("primary_ips", id));
  const [v4, v6] = [ip(server["ipv4"]), ip(server["ipv6"])];
  const group = server["placementGroup"];
  return {
    ...shownCommon(server),
    status: status(server),
    server_type: SERVER_TYPES.find(({ name }) => name === server["serverType"]),
    image: IMAGES.find(({ name }) => name === server["image"]),
    location: server["location"],
    public_net: {
      ipv4: v4
        ? { id: v4.id, ip: v4["ip"], blocked: false, dns_ptr: v4["dns_ptr"][0]?.dns_ptr ?? "" }
        : null,
      ipv6: v6 ? { id: v6.id, ip: v6["ip"], blocked: false, dns_ptr: v6["dns_ptr"] } : null,
      floating_ips: [],
      firewalls: firewallsOn(server, project).map(({ id }) => ({ id, status: "applied" })),
    },
    private_net: privateNets(server),
    volumes: project
      .all("volumes")
      .filter((volume) => volume["server"] === server.id)
      .map(({ id }) => id),
    placement_group:
      group === null ? null : showGroup(project.get("placement_groups", group), project),
    locked: Date.now() < server.busyUntil,
    rescue_enabled: server["rescue"] !== null,
    iso: ISOS.find(({ id }) => id === server["iso"]) ?? null,
    backup_window: server["backups"],
    load_balancers: [],
    included_traffic: 0,
    outgoing_traffic: 0,
    ingoing_traffic: 0,
    primary_disk_size: server["disk"],
  };
}

/** An entry of the catalogue by name or id. */
function pick<Entry extends { readonly id: number; readonly name: string }>(
  field: string,
  list: readonly Entry[],
  wanted: unknown,
): Entry {
  const found = list.find(({ id, name }) => name === wanted || id === wanted);
  if (!found) throw invalid(field, `${wanted}: there is none`);
  return found;
}

function joinGroup(project: Project, server: StoredObject, id: number): void {
  const group = project.get("placement_groups", id);
  if (membersOf(group, project).length >= GROUP)
    throw new ApiError("placement_error", `a group takes ${GROUP} servers`);
  server["placementGroup"] = group.id;
}

function join(project: Project, server: StoredObject, body: Body): void {
  const network = project.get("networks", body.network);
  if (privateNets(server).some((net) => net.network === network.id))
    throw new ApiError("server_already_attached", "the server is on that network already");
  const ip = addressIn(network, project, body.ip, body.ip_range);
  const mac = [server.id >> 16, server.id >> 8, server.id, privateNets(server).length]
    .map((part) => (part & 255).toString(16).padStart(2, "0"))
    .join(":");
  privateNets(server).push({
    network: network.id,
    ip,
    alias_ips: body.alias_ips ?? [],
    mac_address: `86:00:${mac}`,
  });
}

/** Addresses of a new server: those that are named, else new ones that go with it. */
function givePublic(project: Project, server: StoredObject, wanted: Body): void {
  for (const type of ["ipv4", "ipv6"] as const) {
    if (wanted?.[`enable_${type}`] === false) continue;
    const id = wanted?.[type];
    const ip =
      id == null
        ? createIp(project, {
            name: `primary_ip-${server.id}-${type}`,
            type,
            auto: true,
            location: server["location"].name,
          })
        : project.get("primary_ips", id);
    if (ip["assignee_id"] !== null)
      throw new ApiError("primary_ip_assigned", `${ip.name} belongs to another server`);
    if (ip["type"] !== type)
      throw new ApiError("primary_ip_version_mismatch", `${ip.name} is no ${type}`);
    assign(ip, server);
  }
}

function create(project: Project, body: Body): StoredObject {
  project.refuseName("servers", body.name);
  if (!HOSTNAME.test(body.name)) throw invalid("name", "a host's name is allowed (RFC 1123)");
  if (body.datacenter !== undefined)
    throw invalid("datacenter", "was removed on 2026-07-01, use location");
  if (Buffer.byteLength(body.user_data ?? "") > USER_DATA)
    throw invalid("user_data", "32 KiB are allowed");
  for (const key of body.ssh_keys ?? []) project.get("ssh_keys", key);
  const type = pick("server_type", SERVER_TYPES, body.server_type);
  const server = project.add("servers", {
    name: body.name,
    serverType: type.name,
    disk: type.disk,
    image: pick("image", IMAGES, body.image).name,
    location: pick("location", LOCATIONS, body.location ?? "fsn1"),
    userData: body.user_data ?? "",
    labels: checkedLabels(body.labels),
    fresh: true,
    power: body.start_after_create === false ? "off" : "running",
    placementGroup: null,
    privateNet: [],
    firewalls: [],
    ipv4: null,
    ipv6: null,
    rescue: null,
    iso: null,
    backups: null,
    protection: { delete: false, rebuild: false },
  });
  try {
    givePublic(project, server, body.public_net);
    if (body.placement_group) joinGroup(project, server, body.placement_group);
    for (const { firewall } of body.firewalls ?? [])
      putOn(project.get("firewalls", firewall), server);
    for (const network of body.networks ?? []) join(project, server, { network });
  } catch (error) {
    // Refused as a whole: nothing of it stays.
    leave(project, server);
    throw error;
  }
  return server;
}

/** Takes a server away from all that it is tied to, and out of the list. */
function leave(project: Project, server: StoredObject): void {
  for (const ip of project.all("primary_ips").filter((one) => one["assignee_id"] === server.id)) {
    unassign(project, ip);
    if (ip["auto_delete"]) project.remove("primary_ips", ip);
  }
  for (const volume of project.all("volumes"))
    if (volume["server"] === server.id) volume["server"] = null;
  project.remove("servers", server);
}

type Act = (server: StoredObject, body: Body, project: Project) => void;

/** A change of fields of what is kept of the server. */
const set =
  (fields: Readonly<Record<string, unknown>>): Act =>
  (server) => {
    Object.assign(server, fields);
  };

/** What the API does to a server, by the action's name, and what the action is called then. */
const ACTIONS: Readonly<Record<string, readonly [command: string, act: Act]>> = {
  poweron: ["start_server", set({ power: "running" })],
  poweroff: ["stop_server", set({ power: "off" })],
  shutdown: ["shutdown_server", set({ power: "off" })],
  reboot: ["reboot_server", () => {}],
  reset: ["reset_server", () => {}],
  change_type: [
    "change_server_type",
    (server, body) => {
      if (server["power"] !== "off")
        throw new ApiError("server_not_stopped", "the server must be off");
      const type = pick("server_type", SERVER_TYPES, body.server_type);
      if (body.upgrade_disk === true) server["disk"] = type.disk;
      else if (type.disk < server["disk"])
        throw new ApiError("invalid_server_type", "its disk is smaller than the server's");
      server["serverType"] = type.name;
    },
  ],
  attach_to_network: ["attach_to_network", (server, body, project) => join(project, server, body)],
  detach_from_network: [
    "detach_from_network",
    (server, body) => {
      server["privateNet"] = privateNets(server).filter((net) => net.network !== body.network);
    },
  ],
  change_alias_ips: [
    "change_alias_ips",
    (server, body) => {
      server["privateNet"] = privateNets(server).map((net) =>
        net.network === body.network ? { ...net, alias_ips: body.alias_ips } : net,
      );
    },
  ],
  add_to_placement_group: [
    "add_to_placement_group",
    (server, body, project) => {
      if (server["power"] !== "off")
        throw new ApiError("server_not_stopped", "the server must be off");
      if (server["placementGroup"] !== null)
        throw new ApiError("server_already_added", "the server is in a group");
      joinGroup(project, server, body.placement_group);
      // The API starts what it has moved: the provider's TestAccServerResource_PlacementGroup.
      server["power"] = "running";
    },
  ],
  remove_from_placement_group: ["remove_from_placement_group", set({ placementGroup: null })],
  enable_rescue: ["enable_rescue", set({ rescue: "linux64" })],
  disable_rescue: ["disable_rescue", set({ rescue: null })],
  enable_backup: ["enable_backup", set({ backups: "22-02" })],
  disable_backup: ["disable_backup", set({ backups: null })],
  attach_iso: [
    "attach_iso",
    (server, body) => {
      server["iso"] = pick("iso", ISOS, body.iso).id;
    },
  ],
  detach_iso: ["detach_iso", set({ iso: null })],
};

export const servers: readonly Route[] = [
  ...common("servers", "server", show),
  [
    "POST /servers",
    ({ project, body }) => {
      const server = create(project, body);
      const action = project.act("create_server", ["server", server]);
      const answer = { server: show(server, project), action, next_actions: [] };
      // A password only where no key comes along; user_data counts as none, as it does there.
      return made({ ...answer, root_password: null });
    },
  ],
  ...Object.entries(ACTIONS).map(
    ([name, [command, act]]): Route => [
      `POST /servers/:/actions/${name}`,
      ({ project, at: [id = ""], body }) => {
        const server = project.get("servers", id);
        project.refuseBusy(server);
        act(server, body, project);
        server["fresh"] = false;
        return made({ action: project.act(command, ["server", server]) });
      },
    ],
  ),
  [
    "POST /servers/:/actions/change_dns_ptr",
    ({ project, at: [id = ""], body }) => {
      const server = project.get("servers", id);
      const ips = project.all("primary_ips").filter((ip) => ip["assignee_id"] === server.id);
      setReverse(ips, body);
      return made({ action: project.act("change_dns_ptr", ["server", server]) });
    },
  ],
  [
    "DELETE /servers/:",
    ({ project, at: [id = ""] }) => {
      const server = project.get("servers", id);
      if (server.protection["delete"])
        throw new ApiError("protected", "server deletion is protected");
      project.refuseBusy(server);
      leave(project, server);
      return ok({ action: project.act("delete_server", ["server", server]) });
    },
  ],
];
