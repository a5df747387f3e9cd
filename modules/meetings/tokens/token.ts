import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { SignJWT } from "jose";
import { LONGEST } from "../invitations/index.ts";

export type Role = "moderator" | "guest";

/** What Jitsi calls a role: core's token_affiliation makes members of all but owners. */
const AFFILIATION: Readonly<Record<Role, string>> = { moderator: "owner", guest: "member" };

/** What a token says. Times in seconds since 1970. */
export interface Ticket {
  /** The instance's web domain. */
  readonly domain: string;
  readonly room: string;
  readonly role: Role;
  /** What others see of a moderator. A guest has none: who they are is what they say, unverified. */
  readonly name?: string;
  /** 26 characters of chance: the token's own id, by which it is logged and revoked. */
  readonly id: string;
  /** 26 characters of chance: the person's pseudonym in this meeting. */
  readonly person: string;
  readonly issued: number;
  readonly from: number;
  readonly until: number;
}

/**
 * The claims of a token. No e-mail address, no wildcard, no rule for rooms, and nothing that Jitsi
 * would take for leave to record, stream or call out.
 *
 * @param off names of Jitsi's features that are switched off
 */
export function claimsOf(ticket: Ticket, off: readonly string[]) {
  const { domain, room, role, name, id, person, issued, from, until } = ticket;
  if (until <= from || until - from > LONGEST) throw new Error(`${from} to ${until} is no meeting`);
  return {
    iss: `issuer.${domain}`,
    aud: `meet.${domain}`,
    sub: domain,
    room,
    role,
    iat: issued,
    nbf: from,
    exp: until,
    jti: id,
    context: {
      user: { id: person, affiliation: AFFILIATION[role], ...(name !== undefined && { name }) },
      features: Object.fromEntries(off.map((feature) => [feature, false])),
    },
  };
}

/**
 * The name of a key, private or public: the first 64 bits of SHA-256 over its SubjectPublicKeyInfo,
 * in hex. Worked out of the key, so that no name leads to a file.
 */
export const keyIdOf = (pem: string): string =>
  createHash("sha256")
    .update(createPublicKey(pem).export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 16);

/**
 * @param key private RSA key, PKCS #8 in PEM
 * @param off names of Jitsi's features that are switched off
 */
export const signToken = (ticket: Ticket, off: readonly string[], key: string): Promise<string> =>
  new SignJWT(claimsOf(ticket, off))
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: keyIdOf(key) })
    .sign(createPrivateKey(key));

/**
 * The link that lets somebody in. The token stands behind #, which a browser sends to no server; in
 * quotes, since Jitsi Meet reads each value there as JSON
 * (https://github.com/jitsi/jitsi-meet/pull/14760, read 2026-11-25).
 */
export const linkOf = (domain: string, room: string, token: string): string =>
  `https://${domain}/${room}#jwt=${encodeURIComponent(JSON.stringify(token))}`;
