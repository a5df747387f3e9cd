import { Command, CommanderError } from "commander";
import { VERSION } from "../modules/common/toolkit/index.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT, report } from "./exit.ts";
import { note } from "./terminal.ts";

/** The command that somebody's words ask for, or ask for help about. */
export const asked = ([first, second]: readonly string[]) =>
  COMMANDS.find(({ name }) => name === (first === "help" ? second : first));

/**
 * Runs `polder` with what stands behind its name in a shell. Every error is printed as its reader needs it.
 *
 * @returns what the process ends with
 */
export async function runPolder(words: readonly string[]): Promise<number> {
  const program = new Command("polder")
    .description("One short YAML file to an isolated, hardened, Dutch-hosted Jitsi cluster.")
    .version(VERSION)
    .showHelpAfterError("(polder --help shows what there is)");
  // Each command is loaded when it is asked for: the list shall not wait for what `plan` needs.
  const one = asked(words);
  if (one) program.addCommand((await one.load()).description(one.does));
  else for (const { name, does } of COMMANDS) program.command(name).description(does);
  const strict = (command: Command): void => {
    command.exitOverride();
    command.commands.forEach(strict);
  };
  strict(program);
  try {
    await program.parseAsync(words, { from: "user" });
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, note);
    return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
  }
}
