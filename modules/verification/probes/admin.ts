import type { Duplex } from "node:stream";
import type { HostProgram } from "./programs.ts";

export interface Ran {
  /** -1: it was ended by a signal or its time limit. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The admin path: what a named admin may do on a host. */
export interface Admin {
  /** Runs a command on a host as root. Its arguments are quoted. `timeout` in ms. */
  run(host: string, command: readonly string[], options?: AdminOptions): Promise<Ran>;
  /** Runs one of the probes' own programs on a host as root. */
  python(host: string, program: HostProgram, options?: AdminOptions): Promise<Ran>;
  /** Runs the ssh client with more options before its own ones; no sudo. */
  ssh(host: string, options: readonly string[], command: readonly string[]): Promise<Ran>;
  /** A connection from a host to another address and port. */
  dial(host: string, address: string, port: number): Promise<Duplex>;
  /** A connection to a host's own port, by the jump. */
  forward(host: string, port: number): Promise<Duplex>;
}

export interface AdminOptions {
  readonly input?: string;
  readonly timeout?: number;
}
