import { Rdns } from "@cdktf/provider-hcloud/lib/rdns";
import { Server } from "@cdktf/provider-hcloud/lib/server";
import { Volume } from "@cdktf/provider-hcloud/lib/volume";
import { VolumeAttachment } from "@cdktf/provider-hcloud/lib/volume-attachment";
import { Token } from "cdktf";
import { Construct } from "constructs";
import type { BlueprintOn, HetznerCloud, Host } from "../../planning/blueprint/index.ts";
import { cloudName, labels, userData } from "../stack/index.ts";
import { withoutDot } from "./dns.ts";
import type { PrivateNetwork } from "./private-network.ts";
import type { RoleFirewalls } from "./role-firewalls.ts";
import type { Spread } from "./spread.ts";

export interface CloudHostProps {
  readonly blueprint: BlueprintOn<HetznerCloud>;
  readonly host: Host;
  readonly network: PrivateNetwork;
  readonly firewalls: RoleFirewalls;
  readonly spread: Spread;
  /** Lifecycle of what holds state. */
  readonly protection: { readonly preventDestroy: boolean };
  /** Whether the API, too, refuses to delete it. */
  readonly locked: boolean;
}

/** One machine: its private address as planned, its public ones, its volumes, its names. */
export class CloudHost extends Construct {
  constructor(scope: Construct, id: string, props: CloudHostProps) {
    super(scope, id);
    const { blueprint, host, network, firewalls, spread, locked } = props;
    const { site, image } = blueprint.cloud;
    const address = host.publicAddress;
    const keep = host.protected && locked;
    const server = new Server(this, "server", {
      name: cloudName(blueprint, host.id),
      serverType: host.flavour,
      image,
      location: site,
      userData: userData(blueprint, host),
      placementGroupId: spread.groupId(host),
      // Without this block the cloud gives every server addresses of its own.
      publicNet: [
        address
          ? {
              ipv4Enabled: true,
              ipv4: Number(address.id),
              ipv6Enabled: address.ipv6Id !== undefined,
              ...(address.ipv6Id !== undefined && { ipv6: Number(address.ipv6Id) }),
            }
          : { ipv4Enabled: false, ipv6Enabled: false },
      ],
      // An empty list of further addresses, or the provider sees a change at each plan (its issue 650).
      network: [{ subnetId: network.subnetId(host.zone), ip: host.ipv4, aliasIps: [] }],
      // A firewall is for public traffic; the API takes none on a server without.
      ...(address && { firewallIds: [firewalls.firewallId(host.role)] }),
      labels: labels(blueprint, host.id),
      deleteProtection: keep,
      // The API wants the two alike.
      rebuildProtection: keep,
      lifecycle: {
        ...(host.protected && props.protection),
        // Either would make the provider replace a running host. A new image or other admins reach
        // hosts by converge and by upgrade, never by a surprise.
        ignoreChanges: ["user_data", "image"],
      },
    });
    for (const volume of host.volumes) {
      const disk = new Volume(this, volume.id, {
        name: cloudName(blueprint, volume.id),
        size: volume.sizeGiB,
        location: site,
        labels: labels(blueprint, volume.id),
        deleteProtection: locked,
        lifecycle: props.protection,
      });
      new VolumeAttachment(this, `${volume.id}-attachment`, {
        serverId: Token.asNumber(server.id),
        volumeId: Token.asNumber(disk.id),
        // What is on it, and where, is converge's affair.
        automount: false,
      });
    }
    this.#reverseNames(blueprint, host);
  }

  /** A public address answers with the name that points at it; hosts that no name points at with none. */
  #reverseNames({ dns }: BlueprintOn<HetznerCloud>, { publicAddress: address }: Host): void {
    if (!address || dns.zone === null) return;
    for (const [type, id, ip] of [
      ["A", address.id, address.ipv4],
      ["AAAA", address.ipv6Id, address.ipv6],
    ] as const) {
      const record = dns.records.find((r) => r.type === type && ip && r.values.includes(ip));
      if (!record || !id || !ip) continue;
      new Rdns(this, `reverse-${type.toLowerCase()}`, {
        primaryIpId: Number(id),
        ipAddress: ip,
        dnsPtr: withoutDot(record.name),
      });
    }
  }
}
