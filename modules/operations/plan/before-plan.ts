import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cloud, OfferedFlavour } from "../../clouds/cloud/index.ts";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import {
  BadInput,
  inFileOrder,
  type Path,
  type Problem,
  parseYaml,
} from "../../common/input/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import { evaluateAsOf, wayOut } from "../../planning/residency/index.ts";
import { INSTANCE_FILE, type LoadedInstance, shown } from "../../workspace/index.ts";

/** `parents[1].country` as a path below `residency`. */
const pathOf = (leaf: string): Path =>
  [...leaf.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part));

/**
 * Refuses an instance whose location may not be used on this day, before anything is planned.
 *
 * @throws BadInput with each fact at its place in the record, the rule and the way out.
 */
export function refuseResidency({ blueprint, record }: LoadedInstance, asOf: string): void {
  const { problems } = evaluateAsOf(blueprint.residency, blueprint.waivers, asOf);
  if (problems.length === 0) return;
  const found = problems.map(({ leaf, rule, text }): Problem => {
    const path = leaf === "platform" ? [leaf] : ["residency", ...pathOf(leaf)];
    return {
      file: record.file,
      at: record.at(path),
      message: `${leaf}: ${text} (rule ${rule}); ${wayOut(problems)}`,
    };
  });
  throw new BadInput(inFileOrder(found));
}

/**
 * Refuses a plan for an instance that was made somewhere else: with the same state it would look for
 * everything in the wrong cloud, and make it anew there.
 *
 * @param made output `location` of the addresses stack's state; undefined while there is none
 * @throws BadInput with the field and the way out.
 */
export function refuseMove({ blueprint, folder }: LoadedInstance, made: unknown): void {
  const { instance, cloud } = blueprint;
  const here = `${cloud.provider}/${cloud.location}`;
  if (typeof made !== "string" || made === here) return;
  const path = join(folder, INSTANCE_FILE);
  const yaml = parseYaml(readFileSync(path, "utf8"), shown(path));
  throw new BadInput([
    {
      file: yaml.file,
      at: yaml.at(["location"]),
      message: `location: the file says ${here}, the state holds what was made at ${made}: a running instance doesn't move. Write ${made.split("/")[1]} again, or \`polder decommission ${instance}\` it there and plan anew`,
    },
  ]);
}

/** The flavours that the cloud has; undefined where it doesn't answer: Terraform tells that at once. */
async function offeredFlavours(
  blueprint: Blueprint,
  cloud: Cloud,
): Promise<readonly OfferedFlavour[] | undefined> {
  try {
    return await cloud.flavours(blueprint);
  } catch (error) {
    if (error instanceof ExternalFailure) return undefined;
    throw error;
  }
}

/**
 * Refuses a plan whose servers the cloud can't make: a flavour of the record that it no longer
 * offers, or offers smaller than recorded. Terraform would tell when half of them stand.
 *
 * @throws BadInput with the flavour, who needs it and the way out.
 */
export async function refuseVanished(
  { blueprint, record }: LoadedInstance,
  cloud: Cloud,
): Promise<void> {
  const offered = await offeredFlavours(blueprint, cloud);
  if (!offered) return;
  const names = [...new Set(blueprint.hosts.map((host) => host.flavour))];
  const found = names.flatMap((name): Problem[] => {
    const hosts = blueprint.hosts.filter((host) => host.flavour === name).map((host) => host.id);
    const flavour = offered.find((one) => one.name === name);
    const need = blueprint.sizing.roles.filter((role) =>
      role.fleet.some((part) => part.flavour === name),
    );
    const short = need.find(
      ({ need: n }) => flavour && (flavour.vcpus < n.vcpus || flavour.ramMiB < n.ramMiB),
    );
    if (flavour && !short) return [];
    const what = flavour
      ? `${name} has ${flavour.vcpus} vCPU and ${flavour.ramMiB} MiB there, too little for ${short?.role}`
      : `the cloud offers no "${name}"; it has: ${
          offered
            .map((one) => one.name)
            .sort()
            .join(", ") || "none"
        }`;
    return [
      {
        file: record.file,
        at: record.at(["platform", "flavours"]),
        message: `platform.flavours: ${what}. ${hosts.join(", ")} ${hosts.length === 1 ? "needs" : "need"} it: record today's flavours, or take another location`,
      },
    ];
  });
  if (found.length > 0) throw new BadInput(found);
}
