import { existsSync } from "node:fs";
import { join } from "node:path";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { edgeOf, jumpCommand } from "./ssh-config.ts";

/** Where an instance's ssh files are, below its build folder. */
export const sshFiles = (build: string) => ({
  folder: join(build, "ssh"),
  config: join(build, "ssh/config"),
  knownHosts: join(build, "ssh/known_hosts"),
});

/**
 * Arguments of ssh that lead to a host as converge goes: `ssh <these> command`.
 *
 * @param build the instance's build folder
 * @param hostId such as `turn-1`
 * @param sharing options of ssh by which connections share one to the edge host; none: each makes its own
 * @throws ExternalFailure before the first converge
 */
export function sshArguments(
  { blueprint }: LoadedInstance,
  build: string,
  hostId: string,
  sharing: readonly string[] = [],
): string[] {
  const { config } = sshFiles(build);
  const host = blueprint.hosts.find(({ id }) => id === hostId);
  if (!host) throw new Error(`${blueprint.instance} has no host ${hostId}`);
  if (!existsSync(config))
    throw new ExternalFailure(
      `${blueprint.instance}: no way to the hosts yet: \`polder converge ${blueprint.instance}\` makes it`,
    );
  const edge = edgeOf(blueprint);
  const jump =
    sharing.length === 0 || host === edge
      ? []
      : ["-o", `ProxyCommand=${jumpCommand(edge, config, sharing)}`];
  return ["-F", config, "-o", "BatchMode=yes", ...jump, host.name];
}
