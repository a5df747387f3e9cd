import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { ExternalFailure } from "../../modules/common/external-failure/index.ts";
import { TOOLKIT, WORKSPACE } from "../../modules/common/toolkit/index.ts";
import { useProviders, WHEELS_FOLDER } from "../../modules/operations/mirror/index.ts";
import { note } from "../terminal.ts";

const PROVIDERS = "build/provider-mirror";

/** What is installed, the program of the toolkit that does it, and the folder that it fills. */
const STEPS = [
  {
    what: "the providers, built from their pinned sources (a few minutes the first time; needs Go)",
    program: "providers/build.sh",
    folder: PROVIDERS,
    more: () => [],
  },
  {
    what: "Ansible, each file held against its hash (needs Python 3.11)",
    program: "ansible/install.sh",
    folder: "build/venv",
    more: (from?: string) => (from ? [join(from, WHEELS_FOLDER)] : []),
  },
] as const;

/** `polder setup`: what `plan` and `converge` need beside npm's packages. */
export function setupCommand(): Command {
  return new Command("setup")
    .addHelpText(
      "after",
      `
Into build/ of the folder where it is called. What is there already is only compared, so it may be run again,
also after an interrupt. In a checkout \`make setup\` does the same.`,
    )
    .option("--from <folder>", "without internet, from what `polder mirror` filled")
    .action(async (options: { readonly from?: string }) => {
      const from = options.from && resolve(options.from);
      if (from) await useProviders(from, join(WORKSPACE, PROVIDERS));
      for (const { what, program, folder, more } of STEPS) {
        note(`${folder}: ${what}`);
        const { status, error } = spawnSync(
          join(TOOLKIT, program),
          [join(WORKSPACE, folder), ...more(from)],
          // Results go to standard output, and this is none.
          { cwd: WORKSPACE, stdio: ["ignore", 2, 2] },
        );
        if (status !== 0)
          throw new ExternalFailure(
            `${program} ${error ? error.message : `exited ${status}`}: see above, then run \`polder setup\` again`,
          );
      }
    });
}
