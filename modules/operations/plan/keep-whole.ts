import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud } from "../../clouds/cloud/index.ts";
import type { Progress, Terraform } from "../../clouds/terraform/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";

/** Looks at what the cloud is still making, and seconds between two. */
const LOOKS = 60;
const WAIT = 2;

/**
 * An interrupt while a server is being started doesn't stop the cloud: it runs a moment later; and an
 * address that lacks its tags is an address. But Terraform would replace them, and what is protected
 * it could never replace. So what the cloud says is well is kept.
 *
 * @returns how many were kept
 * @throws TerraformFailure, OutsideFailure
 */
export async function keepWhole(
  blueprint: Blueprint,
  cloud: Cloud,
  terraform: Terraform,
  progress: Progress,
): Promise<number> {
  const tainted = await terraform.tainted();
  let settled = 0;
  for (const { address, type, id } of tainted) {
    const kind = cloud.making[type];
    if (!kind) continue;
    const look = async () => (await cloud.statusOf(blueprint, kind.kind, id)) ?? "gone";
    let status = await look();
    for (let left = LOOKS; kind.making.includes(status) && left > 0; left--) {
      progress(`${address}: its making was interrupted, the cloud is still at it`);
      await sleep(WAIT * 1000);
      status = await look();
    }
    if (kind.failed?.includes(status)) {
      progress(`${address}: its making failed in the cloud (${status}): forgotten, made anew`);
      await terraform.forget(address);
      settled++;
    }
    if (!kind.whole.includes(status)) continue;
    progress(`${address}: its making was interrupted, the cloud says it is well: kept`);
    await terraform.untaint(address);
    settled++;
  }
  return settled;
}
