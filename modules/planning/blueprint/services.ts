import type { Blueprint } from "./types.ts";

/** Ports that several rooms speak of: the flows open them, one host listens there, others go there. */
export const PORTS = {
  /** HTTPS: the web server, and what hosts fetch (RFC 9110, 4.2.2). */
  https: 443,
  /** Media at the bridges, UDP (Jitsi handbook, scalable.md). */
  media: 10_000,
  /** Channels of clients and of other bridges at the bridges, over TLS. Chosen here: the bridge has no default. */
  channel: 9090,
  /** Where a bridge and Jicofo say how they are, on loopback alone: upstream's defaults. */
  bridgeRest: 8080,
  focusRest: 8888,
  /** The relay without TLS, UDP (RFC 8656). */
  turn: 3478,
  /** Prosody's, for bridges and Jicofo (RFC 6120). */
  xmpp: 5222,
  /** Signalling that a control host's web server hands to the one whose meeting it is. Chosen here. */
  signalling: 5443,
  /** Journals that hosts send to the monitor (systemd-journal-remote.service(8)). */
  journal: 19_532,
  /** Where the receiver of journals listens behind nginx, on loopback alone (systemd-journal-gatewayd's default). */
  journalBehind: 19_531,
} as const;

/** The relay over TLS: chosen here in place of RFC 8656's 5349, for networks that block media let HTTPS out. */
const TURN_TLS = 443;
/** Where the page has that port of the same address: RFC 8656's own. */
const TURN_TLS_BESIDE_THE_PAGE = 5349;

/** All ports of an instance: the relay's over TLS is its own host's to choose. */
export const instancePorts = ({ size }: Pick<Blueprint, "size">) => ({
  ...PORTS,
  turnTls: size === "single" ? TURN_TLS_BESIDE_THE_PAGE : TURN_TLS,
});

export type Ports = ReturnType<typeof instancePorts>;

/** Names below an instance's domain: the relay's in DNS, the others Prosody's own. */
export const namesBelow = (domain: string) => ({
  turn: `turn.${domain}`,
  conference: `conference.${domain}`,
  lobby: `lobby.${domain}`,
  breakout: `breakout.${domain}`,
  focus: `focus.${domain}`,
  auth: `auth.${domain}`,
});
