import { resolve } from "node:path";
import type { Testbed } from "../../common/testbed/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Cloud } from "../cloud/index.ts";
import type { Attributes } from "../terraform/index.ts";
import type { Kind } from "./api.ts";
import { clientConfig, credentials, login, testbedOf } from "./credentials.ts";
import { connect, listLeftovers } from "./project.ts";
import { findUnmanaged } from "./unmanaged.ts";

const networksOf = (server: Attributes): readonly Attributes[] =>
  (server["network"] as readonly Attributes[] | undefined) ?? [];
const withoutPort = ({ port }: Attributes): boolean => (port ?? "") === "";

export const openstack = (testbed: Testbed): Cloud => ({
  testbedOf: (blueprint) => testbedOf(testbed, blueprint),
  login: (blueprint) => login(testbed, blueprint),
  access: (blueprint) => ({ OS_CLIENT_CONFIG_FILE: resolve(clientConfig(blueprint, testbed)) }),
  checkCredential: async (blueprint) => {
    await credentials(blueprint, testbed);
  },
  flavours: async (blueprint) => (await connect(blueprint, testbed)).flavours(),
  leftovers: (blueprint) => listLeftovers(blueprint, testbed),
  unmanaged: (blueprint, plans, importing) => findUnmanaged(blueprint, testbed, plans, importing),
  imported: {
    openstack_compute_instance_v2: {
      unread: ["network", "config_drive"],
      lacks: (server) => server["config_drive"] === null || networksOf(server).some(withoutPort),
      complete: async (blueprint) => {
        const api = await connect(blueprint, testbed);
        const [servers, ports] = [await api.list("servers"), await api.list("ports")];
        return (server) => {
          const own = ports.filter((port) => port["device_id"] === server["id"]);
          const found = servers.find(({ id }) => id === server["id"]);
          const portOf = (network: Attributes) =>
            own.find((port) => port["mac_address"] === network["mac"]);
          // As the stack has them: the public one first.
          const isPublic = (network: Attributes) =>
            String(portOf(network)?.["name"]).endsWith("-public");
          const networks = networksOf(server)
            .map((network) => ({ ...network, port: portOf(network)?.["id"] ?? network["port"] }))
            .sort((a, b) => Number(isPublic(b)) - Number(isPublic(a)));
          return { ...server, network: networks, config_drive: found?.["config_drive"] === "True" };
        };
      },
    },
    openstack_networking_secgroup_v2: {
      unread: ["delete_default_rules"],
      lacks: (group) => group["delete_default_rules"] === null,
      // It says what was done when the group was made; what rules it has now, the plan compares.
      complete: async () => (group) => ({ ...group, delete_default_rules: true }),
    },
  },
  statusNames: {
    openstack_compute_instance_v2: { kind: "servers", pending: ["BUILD"], ready: ["ACTIVE"] },
    openstack_blockstorage_volume_v3: {
      kind: "volumes",
      pending: ["creating"],
      ready: ["available", "in-use"],
      failed: ["error"],
    },
    // Addresses: nothing stands behind them yet, so they are down.
    openstack_networking_floatingip_v2: {
      kind: "floatingIps",
      pending: ["BUILD"],
      ready: ["ACTIVE", "DOWN"],
    },
    openstack_networking_port_v2: { kind: "ports", pending: ["BUILD"], ready: ["ACTIVE", "DOWN"] },
  },
  statusOf: async (blueprint: Blueprint, kind, id) => {
    const found = await (await connect(blueprint, testbed)).list(kind as Kind);
    const status = found.find((item) => item["id"] === id)?.["status"];
    return status === undefined ? undefined : String(status);
  },
  putText: async (blueprint) => {
    const api = await connect(blueprint, testbed);
    return (zone, name, value) => api.addText(zone, name, value);
  },
});
