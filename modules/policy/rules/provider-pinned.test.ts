import { planned } from "../../../lab/testing/examples.ts";
import { bothWays, change, doing, type Planted, set, subject } from "../testing.ts";
import { providerPinned } from "./provider-pinned.ts";

const SERVER = "openstack_compute_instance_v2";

const terraform = (p: Planted, values: object) =>
  doing(Object.assign(p.stacks.get("lab"), values), "lab");
const required = (p: Planted, values: object) => {
  Object.assign(p.stacks.get("lab").terraform.required_providers.openstack, values);
  return "lab";
};

bothWays(providerPinned, planned, [
  ["a version that may move", (p) => required(p, { version: "~> 3.4" }), /version: got "~> 3\.4"/],
  ["no version", (p) => required(p, { version: undefined }), /version: got nothing/],
  [
    "another source",
    (p) => required(p, { source: "evil/openstack" }),
    /source: got "evil\/openstack"/,
  ],
  [
    "another registry",
    (p) => required(p, { source: "mirror.example/terraform-provider-openstack/openstack" }),
    /source: got/,
  ],
  [
    "a second provider",
    (p) =>
      doing(
        Object.assign(p.stacks.get("lab").terraform.required_providers, {
          null: { source: "hashicorp/null", version: "3.2.0" },
        }),
        "lab",
      ),
    /uses provider null/,
  ],
  [
    "a second configuration",
    (p) =>
      doing(p.stacks.get("lab").provider.openstack.push({ alias: "other", cloud: "other" }), "lab"),
    /2 times/,
  ],
  [
    "a module",
    (p) => terraform(p, { module: { x: { source: "git::https://x.example" } } }),
    /has a module block/,
  ],
  ["a variable", (p) => terraform(p, { variable: { x: {} } }), /has a variable block/],
  ["an import", (p) => terraform(p, { import: [{ to: "x.y", id: "1" }] }), /has a import block/],
  [
    "a removal that leaves things standing",
    (p) => terraform(p, { removed: [{ from: "x.y" }] }),
    /has a removed block/,
  ],
  [
    "a provisioner",
    (p) => set(p, SERVER, "edge-1", { provisioner: [{ "local-exec": { command: "id" } }] }),
    /has provisioner/,
  ],
  [
    "a connection",
    (p) => set(p, SERVER, "edge-1", { connection: { host: "x" } }),
    /has connection/,
  ],
  [
    "a provider of a resource's choice",
    (p) => set(p, SERVER, "edge-1", { provider: "openstack.other" }),
    /has provider/,
  ],
  [
    "another state's values",
    (p) =>
      doing(
        Object.assign(p.stacks.get("lab").data, { terraform_remote_state: { x: {} } }),
        "lab/data.terraform_remote_state.x",
      ),
    /of another provider/,
  ],
  [
    "a resource that runs programs",
    (p) =>
      doing(
        Object.assign(p.stacks.get("lab").resource, { null_resource: { x: {} } }),
        "lab/null_resource.x",
      ),
    /of another provider/,
  ],
  [
    "another provider in the plan",
    (p) =>
      doing(
        Object.assign(change(p, SERVER, "edge-1"), {
          provider_name: "registry.terraform.io/evil/openstack",
        }),
        subject(p, SERVER, "edge-1"),
      ),
    /the plan uses provider/,
  ],
  [
    "another provider in the plan's configuration",
    (p) =>
      doing(
        Object.assign(p.plans.get("lab").configuration.provider_config, {
          null: { full_name: "registry.terraform.io/hashicorp/null" },
        }),
        "lab",
      ),
    /configures provider/,
  ],
  [
    "a module in the plan",
    (p) =>
      doing(
        Object.assign(p.plans.get("lab").configuration.root_module, { module_calls: { x: {} } }),
        "lab",
      ),
    /calls module x/,
  ],
]);
