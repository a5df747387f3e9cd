import { Command, CommanderError } from "commander";
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

// Each command is loaded when it is asked for: `show` shall not wait for what `plan` needs.
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  new: async () => (await import("./commands/new.ts")).newCommand(),
  show: async () => (await import("./commands/show.ts")).showCommand(),
  size: async () => (await import("./commands/size.ts")).sizeCommand(),
  residency: async () => (await import("./commands/residency.ts")).residencyCommand(),
  schema: async () => (await import("./commands/schema.ts")).schemaCommand(),
  plan: async () => (await import("./commands/plan.ts")).planCommand(),
  apply: async () => (await import("./commands/apply.ts")).applyCommand(),
  render: async () => (await import("./commands/render.ts")).renderCommand(),
  addresses: async () => (await import("./commands/addresses.ts")).addressesCommand(),
  converge: async () => (await import("./commands/converge.ts")).convergeCommand(),
  keys: async () => (await import("./commands/keys.ts")).keysCommand(),
  invite: async () => (await import("./commands/invite.ts")).inviteCommand(),
  revoke: async () => (await import("./commands/revoke.ts")).revokeCommand(),
  probe: async () => (await import("./commands/probe.ts")).probeCommand(),
  decommission: async () => (await import("./commands/decommission.ts")).decommissionCommand(),
  lab: async () => (await import("./commands/lab.ts")).labCommand(),
  env: async () => (await import("./commands/env.ts")).envCommand(),
};

const program = new Command("polder")
  .description("One short YAML file to an isolated, hardened, Dutch-hosted Jitsi cluster.")
  .version("0.1.0")
  .showHelpAfterError("(polder --help shows what there is)");

const asked = commands[process.argv[2] ?? ""];
for (const load of asked ? [asked] : Object.values(commands)) program.addCommand(await load());
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
