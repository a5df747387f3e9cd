import type { Blueprint, BlueprintOn, OpenStackCloud } from "../../modules/blueprint/index.ts";
import { AddressesStack, ClusterStack, OpenStackStack } from "../../modules/openstack/index.ts";
import type { Kind } from "../../modules/openstack-api/index.ts";
import type { StackProps } from "../../modules/stack/index.ts";
import { connect, listLeftovers } from "../cloud-objects.ts";
import { credentials } from "../credentials.ts";
import { findStrangers } from "../strangers.ts";
import type { Cloud } from "./cloud.ts";

type Props = StackProps<BlueprintOn<OpenStackCloud>>;

function on({ blueprint, ...props }: StackProps): Props {
  const { cloud } = blueprint;
  if (cloud.provider !== "openstack") throw new Error(`${cloud.location} is no OpenStack`);
  return { ...props, blueprint: { ...blueprint, cloud } };
}

class BareStack extends OpenStackStack {}

export const openstack: Cloud = {
  provider: "openstack",
  addressesStack: (scope, props) => new AddressesStack(scope, on(props)),
  clusterStack: (scope, props) => new ClusterStack(scope, on(props)),
  bareStack: (scope, id, props) => new BareStack(scope, id, on(props)),
  checkCredential: async (blueprint) => {
    await credentials(blueprint);
  },
  flavours: async (blueprint) => (await connect(blueprint)).flavours(),
  leftovers: listLeftovers,
  strangers: findStrangers,
  making: {
    openstack_compute_instance_v2: { kind: "servers", making: ["BUILD"], whole: ["ACTIVE"] },
    openstack_blockstorage_volume_v3: {
      kind: "volumes",
      making: ["creating"],
      whole: ["available", "in-use"],
    },
    // Addresses: nothing stands behind them yet, so they are down.
    openstack_networking_floatingip_v2: {
      kind: "floatingIps",
      making: ["BUILD"],
      whole: ["ACTIVE", "DOWN"],
    },
    openstack_networking_port_v2: { kind: "ports", making: ["BUILD"], whole: ["ACTIVE", "DOWN"] },
  },
  statusOf: async (blueprint: Blueprint, kind, id) => {
    const found = await (await connect(blueprint)).list(kind as Kind);
    const status = found.find((item) => item["id"] === id)?.["status"];
    return status === undefined ? undefined : String(status);
  },
  putText: async (blueprint) => {
    const api = await connect(blueprint);
    return (zone, name, value) => api.addText(zone, name, value);
  },
};
