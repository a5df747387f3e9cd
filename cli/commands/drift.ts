import { Command } from "commander";
import { ExternalFailure } from "../../modules/common/external-failure/index.ts";
import { formatFinding, tally } from "../../modules/common/findings/index.ts";
import { findDrift } from "../../modules/operations/drift/index.ts";
import { deployOptions, withTimeout } from "../deploy-options.ts";
import { FindingsFound } from "../exit.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";
import { type WhoOptions, withWho } from "../who-options.ts";

interface Options extends WhoOptions {
  readonly timeout: number;
  readonly json?: boolean;
}

const HELP = `
Looks at the cloud by a plan that isn't kept, and at the hosts as \`polder converge --check\` does. It changes nothing, and
a recorded plan stays as it is. In one report it says
  - what somebody changed in the cloud since the last apply, in words;
  - what stands in the project and in no state;
  - what the instance's files ask for and nobody applied;
  - which files, services and packages of the hosts aren't as they were rendered.
It lists what it couldn't check, with the reason.
Exit code: 0 nothing differs, 1 something differs, 3 it couldn't check everything, and what it checked doesn't differ.`;

/** `polder drift`: what differs from the instance's files, in the cloud and on the hosts. */
export function driftCommand(): Command {
  return withTimeout(withWho(new Command("drift")))
    .argument("<instance>", "its folder's name or path")
    .option("--json", "as JSON: every finding, the passes too")
    .addHelpText("after", HELP)
    .action(async (name: string, options: Options) => {
      const loaded = load(name);
      for (const line of loaded.notes) note(line);
      const deploy = deployOptions(options);
      const findings = await findDrift(loaded, {
        ...deploy,
        user: options.user,
        identity: options.identity,
        sshIdentity: options.sshIdentity,
      });
      const { instance } = loaded.blueprint;
      const { pass, fail, "not-tested": unseen } = tally(findings);
      if (options.json) out(JSON.stringify({ instance, asOf: deploy.asOf, findings }, null, 2));
      else {
        for (const finding of findings)
          if (finding.verdict !== "pass" || finding.warns) out(formatFinding(finding));
        out(
          `drift of ${instance}: ${fail} differ, ${unseen} not looked at, ${pass} as they must be`,
        );
      }
      if (fail > 0)
        throw new FindingsFound(
          `${instance}: not as its files say; \`polder plan\` and \`polder converge\` put right what is polder's own`,
        );
      if (unseen > 0)
        throw new ExternalFailure(`${instance}: nothing differs as far as it could be looked at`);
    });
}
