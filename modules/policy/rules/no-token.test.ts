import { planned } from "../../../lab/testing/examples.ts";
import { bothWays, change, doing, set } from "../testing.ts";
import { noToken } from "./no-token.ts";

const SERVER = "openstack_compute_instance_v2";
const VOLUME = "openstack_blockstorage_volume_v3";
const RECORD = "openstack_dns_recordset_v2";

bothWays(noToken, planned, [
  [
    "a token in a document",
    (p) => doing(set(p, RECORD, "dns_apex-a_", { records: ["${TfToken[TOKEN.4]}"] }), "lab"),
    /resource\.openstack_dns_recordset_v2/,
  ],
  [
    "an upper-cased one",
    (p) => doing(set(p, SERVER, "edge-1", { name: "${TFTOKEN[TOKEN.2]}" }), "lab"),
    /TFTOKEN/,
  ],
  [
    "a numeric one",
    (p) => doing(set(p, VOLUME, "control-1", { size: -1.8881545897087505e289 }), "lab"),
    /numeric token/,
  ],
  [
    "one in a plan",
    (p) =>
      doing(
        Object.assign(change(p, SERVER, "edge-1").change.after, { name: "${TfToken[TOKEN.2]}" }),
        "lab",
      ),
    /resource_changes/,
  ],
]);
