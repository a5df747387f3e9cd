#!/usr/bin/env node
import { EXIT } from "./exit.ts";
import { runPolder } from "./program.ts";
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

const code = await runPolder(process.argv.slice(2));
// A program that took the terminal over has left its own.
process.exitCode ||= code;
