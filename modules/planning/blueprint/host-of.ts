import type { Blueprint, Host } from "./types.ts";

/** A host by its id. @throws Error when there is none: that is a bug */
export function hostOf(
  { instance, hosts }: Pick<Blueprint, "instance" | "hosts">,
  id: string,
): Host {
  const host = hosts.find((one) => one.id === id);
  if (!host) throw new Error(`${instance} has no host ${id}`);
  return host;
}
