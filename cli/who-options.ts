import type { Command } from "commander";

/** Who goes to the hosts. */
export interface WhoOptions {
  readonly user?: string;
  readonly identity?: string;
  readonly sshIdentity?: string;
}

/** Adds what every command that goes to the hosts takes. */
export const withWho = (command: Command): Command =>
  command
    .option("--user <name>", "your login name on the hosts (else POLDER_USER)")
    .option(
      "--identity <file>",
      "your age identity, which opens the vault (else POLDER_AGE_IDENTITY)",
    )
    .option(
      "--ssh-identity <file>",
      "your private SSH key (else POLDER_SSH_IDENTITY, else ssh-agent)",
    );
