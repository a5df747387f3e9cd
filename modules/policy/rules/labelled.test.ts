import { example } from "../../../lab/testing/examples.ts";
import { body, bothWays, doing, set, subject } from "../testing.ts";
import { labelled } from "./labelled.ts";

const SERVER = "openstack_compute_instance_v2";
const VOLUME = "openstack_blockstorage_volume_v3";
const PORT = "openstack_networking_port_v2";
const NETWORK = "openstack_networking_network_v2";
const FLOATING = "openstack_networking_floatingip_v2";

bothWays(labelled, () => example(), [
  [
    "a network without tags",
    (p) =>
      doing(
        delete body(p, NETWORK, "zone-service").tags,
        Array(3).fill(subject(p, NETWORK, "zone-service")) as string[],
      ),
    /tag|polder-/,
  ],
  [
    "another instance's tag",
    (p) =>
      set(p, PORT, "turn-1_", { tags: ["polder", "polder-instance=other", "polder-part=turn-1"] }),
    /polder-instance: got \["polder-instance=other"\]/,
  ],
  [
    "two parts",
    (p) =>
      set(p, PORT, "turn-1_", {
        tags: ["polder", "polder-instance=lab", "polder-part=turn-1", "polder-part=edge-1"],
      }),
    /exactly one is allowed/,
  ],
  [
    "a volume without metadata",
    (p) => set(p, VOLUME, "control-1", { metadata: { polder: "1", polder_instance: "lab" } }),
    /polder_part is missing/,
  ],
  [
    "a volume of another instance",
    (p) =>
      set(p, VOLUME, "control-1", {
        metadata: { polder: "1", polder_instance: "x", polder_part: "control-1-data" },
      }),
    /polder_instance: got "x"/,
  ],
  [
    "tags and metadata that differ",
    (p) =>
      set(p, SERVER, "turn-1", {
        metadata: { polder: "1", polder_instance: "lab", polder_part: "turn-2" },
      }),
    /name different parts/,
  ],
  [
    "an address without tags",
    (p) =>
      set(
        p,
        FLOATING,
        "turn-1",
        { tags: ["polder-instance=lab", "polder-part=turn-1"] },
        "lab-addresses",
      ),
    /the tag "polder" is missing/,
  ],
]);
