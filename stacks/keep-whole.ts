import { setTimeout as sleep } from "node:timers/promises";
import type { Blueprint } from "../modules/blueprint/index.ts";
import type { Kind } from "../modules/openstack-api/index.ts";
import type { Progress, Terraform } from "../modules/terraform/index.ts";
import { connect } from "./cloud-objects.ts";

interface Making {
  readonly kind: Kind;
  /** Its status while the cloud makes it, and when it has. */
  readonly making: string;
  readonly whole: readonly string[];
}

/** What takes a while to be made. */
const MAKING: Readonly<Record<string, Making>> = {
  openstack_compute_instance_v2: { kind: "servers", making: "BUILD", whole: ["ACTIVE"] },
  openstack_blockstorage_volume_v3: {
    kind: "volumes",
    making: "creating",
    whole: ["available", "in-use"],
  },
  // Addresses: nothing stands behind them yet, so they are down.
  openstack_networking_floatingip_v2: {
    kind: "floatingIps",
    making: "BUILD",
    whole: ["ACTIVE", "DOWN"],
  },
  openstack_networking_port_v2: { kind: "ports", making: "BUILD", whole: ["ACTIVE", "DOWN"] },
};

/** Looks at what the cloud is still making, and seconds between two. */
const LOOKS = 60;
const WAIT = 2;

/**
 * An interrupt while a server is being started doesn't stop the cloud: it runs a moment later; and an
 * address that lacks its tags is an address. But Terraform would replace them, and what is protected
 * it could never replace. So what the cloud says is well is kept.
 *
 * @returns how many were kept
 * @throws TerraformFailure, CloudFailure
 */
export async function keepWhole(
  blueprint: Blueprint,
  terraform: Terraform,
  progress: Progress,
): Promise<number> {
  const tainted = await terraform.tainted();
  let kept = 0;
  for (const { address, type, id } of tainted) {
    const kind = MAKING[type];
    if (!kind) continue;
    const api = await connect(blueprint);
    const look = async () =>
      String((await api.list(kind.kind)).find((item) => item["id"] === id)?.["status"]);
    let status = await look();
    for (let left = LOOKS; status === kind.making && left > 0; left--) {
      progress(`${address}: its making was interrupted, the cloud is still at it`);
      await sleep(WAIT * 1000);
      status = await look();
    }
    if (!kind.whole.includes(status)) continue;
    progress(`${address}: its making was interrupted, the cloud says it is well: kept`);
    await terraform.untaint(address);
    kept++;
  }
  return kept;
}
