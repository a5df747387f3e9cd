import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Argument, Command } from "commander";
import { TOOLKIT, VERSION } from "../../modules/common/toolkit/index.ts";
import { out } from "../terminal.ts";

const HELP = `
Bash, in ~/.bashrc:   eval "$(polder completion bash)"
Zsh, in ~/.zshrc:     eval "$(polder completion zsh)"
Instances are offered by the folders of instances/ in the working folder.`;

/** What may stand after a command and after its options that have choices: lines for completion.bash. */
function places(command: Command, path: readonly string[] = []): string[] {
  const at = path.join(" ");
  const options = command.options.filter(({ hidden }) => !hidden);
  const takesInstance = command.registeredArguments.some((one) => one.name() === "instance");
  const words = [
    ...(takesInstance ? ["@instance"] : []),
    ...command.commands.map((one) => one.name()),
    ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    ...options.flatMap(({ long }) => long ?? []),
    "--help",
  ];
  return [
    `${at}:${words.join(" ")}`,
    ...options.flatMap(({ long, argChoices }) =>
      long && argChoices ? [`${at}=${long}:${argChoices.join(" ")}`] : [],
    ),
    ...command.commands.flatMap((one) => places(one, [...path, one.name()])),
  ];
}

/**
 * `polder completion`: what a shell evaluates to complete commands, options and instances.
 *
 * @param all loads every command
 */
export function completionCommand(all: () => Promise<readonly Command[]>): Command {
  return new Command("completion")
    .addArgument(new Argument("<shell>", "whose script").choices(["bash", "zsh"]))
    .addHelpText("after", HELP)
    .action(async (shell: string) => {
      const root = new Command("polder").version(VERSION);
      for (const command of await all()) root.addCommand(command);
      if (shell === "zsh") out("autoload -U +X bashcompinit && bashcompinit");
      out(`_polder_places='\n${places(root).join("\n")}\n'`);
      out(readFileSync(join(TOOLKIT, "cli/completion.bash"), "utf8"));
    });
}
