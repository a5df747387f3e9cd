import { Command } from "commander";
import { revoke } from "../../modules/operations/invite/index.ts";
import { identityFor } from "../identity.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";
import { testbed } from "../testbed.ts";
import { type WhoOptions, withWho } from "../who-options.ts";

/** `polder revoke`: what was issued counts no more. */
export function revokeCommand(): Command {
  return withWho(new Command("revoke"))
    .argument("<instance>", "its folder's name or path")
    .argument("<what>", "a token's id, a room's link without what follows #, or its name as typed")
    .option("--room", "with an id: the whole meeting, not only that link")
    .addHelpText(
      "after",
      `
  polder revoke lab 0c4m9…            one link: whoever came by it is thrown out
  polder revoke lab 0c4m9… --room     the meeting, with all its links

Ids stand beside the links that \`polder invite\` printed, and in issued.jsonl. You need to be an admin
with issuer: true, in an admin network. It is written into the issue log first; if a host can't be
reached, run it again, or converge. docs/invitations.md tells more.`,
    )
    .action(async (name: string, what: string, options: WhoOptions & { room?: boolean }) => {
      const loaded = load(name);
      const lines = await revoke(loaded, what, {
        identityFile: identityFor(loaded, options.identity).identityFile,
        user: options.user,
        sshIdentity: options.sshIdentity,
        testbed,
        wholeRoom: options.room ?? false,
        now: new Date(),
      });
      for (const line of lines) out(line);
      note("commit issued.jsonl: the next converge takes what it says, too");
    });
}
