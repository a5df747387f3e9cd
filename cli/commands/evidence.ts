import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { formatFinding, tally } from "../../modules/common/findings/index.ts";
import { BadInput } from "../../modules/common/input/index.ts";
import { today } from "../../modules/common/today/index.ts";
import { buildFolder, TOOLKIT } from "../../modules/common/toolkit/index.ts";
import {
  assertNew,
  collectEvidence,
  signerOf,
  verifySigned,
  writeSigned,
} from "../../modules/operations/evidence/index.ts";
import {
  evidenceFiles,
  NAMESPACE,
  PAGES,
  type ToolkitPackage,
} from "../../modules/reports/evidence/index.ts";
import { shown } from "../../modules/workspace/index.ts";
import { composition } from "../composition.ts";
import { FindingsFound } from "../exit.ts";
import { load } from "../load.ts";
import { out } from "../terminal.ts";
import { testbed } from "../testbed.ts";

const HELP = `
Makes one signed folder for a release: pages in Dutch and English, findings as JSON, SARIF and JUnit, OSCAL, CycloneDX,
registers and drafts. It reads the instance's folder and its history, evaluates every rule anew, and connects to nothing;
what isn't there is not-tested, with the reason. You must be an admin of the instance, and sign with the key of your entry.
  polder evidence lab
  polder evidence lab release-12 --user annakok --ssh-identity ~/.ssh/id_ed25519
  polder evidence verify release-12
  polder evidence verify release-12 --signers known-signers
The folder is written whatever the findings are; the exit code is 1 when something fails.
docs/evidence.md tells what is in it, and how to check it without polder.`;

const VERIFY_HELP = `
Finds each byte of an evidence folder that was changed, added or taken away. By default the signature is held against the
key in the folder itself, which shows that one person signed everything, but not who. To check who it was, give
--signers, a file in the form of ssh-keygen's allowed signers that you got from elsewhere.`;

interface Options {
  readonly user?: string;
  readonly sshIdentity?: string;
}

/** `polder evidence`: everything that shows how a release stands, in one signed folder. */
export function evidenceCommand(): Command {
  return new Command("evidence")
    .enablePositionalOptions()
    .addCommand(verifyCommand())
    .argument("<instance>", "its folder's name or path")
    .argument("[folder]", "a new folder; by default build/instances/<name>/evidence/<day>")
    .option("--user <name>", "your login name on the hosts (else POLDER_USER)")
    .option(
      "--ssh-identity <file>",
      "your private SSH key (else POLDER_SSH_IDENTITY, else ssh-agent)",
    )
    .addHelpText("after", HELP)
    .action(async (name: string, chosen: string | undefined, options: Options) => {
      const loaded = load(name, { ending: true });
      const asOf = today();
      const folder = resolve(
        chosen ?? join(buildFolder(loaded.blueprint.instance), "evidence", asOf),
      );
      assertNew(folder);
      const signer = signerOf(loaded, { ...options, testbed });
      const collected = await collectEvidence(loaded, { asOf, now: new Date(), ...composition });
      const files = evidenceFiles({ ...collected, signer, packages: packages() });
      writeSigned(folder, files, signer, NAMESPACE);
      const { findings } = collected;
      for (const finding of findings) if (finding.verdict === "fail") out(formatFinding(finding));
      const count = tally(findings);
      out(
        `evidence of ${loaded.blueprint.instance} as of ${asOf}: ${count.pass} pass, ${count.fail} fail, ${count["not-tested"]} not-tested, ${count.waived} waived`,
      );
      out(`signed by ${signer.user}: ${shown(join(folder, PAGES.nl))}`);
      if (count.fail > 0)
        throw new FindingsFound(
          `${count.fail} ${count.fail === 1 ? "finding fails" : "findings fail"}`,
        );
    });
}

/** What the compiled command consists of. */
const packages = (): ToolkitPackage[] =>
  JSON.parse(readFileSync(join(TOOLKIT, "dist/packages.json"), "utf8")) as ToolkitPackage[];

function verifyCommand(): Command {
  return new Command("verify")
    .description("Find what was changed, added or taken away in an evidence folder")
    .argument("<folder>", "the folder")
    .option(
      "--signers <file>",
      "who may have signed it, in the form of ssh-keygen's allowed signers",
    )
    .addHelpText("after", VERIFY_HELP)
    .action((folder: string, { signers }: { signers?: string }) => {
      const { problems, files, user, signer } = verifySigned(folder, NAMESPACE, signers);
      if (user !== undefined && signer !== undefined) {
        out(
          `signed by ${user}: ${signer.slice(signer.indexOf("ssh-") < 0 ? 0 : signer.search(/(sk-)?ssh-/))}`,
        );
        if (signers === undefined)
          out(
            "by the key in the folder itself: ask the organisation by another way whether it is theirs",
          );
      }
      out(`${files} files are as they were signed`);
      if (problems.length > 0)
        throw new FindingsFound(
          `${new BadInput(problems).message}\n${problems.length} ${problems.length === 1 ? "place isn't" : "places aren't"} as signed`,
        );
    });
}
