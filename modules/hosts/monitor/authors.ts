import { type Blueprint, type Host, hostsWith } from "../../planning/blueprint/index.ts";

/** Who may write under an identifier that the monitor makes something of. */
export interface Author {
  /** Names of the hosts; a host is known by its certificate. */
  readonly hosts: readonly string[];
  /** systemd's units, a regular expression. */
  readonly unit: string;
  /** Accounts, the first and the last. */
  readonly uids: readonly [first: number, last: number];
}
export type Authors = Readonly<Record<string, Author>>;

const ROOT = [0, 0] as const;
/** Accounts that packages make for their services (Debian policy, 9.2.2). */
const SYSTEM = [100, 999] as const;
/** What systemd takes for DynamicUser= (systemd, docs/UIDS-GIDS.md). */
const DYNAMIC = [61_184, 65_519] as const;

/**
 * An identifier is what a process calls itself. What it can't choose are the fields that journald sets
 * (systemd.journal-fields(7), "trusted"), among them unit and account, and its host's certificate.
 */
export function authorsOf(blueprint: Blueprint): Authors {
  const names = (role?: Host["role"]) =>
    (role ? hostsWith(blueprint, role) : blueprint.hosts).map(({ name }) => name);
  return {
    "polder-gate": { hosts: names("control"), unit: "prosody\\.service", uids: SYSTEM },
    "polder-watch": { hosts: names(), unit: "polder-watch\\.service", uids: ROOT },
    "polder-services": {
      hosts: names("monitor"),
      unit: "polder-services\\.service",
      uids: DYNAMIC,
    },
    // `polder probe`, by an admin's sudo: a session's unit, or sshd's where no logind makes sessions.
    "polder-probe": {
      hosts: names("edge"),
      unit: "session-[0-9a-z]+\\.scope|ssh\\.service",
      uids: ROOT,
    },
  };
}
