import { Command } from "commander";
import { referencesIn } from "../../modules/hosts/configuration/index.ts";
import { renderAll } from "../../modules/hosts/render/index.ts";
import { renderedDigest, writeConfigurations } from "../../modules/operations/converge/index.ts";
import { loadPrograms } from "../../modules/workspace/index.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";
import { standIns } from "../testbed.ts";

const HELP = `
Needs no credential and no vault: where a secret will be stands its name, as @@secret:turn/shared-secret@@.
What it writes is byte for byte what \`polder converge\` ships, but for those.

  build/instances/lab/hosts/turn-1/configuration.json   packages, units, checks, each file's owner, mode, sum
  build/instances/lab/hosts/turn-1/files/      each file at its path on the host

Examples:
  polder render lab
  diff -r build/instances/lab/hosts/turn-1 build/instances/lab/hosts/turn-2   what tells two hosts apart
  less build/instances/lab/hosts/edge-1/files/etc/nftables.conf              who may talk to it
docs/hosts.md explains every file.`;

/** `polder render`: writes every host's configuration as files that a person can read. */
export function renderCommand(): Command {
  return new Command("render")
    .argument("<instance>", "its folder's name or path")
    .addHelpText("after", HELP)
    .action((name: string) => {
      const { blueprint, notes } = load(name);
      for (const line of notes) note(line);
      const configurations = renderAll(blueprint, loadPrograms(), standIns);
      const folder = writeConfigurations(blueprint.instance, configurations);
      for (const configuration of configurations) {
        const secrets = new Set(
          configuration.files.flatMap(({ content }) => referencesIn(content)),
        );
        const digest = renderedDigest(configuration).slice(0, 16);
        out(
          `${configuration.host}: ${configuration.files.length} files, ${configuration.packages.install.length} packages, ${configuration.units.length} units, ${secrets.size} secrets, ${digest}`,
        );
      }
      if (blueprint.addresses.state !== "allocated") {
        out(
          `not yet allocated: public addresses of ${blueprint.addresses.missing.join(", ")}; \`polder addresses ${name}\` records them, then render again`,
        );
      }
      out(folder);
    });
}
