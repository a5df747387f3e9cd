import { example } from "../../../lab/testing/examples.ts";
import { bothWays, set } from "../testing.ts";
import { validBySchema } from "./valid-by-schema.ts";

const VOLUME = "openstack_blockstorage_volume_v3";
const PORT = "openstack_networking_port_v2";

bothWays(validBySchema, () => example(), [
  [
    "a misspelt argument",
    (p) => set(p, PORT, "turn-1_", { port_securty_enabled: true }),
    /port_securty_enabled/,
  ],
  ["a word for a number", (p) => set(p, VOLUME, "control-1", { size: "ten" }), /size/],
  [
    "a reference to nothing",
    (p) => set(p, PORT, "turn-1_", { network_id: "${openstack_networking_network_v2.gone.id}" }),
    /network_id/,
  ],
  [
    "a missing argument",
    (p) => set(p, VOLUME, "control-1", { size: undefined }),
    /size is required/,
  ],
]);
