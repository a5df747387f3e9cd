#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { VERSION } from "../modules/common/toolkit/index.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT, report } from "./exit.ts";
import { note } from "./terminal.ts";

// Ctrl-C: what is at work ends itself (Terraform, the lab) and listens for it; between such works
// every file is whole, so the command may end at once.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (process.listenerCount(signal) > 1) return;
    note("interrupted: run it again to go on");
    process.exit(EXIT.outside);
  });
}

const program = new Command("polder")
  .description("One short YAML file to an isolated, hardened, Dutch-hosted Jitsi cluster.")
  .version(VERSION)
  .showHelpAfterError("(polder --help shows what there is)");

// Each command is loaded when it is asked for: the list shall not wait for what `plan` needs.
const [, , first, second] = process.argv;
const asked = COMMANDS.find(({ name }) => name === (first === "help" ? second : first));
if (asked) program.addCommand((await asked.load()).description(asked.does));
else for (const { name, does } of COMMANDS) program.command(name).description(does);
const strict = (command: Command): void => {
  command.exitOverride();
  command.commands.forEach(strict);
};
strict(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.badInput;
  } else {
    process.exitCode = report(error, note);
  }
}
