// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is Terraform syntax, in plain strings
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
  /** Set where Terraform is more lenient than we are: it converts. */
  readonly terraformConverts?: true;
}

const resource = (document: Document, type: string, name: string): Document =>
  document.resource[`openstack_${type}`][name];
const host = (document: Document): Document => resource(document, "compute_instance_v2", "host");
const HOST = "openstack_compute_instance_v2.host";
const PORT = "openstack_networking_port_v2.port";
const NET = "openstack_networking_network_v2.net";

export const FAULTS: Readonly<Record<string, Fault>> = {
  "a typo in an attribute": {
    plant: (it) => {
      host(it).flavour_name = "m1.small";
    },
    kind: "unknown-name",
    address: HOST,
    path: "flavour_name",
    says: 'unknown name "flavour_name", did you mean flavor_name?',
  },
  "a name like nothing": {
    plant: (it) => {
      resource(it, "networking_router_interface_v2", "leg").xxxxxxxxxxxx = 1;
    },
    kind: "unknown-name",
    address: "openstack_networking_router_interface_v2.leg",
    path: "xxxxxxxxxxxx",
    says: "allowed: force_destroy, id, port_id, region, router_id, subnet_id, timeouts",
  },
  "a name that every object has": {
    plant: (it) => {
      resource(it, "networking_network_v2", "net").constructor = "x";
    },
    kind: "unknown-name",
    address: NET,
    path: "constructor",
    says: 'unknown name "constructor"',
  },
  "a typo inside a block": {
    plant: (it) => {
      resource(it, "networking_port_v2", "port").fixed_ip[0].subnetid = "x";
    },
    kind: "unknown-name",
    address: PORT,
    path: "fixed_ip[0].subnetid",
    says: "did you mean subnet_id?",
  },
  "a typo in a block's name": {
    plant: (it) => {
      host(it).networks = [{ port: "x" }];
    },
    kind: "unknown-name",
    address: HOST,
    path: "networks",
    says: "did you mean network?",
  },
  "a typo in a provider's option": {
    plant: (it) => {
      it.provider.openstack[0].auth_ulr = "https://cloud.example";
    },
    kind: "unknown-name",
    address: "provider.openstack",
    path: "auth_ulr",
    says: "did you mean auth_url?",
  },
  "a typo in a data source": {
    plant: (it) => {
      it.data.openstack_images_image_v2.debian.most_recents = true;
    },
    kind: "unknown-name",
    address: "data.openstack_images_image_v2.debian",
    path: "most_recents",
    says: "did you mean most_recent?",
  },
  "a typo in ignore_changes": {
    plant: (it) => {
      host(it).lifecycle.ignore_changes[0] = "userdata";
    },
    kind: "unknown-name",
    address: HOST,
    path: "lifecycle.ignore_changes[0]",
    says: "did you mean user_data?",
  },
  "an unknown block of the document": {
    plant: (it) => {
      it.resources = {};
    },
    kind: "unknown-name",
    address: "",
    path: "resources",
    says: "did you mean resource?",
  },
  "an unknown resource type": {
    plant: (it) => {
      it.resource.openstack_networking_netwrok_v2 = { x: { name: "x" } };
    },
    kind: "unknown-type",
    address: "openstack_networking_netwrok_v2.x",
    path: "",
    says: "did you mean openstack_networking_network_v2?",
  },
  "an unknown data source type": {
    plant: (it) => {
      it.data.openstack_images_imgae_v2 = { x: { name: "x" } };
    },
    kind: "unknown-type",
    address: "data.openstack_images_imgae_v2.x",
    path: "",
    says: "did you mean openstack_images_image_v2?",
  },
  "a missing attribute": {
    plant: (it) => {
      delete host(it).name;
    },
    kind: "missing",
    address: HOST,
    path: "name",
    says: "name is required, got nothing",
  },
  "a required attribute that is null": {
    plant: (it) => {
      host(it).name = null;
    },
    kind: "missing",
    address: HOST,
    path: "name",
    says: "name is required, got nothing",
  },
  "a missing attribute inside a block": {
    plant: (it) => {
      delete host(it).block_device[0].source_type;
    },
    kind: "missing",
    address: HOST,
    path: "block_device[0].source_type",
    says: "source_type is required",
  },
  "a read-only attribute": {
    plant: (it) => {
      host(it).created = "2026-01-01";
    },
    kind: "read-only",
    address: HOST,
    path: "created",
    says: "created is read-only: remove it",
  },
  "an id that is set": {
    plant: (it) => {
      resource(it, "networking_network_v2", "net").id = "net-1";
    },
    kind: "read-only",
    address: NET,
    path: "id",
    says: "id is read-only",
  },
  "a text for a block": {
    plant: (it) => {
      host(it).network = "net";
    },
    kind: "nesting",
    address: HOST,
    path: "network",
    says: 'got the string "net", allowed: a block (an object)',
  },
  "an expression for a block": {
    plant: (it) => {
      host(it).network = "${[]}";
    },
    kind: "nesting",
    address: HOST,
    path: "network",
    says: "allowed: a block (an object)",
  },
  "a list of texts for blocks": {
    plant: (it) => {
      resource(it, "networking_port_v2", "port").fixed_ip = ["10.1.0.5"];
    },
    kind: "nesting",
    address: PORT,
    path: "fixed_ip[0]",
    says: "allowed: a block (an object)",
  },
  "two of a block of which there may be one": {
    plant: (it) => {
      resource(it, "networking_port_v2", "port").binding = [{}, {}];
    },
    kind: "items",
    address: PORT,
    path: "binding",
    says: "got 2 blocks, allowed: at most 1",
  },
  "two of a single block": {
    plant: (it) => {
      host(it).timeouts = [{ create: "1m" }, { create: "2m" }];
    },
    kind: "items",
    address: HOST,
    path: "timeouts",
    says: "got 2 blocks, allowed: at most 1",
  },
  "a text for a number": {
    plant: (it) => {
      resource(it, "blockstorage_volume_v3", "state").size = "ten";
    },
    kind: "type",
    address: "openstack_blockstorage_volume_v3.state",
    path: "size",
    says: 'got the string "ten", allowed: number',
  },
  "digits for a number": {
    plant: (it) => {
      resource(it, "blockstorage_volume_v3", "state").size = "10";
    },
    kind: "type",
    address: "openstack_blockstorage_volume_v3.state",
    path: "size",
    says: 'got the string "10", allowed: number',
    terraformConverts: true,
  },
  "a text for a boolean": {
    plant: (it) => {
      resource(it, "networking_network_v2", "net").admin_state_up = "yes";
    },
    kind: "type",
    address: NET,
    path: "admin_state_up",
    says: 'got the string "yes", allowed: bool',
  },
  "a list for a text": {
    plant: (it) => {
      resource(it, "networking_network_v2", "net").name = ["net"];
    },
    kind: "type",
    address: NET,
    path: "name",
    says: "got a list, allowed: string",
  },
  "a text for a list": {
    plant: (it) => {
      resource(it, "networking_port_v2", "port").security_group_ids = "web";
    },
    kind: "type",
    address: PORT,
    path: "security_group_ids",
    says: "allowed: set of string",
  },
  "a list for a map": {
    plant: (it) => {
      host(it).metadata = ["control"];
    },
    kind: "type",
    address: HOST,
    path: "metadata",
    says: "got a list, allowed: map of string",
  },
  "an object in a map of texts": {
    plant: (it) => {
      host(it).metadata.more = { a: "b" };
    },
    kind: "type",
    address: HOST,
    path: "metadata.more",
    says: "got an object, allowed: string",
  },
  "a secret of the wrong type": {
    plant: (it) => {
      it.provider.openstack[0].password = ["hunter2"];
    },
    kind: "type",
    address: "provider.openstack",
    path: "password",
    says: "got a list, allowed: string",
  },
  "a text that was cut inside an expression": {
    plant: (it) => {
      host(it).name = "${openstack_networking_network_v2.net.n";
    },
    kind: "template",
    address: HOST,
    path: "name",
    says: "is never closed: was it cut?",
  },
  "a reference to nothing": {
    plant: (it) => {
      host(it).network[0].port = "${openstack_networking_port_v2.prot.id}";
    },
    kind: "unknown-reference",
    address: HOST,
    path: "network[0].port",
    says: "did you mean openstack_networking_port_v2.port?",
  },
  "a reference to an attribute that doesn't exist": {
    plant: (it) => {
      host(it).network[0].port = '${join("", [openstack_networking_port_v2.port.idd])}';
    },
    kind: "unknown-reference",
    address: HOST,
    path: "network[0].port",
    says: 'openstack_networking_port_v2.port: unknown name "idd"',
  },
  "a dependency on nothing": {
    plant: (it) => {
      host(it).depends_on[0] = "openstack_networking_router_v2.ruoter";
    },
    kind: "unknown-reference",
    address: HOST,
    path: "depends_on[0]",
    says: "did you mean openstack_networking_router_v2.router?",
  },
  "an output of nothing": {
    plant: (it) => {
      it.output.address.value = "${data.openstack_images_image_v2.debain.id}";
    },
    kind: "unknown-reference",
    address: "output.address",
    path: "value",
    says: "did you mean data.openstack_images_image_v2.debian?",
  },
  "a dynamic block of an unknown kind": {
    plant: (it) => {
      host(it).dynamic = { netwrok: { for_each: ["a"], content: { name: "a" } } };
    },
    kind: "unknown-name",
    address: HOST,
    path: "dynamic.netwrok",
    says: "did you mean network?",
  },
  "a dynamic block with a typo": {
    plant: (it) => {
      host(it).dynamic = { network: { for_each: ["a"], content: { nmae: "a" } } };
    },
    kind: "unknown-name",
    address: HOST,
    path: "dynamic.network.content.nmae",
    says: "did you mean name?",
  },
  "a dynamic block without content": {
    plant: (it) => {
      host(it).dynamic = { network: { for_each: ["a"] } };
    },
    kind: "nesting",
    address: HOST,
    path: "dynamic.network",
    says: "needs for_each and content",
  },
};
