import { readFileSync } from "node:fs";
import { BlockstorageVolumeV3 } from "@cdktf/provider-openstack/lib/blockstorage-volume-v3";
import { ComputeInstanceV2 } from "@cdktf/provider-openstack/lib/compute-instance-v2";
import { ComputeServergroupV2 } from "@cdktf/provider-openstack/lib/compute-servergroup-v2";
import { ComputeVolumeAttachV2 } from "@cdktf/provider-openstack/lib/compute-volume-attach-v2";
import { DataOpenstackImagesImageV2 } from "@cdktf/provider-openstack/lib/data-openstack-images-image-v2";
import { DnsRecordsetV2 } from "@cdktf/provider-openstack/lib/dns-recordset-v2";
import { DnsZoneV2 } from "@cdktf/provider-openstack/lib/dns-zone-v2";
import { NetworkingFloatingipV2 } from "@cdktf/provider-openstack/lib/networking-floatingip-v2";
import { NetworkingNetworkV2 } from "@cdktf/provider-openstack/lib/networking-network-v2";
import { NetworkingPortV2 } from "@cdktf/provider-openstack/lib/networking-port-v2";
import { NetworkingRouterInterfaceV2 } from "@cdktf/provider-openstack/lib/networking-router-interface-v2";
import { NetworkingRouterV2 } from "@cdktf/provider-openstack/lib/networking-router-v2";
import { NetworkingSecgroupRuleV2 } from "@cdktf/provider-openstack/lib/networking-secgroup-rule-v2";
import { NetworkingSecgroupV2 } from "@cdktf/provider-openstack/lib/networking-secgroup-v2";
import { NetworkingSubnetV2 } from "@cdktf/provider-openstack/lib/networking-subnet-v2";
import { OpenstackProvider } from "@cdktf/provider-openstack/lib/provider";
import { App, LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import { load } from "js-yaml";
import type { ProblemKind, ProviderSchema } from "./index.ts";

/** The committed schema of the real provider. */
export const schema = JSON.parse(
  readFileSync(new URL("../../../providers/openstack/schema.json", import.meta.url), "utf8"),
) as ProviderSchema;

/** Synthesises a small cluster with the real bindings into `outdir`, and returns its cdk.tf.json. */
export function synthesiseExample(outdir: string): string {
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "example");
  new LocalBackend(stack, { path: "example.tfstate" });
  new OpenstackProvider(stack, "openstack", {});
  const network = new NetworkingNetworkV2(stack, "net", { name: "net", adminStateUp: true });
  const subnet = new NetworkingSubnetV2(stack, "subnet", {
    networkId: network.id,
    cidr: "10.1.0.0/24",
    ipVersion: 4,
    dnsNameservers: ["192.0.2.53"],
    allocationPool: [{ start: "10.1.0.10", end: "10.1.0.200" }],
  });
  const router = new NetworkingRouterV2(stack, "router", { name: "router" });
  new NetworkingRouterInterfaceV2(stack, "leg", { routerId: router.id, subnetId: subnet.id });
  const group = new NetworkingSecgroupV2(stack, "web", { name: "web", deleteDefaultRules: true });
  new NetworkingSecgroupRuleV2(stack, "https", {
    securityGroupId: group.id,
    direction: "ingress",
    ethertype: "IPv4",
    protocol: "tcp",
    portRangeMin: 443,
    portRangeMax: 443,
    remoteIpPrefix: "0.0.0.0/0",
  });
  const port = new NetworkingPortV2(stack, "port", {
    networkId: network.id,
    securityGroupIds: [group.id],
    fixedIp: [{ subnetId: subnet.id, ipAddress: "10.1.0.5" }],
    binding: { vnicType: "normal" },
    allowedAddressPairs: [{ ipAddress: "10.1.0.6" }],
  });
  const image = new DataOpenstackImagesImageV2(stack, "debian", { name: "debian-13" });
  const apart = new ComputeServergroupV2(stack, "apart", { name: "apart", policies: ["affinity"] });
  const host = new ComputeInstanceV2(stack, "host", {
    name: "control-1",
    flavorName: "m1.small",
    imageId: image.id,
    userData: "#cloud-config\n",
    metadata: { role: "control" },
    network: [{ port: port.id }],
    blockDevice: [{ sourceType: "image", uuid: image.id, bootIndex: 0, volumeSize: 20 }],
    schedulerHints: [{ group: apart.id }],
    timeouts: { create: "10m" },
    lifecycle: { ignoreChanges: ["user_data", "image_id"], preventDestroy: true },
    dependsOn: [router],
  });
  const volume = new BlockstorageVolumeV3(stack, "state", { name: "state", size: 10 });
  new ComputeVolumeAttachV2(stack, "attach", { instanceId: host.id, volumeId: volume.id });
  const floating = new NetworkingFloatingipV2(stack, "public", { pool: "public" });
  const zone = new DnsZoneV2(stack, "zone", { name: "example.org.", email: "dns@example.org" });
  new DnsRecordsetV2(stack, "a", {
    zoneId: zone.id,
    name: `meet.${zone.name}`,
    type: "A",
    records: [floating.address],
    ttl: 300,
  });
  new TerraformOutput(stack, "address", { value: floating.address });
  app.synth();
  return readFileSync(`${outdir}/stacks/example/cdk.tf.json`, "utf8");
}

/** A Terraform document that may be spoilt. */
// biome-ignore lint/suspicious/noExplicitAny: a fault reaches anywhere into a JSON document
export type Document = any;

/** A fault planted in the example, and the one problem that it must give. */
export interface Fault {
  readonly plant: (document: Document) => void;
  readonly kind: ProblemKind;
  readonly address: string;
  readonly path: string;
  /** A part of the message. */
  readonly says: string;
  /** Whether Terraform is more lenient than we are: it converts. */
  readonly terraformConverts: boolean;
}

type Row = [address: string, path: string, value: unknown, ProblemKind, says: string, string?];

/** Where a place of a body stands in the document. */
function keysOf(address: string, path: string): string[] {
  const [kind = ""] = address.split(".");
  const body = kind === "provider" ? `${address}.0` : address;
  const inside = /^(|data|output|provider)$/.test(kind) ? body : `resource.${body}`;
  return `${inside}.${path}`.split(/[.[\]]+/).filter((key) => key !== "");
}

const faultOf = ([address, path, value, kind, says, converts]: Row): Fault => ({
  address,
  path,
  kind,
  says,
  terraformConverts: converts !== undefined,
  plant: (document) => {
    const keys = keysOf(address, path);
    const last = keys.pop() ?? "";
    const holder = keys.reduce((it, key) => {
      it[key] ??= {};
      return it[key];
    }, document);
    if (value === "(nothing)") delete holder[last];
    else holder[last] = value;
  },
});

const rows = load(readFileSync(new URL("faults.yaml", import.meta.url), "utf8")) as Readonly<
  Record<string, Row>
>;
export const FAULTS: Readonly<Record<string, Fault>> = Object.fromEntries(
  Object.entries(rows).map(([name, row]) => [name, faultOf(row)]),
);
