import type { Role } from "../planning/sizing/index.ts";

/** A port of a role that may be open to more than the instance itself. */
export interface OpenPort {
  readonly role: Role;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** `internet`: anybody. `admins`: only the instance's admin networks. */
  readonly to: "internet" | "admins";
  readonly what: string;
  readonly source: string;
  /** Only on a host that carries this role as well, or doesn't. */
  readonly where?: { readonly beside: Role } | { readonly without: Role };
}

/** The day on which the list was last held against its sources. */
export const OPEN_PORTS_READ = "2026-11-29";

/**
 * All that may be open to the outside, whatever the flows say: a flow to another port is a decision that somebody must
 * write down here first.
 */
const OPEN_PORTS: readonly OpenPort[] = [
  {
    role: "control",
    protocol: "tcp",
    port: 443,
    to: "internet",
    what: "the meeting page and signalling over HTTPS",
    source: "jitsi/handbook docs/devops-guide/quickstart.md",
  },
  {
    role: "control",
    protocol: "tcp",
    port: 80,
    to: "internet",
    what: "sends browsers on to HTTPS, and answers ACME",
    source: "RFC 8555 8.3; jitsi/handbook docs/devops-guide/quickstart.md",
  },
  {
    role: "bridge",
    protocol: "udp",
    port: 10000,
    to: "internet",
    what: "audio and video",
    source: "jitsi/handbook docs/devops-guide/quickstart.md",
  },
  {
    role: "turn",
    protocol: "udp",
    port: 3478,
    to: "internet",
    what: "TURN",
    source: "RFC 8656 19",
  },
  {
    role: "turn",
    protocol: "tcp",
    port: 443,
    to: "internet",
    what: "TURN over TLS, for networks that let nothing but HTTPS out",
    source: "jitsi/handbook docs/devops-guide/turn.md",
    where: { without: "control" },
  },
  {
    role: "turn",
    protocol: "tcp",
    port: 5349,
    to: "internet",
    what: "TURN over TLS, where the page has port 443 of the same address",
    source: "RFC 8656 19",
    where: { beside: "control" },
  },
  {
    role: "edge",
    protocol: "tcp",
    port: 22,
    to: "admins",
    what: "SSH of named admins",
    source: "RFC 4253 4.1",
  },
];

/** The entries of the list for a host that carries these roles. */
export const listedFor = (roles: readonly string[]): readonly OpenPort[] =>
  OPEN_PORTS.filter(({ role, where }) => {
    if (!roles.includes(role)) return false;
    if (where === undefined) return true;
    return "beside" in where ? roles.includes(where.beside) : !roles.includes(where.without);
  });
