import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { pinPackages } from "../../modules/operations/packages/index.ts";
import { HOSTS_FILE } from "../../modules/secrets/vaults/index.ts";
import { instanceFolder, JITSI_FILE, shown } from "../../modules/workspace/index.ts";
import { ROOT } from "../root.ts";
import { note, out } from "../terminal.ts";

/** `polder packages`: pins the release of Jitsi that an instance runs. */
export function packagesCommand(): Command {
  return new Command("packages")
    .argument("<instance>", "its folder's name or path")
    .argument("<folder>", "with the .deb files of one release of Jitsi")
    .addHelpText(
      "after",
      `
  polder packages lab ~/jitsi-2.0.11146     writes instances/lab/jitsi.yaml

The folder holds one file each of jitsi-videobridge2, jicofo, jitsi-meet-web and jitsi-meet-prosody,
named as Debian names them. jitsi.yaml has their versions and digests. Versions that don't go together
are refused; a release that polder's settings weren't read for is a warning. \`polder converge\` brings
the files to new hosts, \`polder upgrade\` to hosts that run another release; hosts compare and unpack
them. None of their scripts runs. docs/jitsi.md tells more.`,
    )
    .action(async (name: string, folder: string) => {
      const instance = instanceFolder(ROOT, name);
      // Hosts that run another release get this one without a call being cut.
      const isRunning = [JITSI_FILE, HOSTS_FILE].every((file) => existsSync(join(instance, file)));
      const { packages, release } = await pinPackages(instance, folder);
      for (const one of packages) out(`${one.name} ${one.version} ${one.sha256.slice(0, 16)}`);
      if ("unknown" in release)
        note(
          `warning: ${release.unknown}. Try it in the lab, and waive jitsi-release-is-known, without which only profile lab is planned: docs/jitsi.md`,
        );
      else out(`release ${release.id}: read ${release.read}, seen ${release.seen}`);
      note(
        `commit ${shown(instance)}/${JITSI_FILE}, plan and apply; then \`polder ${isRunning ? "upgrade" : "converge"} ${name}\``,
      );
    });
}
