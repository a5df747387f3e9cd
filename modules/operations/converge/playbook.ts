import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { TOOLKIT, WORKSPACE } from "../../common/toolkit/index.ts";
import { type ConvergeEvent, parseEvent } from "./events.ts";

const PROGRAM = join(WORKSPACE, "build/venv/bin/ansible-playbook");

/**
 * Node hands a child sockets, which can't be opened by name; a shell's pipe can. So the vault's
 * password comes by descriptor 3, is in no argument and no environment, and never has a name.
 */
const BY_PIPE = 'cat <&3 | { exec 4<&0 0</dev/null 3<&-; exec "$0" "$@"; }';

/** Milliseconds that Ansible gets to end by itself after an interrupt. */
const GRACE = 5000;

export interface PlaybookOptions {
  /** Everything that brings a host to its configuration, or only the restarts that are still pending. */
  readonly book: "site.yml" | "restart.yml";
  readonly inventory: string;
  readonly limit: readonly string[];
  readonly password: string;
  readonly sshArguments: readonly string[];
  readonly onEvent: (event: ConvergeEvent) => void;
  readonly onInterrupt: () => void;
}

/**
 * Runs a playbook of ansible/. Ctrl-C ends Ansible and all its children; what runs on a host at that
 * moment runs on there to its end, so that no host is left half-way.
 *
 * @returns whether it was interrupted
 */
export async function playbook(options: PlaybookOptions): Promise<boolean> {
  if (!existsSync(PROGRAM))
    throw new ExternalFailure(
      "Ansible isn't there: `polder setup` (in a checkout `make setup`) installs it into build/venv",
    );
  const temporary = mkdtempSync(join(tmpdir(), "polder-"));
  const quoted = options.sshArguments.map((part) => `'${part.replaceAll("'", `'"'"'`)}'`);
  const args = [
    "--inventory",
    options.inventory,
    "--limit",
    options.limit.join(","),
    "--vault-password-file",
    "/dev/fd/4",
    join(TOOLKIT, "ansible", options.book),
  ];
  const child = spawn("/bin/sh", ["-c", BY_PIPE, PROGRAM, ...args], {
    cwd: join(TOOLKIT, "ansible"),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
    // Nothing else of the caller's environment: an ANSIBLE_ variable could keep files with secrets on a host.
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      LC_ALL: "C.UTF-8",
      SSH_AUTH_SOCK: process.env["SSH_AUTH_SOCK"],
      ANSIBLE_CONFIG: join(TOOLKIT, "ansible/ansible.cfg"),
      ANSIBLE_HOME: temporary,
      ANSIBLE_LOCAL_TEMP: join(temporary, "tmp"),
      ANSIBLE_SSH_ARGS: quoted.join(" "),
    },
  });
  const group = (signal: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid as number), signal);
    } catch {
      // All of it has ended.
    }
  };
  let interrupted = false;
  const interrupt = () => {
    if (interrupted) return;
    interrupted = true;
    options.onInterrupt();
    group("SIGINT");
    setTimeout(() => group("SIGKILL"), GRACE).unref();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const password = child.stdio[3] as Writable;
    // It may end before it has read it; its exit code tells.
    password.on("error", () => undefined);
    password.end(options.password);
    for (const stream of [child.stdout, child.stderr] as Readable[])
      createInterface({ input: stream }).on("line", (line) => {
        if (line.trim() !== "") options.onEvent(parseEvent(line));
      });
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", () => resolve());
    });
    return interrupted;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    // Workers that outlived it would go on asking hosts.
    group("SIGKILL");
    rmSync(temporary, { recursive: true, force: true });
  }
}
