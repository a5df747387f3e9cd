import { Command } from "commander";
import { badInput } from "../../modules/common/input/index.ts";
import { adminEntry, labPerson, newPerson } from "../../modules/secrets/vaults/index.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";
import { testbed } from "../testbed.ts";

/** `polder keys person`: keys of one person, made where they sit. */
export function personCommand(): Command {
  return new Command("person")
    .description("Make a person's keys: SSH and age. Prints their entry of admins:")
    .argument("[name]", "first and last name")
    .argument("[user]", "login name on the hosts")
    .option("--out <folder>", "where the private files go", ".")
    .option("--ssh-key <file>", "their own public SSH key, such as one in hardware")
    .option(
      "--lab <instance>",
      "the lab's own admin, into the admins.yaml of an instance of the lab",
    )
    .action(
      async (
        name: string | undefined,
        user: string | undefined,
        options: { out: string; sshKey?: string; lab?: string },
      ) => {
        if (options.lab !== undefined) {
          const loaded = load(options.lab);
          if (loaded.instance.residency !== "lab")
            throw badInput("--lab", `${options.lab} is no instance of the lab (residency: lab)`);
          out(adminEntry(await labPerson(testbed.people, loaded.folder)).trimEnd());
          return;
        }
        if (name === undefined || user === undefined)
          throw badInput("person", "a name and a login name are needed");
        const { out: folder, sshKey } = options;
        out(adminEntry(await newPerson({ name, user, out: folder, sshKey })).trimEnd());
        note(
          `${folder}/${user}.age opens vaults: keep it where only you can read it, and a copy offline`,
        );
      },
    );
}
