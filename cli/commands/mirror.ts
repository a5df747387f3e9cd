import { Command } from "commander";
import { UPSTREAM } from "../../modules/hosts/host/index.ts";
import {
  fillMirror,
  megabytes,
  verifyMirror,
  withPackages,
} from "../../modules/operations/mirror/index.ts";
import { instanceNames } from "../../modules/workspace/index.ts";
import { FindingsFound } from "../exit.ts";
import { load } from "../load.ts";
import { ROOT } from "../root.ts";
import { note, out, progressTo } from "../terminal.ts";
import { standIns } from "../testbed.ts";

interface Options {
  readonly from: string;
  readonly with: string[];
  readonly verify?: boolean;
}

const HELP = `
On a machine that reaches the sources:
  polder mirror /media/usb/polder uitvoerder             fills the folder; run again, it fetches what is new
At the site without internet, with \`packages: { source: folder, folder: /media/usb/polder }\`:
  polder mirror --verify /media/usb/polder uitvoerder    sums, Debian's signatures, and whether all is there
  make setup FROM=/media/usb/polder                      npm's packages, providers, Ansible (polder setup --from)
  polder converge uitvoerder                             brings each host its packages, by SSH

Debian's packages come with Debian's own signed lists, and each host's apt verifies them with Debian's keys. The lists
of security updates are good for seven days: after that hosts refuse them, so fill the folder each week.
docs/mirror.md tells more.`;

/** `polder mirror`: fills or checks a folder for a site without internet. */
export function mirrorCommand(): Command {
  return new Command("mirror")
    .argument("<folder>", "empty, or one that polder filled")
    .argument(
      "[instances...]",
      "whose packages; by default all in instances/ whose packages of Jitsi are at hand",
    )
    .option("--from <url>", "the mirror that has debian/ and debian-security/", UPSTREAM)
    .option("--with <packages...>", "Debian packages that a host's image has besides", [])
    .option(
      "--verify",
      "fetch nothing: say what is wrong with the folder; exit code 1 when it is something",
    )
    .addHelpText("after", HELP)
    .action(async (folder: string, names: string[], options: Options) => {
      const loaded = (names.length > 0 ? names : instanceNames(ROOT)).map((name) => load(name));
      if (options.verify) {
        const { manifest, faults } = await verifyMirror(folder, loaded, standIns);
        for (const fault of faults) out(fault);
        if (faults.length > 0)
          throw new FindingsFound(
            `${faults.length} faults: fill the folder again with \`polder mirror\``,
          );
        out(
          `whole, for ${loaded.map(({ blueprint }) => blueprint.instance).join(", ")}; good until ${manifest.goodUntil}`,
        );
        return;
      }
      // A name that somebody gave is served or refused; of all instances, those are left out that can't be served.
      const { complete, missing } =
        names.length > 0
          ? { complete: loaded, missing: [] }
          : await withPackages(folder, loaded, standIns);
      for (const line of missing) out(`left out: ${line}`);
      if (complete.length === 0)
        throw new FindingsFound("no instance has its packages at hand: nothing was fetched");
      const manifest = await fillMirror(folder, complete, {
        from: options.from,
        with: options.with,
        standIns,
        progress: progressTo(process.stderr),
      });
      const { packages, bytes } = manifest.debian;
      out(`${packages} Debian packages, ${megabytes(bytes)}; ${manifest.jitsi.length} of Jitsi`);
      for (const line of manifest.without) out(`not in the folder: ${line}`);
      out(`good until ${manifest.goodUntil}: fill it again before that`);
      const served = complete.map(({ blueprint }) => blueprint.instance).join(" ");
      note(`next: polder mirror --verify ${folder}${missing.length > 0 ? ` ${served}` : ""}`);
      if (missing.length > 0)
        throw new FindingsFound(
          `${missing.length} of ${loaded.length} instances left out: bring their packages, or name those that you want: ${served}`,
        );
    });
}
