import type { Testbed } from "../../common/testbed/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Leftover } from "../cloud/index.ts";
import { type Item, KINDS, OpenStackApi } from "./api.ts";
import { credentials, refuseEndpoints } from "./credentials.ts";

/**
 * Looks into an instance's project.
 *
 * @throws CloudFailure; BadInput when clouds.yaml or the cloud's catalogue leads to another cloud.
 */
export async function connect(blueprint: Blueprint, testbed: Testbed): Promise<OpenStackApi> {
  const api = await OpenStackApi.connect(await credentials(blueprint, testbed));
  await refuseEndpoints(blueprint, testbed, api.endpoints, "the cloud's catalogue");
  return api;
}

/** Whether an object in the project is this instance's: by its name, tag or zone. */
export function belongsTo(item: Item, blueprint: Blueprint): boolean {
  // A floating address has no name, and its tags come by a second request: its description is first.
  const name = String(item["name"] ?? item["description"] ?? "");
  const tags = (item["tags"] as string[] | undefined) ?? [];
  return (
    name.startsWith(`${blueprint.instance}-`) ||
    tags.includes(`polder-instance=${blueprint.instance}`) ||
    (blueprint.dns.zone !== null &&
      (name === blueprint.dns.zone || name.endsWith(`.${blueprint.dns.zone}`)))
  );
}

/** What the cloud's API still shows of an instance. */
export async function listLeftovers(blueprint: Blueprint, testbed: Testbed): Promise<Leftover[]> {
  const listing = await (await connect(blueprint, testbed)).listAll();
  return KINDS.flatMap((kind) =>
    listing[kind]
      .filter((item) => belongsTo(item, blueprint))
      // Designate deletes a zone in the background; it is gone for everyone at once.
      .filter((item) => item["action"] !== "DELETE" && item["status"] !== "DELETED")
      .map((item) => ({
        kind,
        id: String(item["id"]),
        name: String(item["name"] ?? item["floating_ip_address"] ?? ""),
      })),
  );
}
