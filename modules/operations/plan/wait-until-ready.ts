import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud } from "../../clouds/cloud/index.ts";
import type { Progress, Terraform } from "../../clouds/terraform/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";

/** How often the cloud is asked whether a resource is ready, and the seconds between two questions. */
const ATTEMPTS = 60;
const WAIT_SECONDS = 2;

/**
 * Waits until resources whose creation was interrupted are ready in the cloud, and removes their taint. An
 * interrupt doesn't stop the cloud: the server runs a moment later, and an address that lacks its tags is an
 * address. Terraform would replace each tainted resource, and could never replace a protected one.
 *
 * @returns how many resources are no longer tainted, or were taken out of the state
 * @throws TerraformFailure, ExternalFailure
 */
export async function waitUntilReady(
  blueprint: Blueprint,
  cloud: Cloud,
  terraform: Terraform,
  progress: Progress,
): Promise<number> {
  const tainted = await terraform.tainted();
  let settled = 0;
  for (const { address, type, id } of tainted) {
    const kind = cloud.statusNames[type];
    if (!kind) continue;
    const look = async () => (await cloud.statusOf(blueprint, kind.kind, id)) ?? "gone";
    let status = await look();
    for (let left = ATTEMPTS; kind.pending.includes(status) && left > 0; left--) {
      progress(`${address}: its creation was interrupted, the cloud is still working on it`);
      await sleep(WAIT_SECONDS * 1000);
      status = await look();
    }
    if (kind.failed?.includes(status)) {
      progress(
        `${address}: its creation failed in the cloud (${status}): it leaves the state and is created again`,
      );
      await terraform.forget(address);
      settled++;
    }
    if (!kind.ready.includes(status)) continue;
    progress(`${address}: its creation was interrupted, the cloud says that it is ready: it stays`);
    await terraform.untaint(address);
    settled++;
  }
  return settled;
}
