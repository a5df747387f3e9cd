import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { badInput } from "../../modules/common/input/index.ts";
import { fetchRelease, pinPackages } from "../../modules/operations/packages/index.ts";
import { HOSTS_FILE } from "../../modules/secrets/vaults/index.ts";
import { INSTANCE_FILE, instanceFolder, JITSI_FILE, shown } from "../../modules/workspace/index.ts";
import { load } from "../load.ts";
import { ROOT } from "../root.ts";
import { note, out, progressTo } from "../terminal.ts";

interface Options {
  readonly release?: string;
}

/** Fetches a release from the archive that the file names. @returns which */
async function fetched(name: string, release: string, folder: string): Promise<string> {
  const { instance, folder: own } = load(name);
  const { jitsi } = instance.packages;
  if (!jitsi)
    throw badInput(
      join(shown(own), INSTANCE_FILE),
      "packages.jitsi: not there; --release needs archive, key and fingerprint in it: docs/jitsi.md",
    );
  const state = mkdtempSync(join(tmpdir(), "polder-apt-"));
  try {
    const archive = { ...jitsi, key: resolve(own, jitsi.key) };
    return await fetchRelease(archive, release, folder, state, progressTo(process.stderr));
  } finally {
    rmSync(state, { recursive: true });
  }
}

/** `polder packages`: pins the release of Jitsi that an instance runs. */
export function packagesCommand(): Command {
  return new Command("packages")
    .argument("<instance>", "its folder's name or path")
    .argument("<folder>", "with the .deb files of one release of Jitsi")
    .option(
      "--release <version>",
      "fetch it into the folder first, from packages.jitsi of the file: a version of jitsi-meet, or newest",
    )
    .addHelpText(
      "after",
      `
  polder packages lab ~/jitsi-2.0.11146     writes instances/lab/jitsi.yaml
  polder packages lab ~/jitsi --release newest     fetches the newest release, then the same

With --release this machine's apt fetches, and believes the one key whose fingerprint packages.jitsi has.
The folder holds one file each of jitsi-videobridge2, jicofo, jitsi-meet-web and jitsi-meet-prosody,
named as Debian names them. jitsi.yaml has their versions and digests. Versions that don't go together
are refused; a release that polder's settings weren't read for is a warning. \`polder converge\` brings
the files to new hosts, \`polder upgrade\` to hosts that run another release; hosts compare and unpack
them. None of their scripts runs. docs/jitsi.md tells more.`,
    )
    .action(async (name: string, folder: string, { release: wanted }: Options) => {
      const instance = instanceFolder(ROOT, name);
      if (wanted !== undefined)
        out(`release ${await fetched(name, wanted, folder)} is in ${folder}`);
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
