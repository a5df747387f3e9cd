import type { Blueprint, Host } from "../../planning/blueprint/index.ts";

/** Name of the addresses stack of an instance. */
export const addressesStackName = (instance: string): string => `${instance}-addresses`;

/** Name in the cloud: the instance first, so that listings of a project sort by instance. */
export const cloudName = (blueprint: Blueprint, id: string): string =>
  `${blueprint.instance}-${id}`;

/** Labels by key and value: whose it is, and which part of the Blueprint explains it. */
export const labels = (blueprint: Blueprint, part: string): Record<string, string> => ({
  polder: "1",
  polder_instance: blueprint.instance,
  polder_part: part,
});

/** Hosts that have, or are to have, a public address. */
export const publicHosts = (blueprint: Blueprint): readonly Host[] =>
  blueprint.hosts.filter((host) => host.exposure.addressed);
