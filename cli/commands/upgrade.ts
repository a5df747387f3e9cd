import { Command, InvalidArgumentError } from "commander";
import { ExternalFailure } from "../../modules/common/external-failure/index.ts";
import { upgradeInstance } from "../../modules/operations/upgrade/index.ts";
import { FindingsFound } from "../exit.ts";
import { load } from "../load.ts";
import { note } from "../terminal.ts";
import { standIns, testbed } from "../testbed.ts";
import { type WhoOptions, withWho } from "../who-options.ts";
import { printHosts } from "./converge.ts";

interface Options extends WhoOptions {
  readonly wait: number;
  readonly cut?: boolean;
}

/** No meeting is longer: an invitation's longest. */
const LONGEST = 1440;

function minutes(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= LONGEST) return value;
  throw new InvalidArgumentError(`allowed: whole minutes from 0 to ${LONGEST}`);
}

/** `polder upgrade`: to a new release of Jitsi, or to Debian's security updates. */
export function upgradeCommand(): Command {
  return withWho(new Command("upgrade"))
    .argument("<instance>", "its folder's name or path")
    .option("--wait <minutes>", "how long a meeting is given to end by itself", minutes, 10)
    .option("--cut", "then also end meetings that go on and that no other host can take over")
    .addHelpText(
      "after",
      `
  polder packages lab ~/jitsi-2.0.11146     another release of Jitsi, if that is the purpose
  polder upgrade lab

It begins with a converge: every host gets its files, and nothing that carries calls restarts. Then
it does the pending restarts, one after the other. First relays: their people get another one. Then
bridges: each takes nobody new, its people move to the others of its shard, and the next one follows
when Jicofo can use this one again. A control host comes last, when no meeting goes on there: its
restart ends all of them.

Without --cut it restarts no bridge and no control host while that would end somebody's meeting. It
lists such a restart with the reason, and ends with exit code 1: run it again, at a quieter hour.
If it is interrupted or fails, run it again: it goes on.
docs/upgrade.md tells more.`,
    )
    .action(async (name: string, options: Options) => {
      const began = performance.now();
      const loaded = load(name);
      for (const line of loaded.notes) note(line);
      const { hosts, left } = await upgradeInstance(loaded, {
        end: options.wait * 60,
        cut: options.cut ?? false,
        user: options.user,
        identity: options.identity,
        sshIdentity: options.sshIdentity,
        progress: note,
        standIns,
        testbed,
      });
      printHosts(loaded, hosts, began);
      for (const { id, why } of left) note(`${id} waits: ${why}`);
      const failed = hosts.filter(({ outcome }) => outcome === "failed");
      if (failed.length > 0)
        throw new ExternalFailure(
          `${failed.map(({ host }) => host).join(", ")} failed: mend that, or put the former jitsi.yaml back, and run it again`,
        );
      if (left.length > 0)
        throw new FindingsFound(
          `${left.map(({ id }) => id).join(", ")}: run it again at a quieter hour, or with --cut`,
        );
    });
}
