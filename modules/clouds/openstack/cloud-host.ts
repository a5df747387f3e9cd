import { BlockstorageVolumeV3 } from "@cdktf/provider-openstack/lib/blockstorage-volume-v3";
import { ComputeInstanceV2 } from "@cdktf/provider-openstack/lib/compute-instance-v2";
import type { ComputeServergroupV2 } from "@cdktf/provider-openstack/lib/compute-servergroup-v2";
import { ComputeVolumeAttachV2 } from "@cdktf/provider-openstack/lib/compute-volume-attach-v2";
import { NetworkingFloatingipAssociateV2 } from "@cdktf/provider-openstack/lib/networking-floatingip-associate-v2";
import { NetworkingPortSecgroupAssociateV2 } from "@cdktf/provider-openstack/lib/networking-port-secgroup-associate-v2";
import { NetworkingPortV2 } from "@cdktf/provider-openstack/lib/networking-port-v2";
import { Construct } from "constructs";
import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { cloudName, labels, userData } from "../stack/index.ts";
import { tags } from "./names.ts";
import type { RoleSecurity } from "./role-security.ts";
import type { ZoneNetwork } from "./zone-network.ts";

export interface CloudHostProps {
  readonly blueprint: Blueprint;
  readonly host: Host;
  readonly network: ZoneNetwork;
  readonly security: RoleSecurity;
  readonly group: ComputeServergroupV2;
  /** Lifecycle of what holds state. */
  readonly protection: { readonly preventDestroy: boolean };
}

/** One machine: its port with the planned addresses, its public address, its volumes. */
export class CloudHost extends Construct {
  constructor(scope: Construct, id: string, props: CloudHostProps) {
    super(scope, id);
    const { blueprint, host, network, security, group } = props;
    const groupId = security.groupId(host.role);
    const port = new NetworkingPortV2(this, "port", {
      name: cloudName(blueprint, host.id),
      networkId: network.networkId,
      fixedIp: [
        { subnetId: network.ipv4SubnetId, ipAddress: host.ipv4 },
        ...(host.ipv6 ? [{ subnetId: network.ipv6SubnetId, ipAddress: host.ipv6 }] : []),
      ],
      securityGroupIds: [groupId],
      portSecurityEnabled: true,
      tags: tags(blueprint, host.id),
      // A floating address can be tied to it only once its subnet is routed.
      dependsOn: [...network.routes],
    });
    const address = host.publicAddress;
    const direct = blueprint.cloud.publicAddresses === "direct" ? address : undefined;
    if (direct) {
      new NetworkingPortSecgroupAssociateV2(this, "public-security", {
        portId: direct.id,
        securityGroupIds: [groupId],
        enforce: true,
      });
    }
    const server = new ComputeInstanceV2(this, "server", {
      name: cloudName(blueprint, host.id),
      flavorName: host.flavour,
      imageName: blueprint.cloud.image,
      // Public port first: the default route goes that way.
      network: [...(direct ? [{ port: direct.id }] : []), { port: port.id }],
      schedulerHints: [{ group: group.id }],
      // Identity comes on a local disk, so no flow to a metadata service is needed.
      configDrive: true,
      userData: userData(blueprint, host),
      metadata: labels(blueprint, host.id),
      tags: tags(blueprint, host.id),
      lifecycle: {
        ...(host.protected && props.protection),
        // Each of these would make the provider replace a running host or wipe its system disk. A new image, other admins or
        // another spread reach hosts by converge and by upgrade, never by a surprise.
        ignoreChanges: ["user_data", "image_id", "image_name", "scheduler_hints"],
      },
    });
    if (address && !direct) {
      new NetworkingFloatingipAssociateV2(this, "public-address", {
        floatingIp: address.ipv4,
        portId: port.id,
        fixedIp: host.ipv4,
        dependsOn: [server],
      });
    }
    for (const volume of host.volumes) {
      const disk = new BlockstorageVolumeV3(this, volume.id, {
        name: cloudName(blueprint, volume.id),
        description: volume.why,
        size: volume.sizeGiB,
        enableOnlineResize: true,
        metadata: labels(blueprint, volume.id),
        lifecycle: props.protection,
      });
      new ComputeVolumeAttachV2(this, `${volume.id}-attachment`, {
        instanceId: server.id,
        volumeId: disk.id,
      });
    }
  }
}
