import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Blueprint } from "../modules/blueprint/index.ts";
import { type Item, KINDS, type Kind, OpenStackApi } from "../modules/openstack-api/index.ts";
import { ADDRESSES_FILE, type LoadedInstance } from "../modules/workspace/index.ts";
import { applyInstance } from "./apply.ts";
import { credentials } from "./credentials.ts";
import { type DeployOptions, planInstance } from "./plan.ts";
import { buildFolder, writeWhole } from "./working-folder.ts";

/** An object of the instance that the cloud still holds. */
export interface Leftover {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
}

/** The record of an end: what was destroyed, when, and what is still there. */
export interface DecommissionRecord {
  readonly instance: string;
  readonly organisation: string;
  readonly location: string;
  readonly date: string;
  readonly destroyed: readonly { readonly stack: string; readonly resources: number }[];
  readonly leftovers: readonly Leftover[];
}

/** Looks into an instance's project. */
export async function connect(blueprint: Blueprint): Promise<OpenStackApi> {
  return OpenStackApi.connect(await credentials(blueprint));
}

/** Whether an object in the project is this instance's: by its name, tag or zone. */
export function belongsTo(item: Item, blueprint: Blueprint): boolean {
  const name = String(item["name"] ?? "");
  const tags = (item["tags"] as string[] | undefined) ?? [];
  return (
    name.startsWith(`${blueprint.instance}-`) ||
    tags.includes(`polder-instance=${blueprint.instance}`) ||
    (blueprint.dns.zone !== null &&
      (name === blueprint.dns.zone || name.endsWith(`.${blueprint.dns.zone}`)))
  );
}

/** What the cloud's API still shows of an instance. */
export async function listLeftovers(blueprint: Blueprint): Promise<Leftover[]> {
  const listing = await (await connect(blueprint)).listAll();
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

/**
 * Ends an instance: lifts the protection, destroys cluster and addresses, lists what the API still
 * holds, forgets the addresses and writes the record into the instance's folder.
 *
 * @throws TerraformFailure, CloudFailure; run again, it goes on from what is left.
 */
export async function decommission(
  loaded: LoadedInstance,
  options: DeployOptions,
): Promise<DecommissionRecord> {
  const { blueprint, folder } = loaded;
  const destroy = { ...options, destroy: true };
  const planned = await planInstance(loaded, destroy);
  await applyInstance(loaded, destroy);
  options.progress(`${blueprint.instance}: asking the API what is still there`);
  const leftovers = await listLeftovers(blueprint);
  const record: DecommissionRecord = {
    instance: blueprint.instance,
    organisation: blueprint.organisation,
    location: blueprint.cloud.location,
    date: options.asOf,
    destroyed: planned.record.stacks.map(({ name, remove }) => ({
      stack: name,
      resources: remove,
    })),
    leftovers,
  };
  writeWhole(
    join(folder, `decommissioned-${options.asOf}.json`),
    `${JSON.stringify(record, null, 2)}\n`,
    0o644,
  );
  if (leftovers.length === 0) {
    for (const path of [
      join(folder, ADDRESSES_FILE),
      join(folder, "state"),
      buildFolder(blueprint.instance),
    ]) {
      if (existsSync(path)) rmSync(path, { recursive: true });
    }
  }
  return record;
}
