import type { Blueprint } from "../modules/blueprint/index.ts";
import type { Kind } from "../modules/openstack-api/index.ts";
import type { Progress, Terraform } from "../modules/terraform/index.ts";
import { connect } from "./cloud-objects.ts";

/** What takes a while to be made, and what its status is then. */
const WHOLE: Readonly<Record<string, { readonly kind: Kind; readonly status: readonly string[] }>> =
  {
    openstack_compute_instance_v2: { kind: "servers", status: ["ACTIVE"] },
    openstack_blockstorage_volume_v3: { kind: "volumes", status: ["available", "in-use"] },
  };

/**
 * An interrupt while a server is being started doesn't stop the cloud: it runs a moment later. But
 * Terraform would replace it, and what is protected it could never replace. So what the cloud says is
 * well is kept.
 *
 * @returns how many were kept
 * @throws TerraformFailure, CloudFailure
 */
export async function keepWhole(
  blueprint: Blueprint,
  terraform: Terraform,
  progress: Progress,
): Promise<number> {
  const tainted = (await terraform.tainted()).filter(({ type }) => type in WHOLE);
  if (tainted.length === 0) return 0;
  const api = await connect(blueprint);
  let kept = 0;
  for (const { address, type, id } of tainted) {
    const { kind, status } = WHOLE[type] ?? { kind: "servers", status: [] };
    const item = (await api.list(kind)).find((item) => item["id"] === id);
    if (!status.includes(String(item?.["status"]))) continue;
    progress(`${address}: its making was interrupted, the cloud says it is well: kept`);
    await terraform.untaint(address);
    kept++;
  }
  return kept;
}
