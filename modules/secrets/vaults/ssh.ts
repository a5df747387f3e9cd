import { randomBytes } from "node:crypto";
import sshpk from "sshpk";

/** A new Ed25519 key: private in OpenSSH's own format, public as one line. */
export function newSshKey(comment: string): { readonly key: string; readonly pub: string } {
  const key = sshpk.generatePrivateKey("ed25519");
  key.comment = comment;
  const pub = key.toPublic();
  pub.comment = comment;
  return { key: `${key.toString("ssh").trimEnd()}\n`, pub: `${pub.toString("ssh").trimEnd()}\n` };
}

export interface HostCertificate {
  /** The CA's private key in OpenSSH's format. */
  readonly authority: string;
  /** The host's public key, `ssh-ed25519 AAAA...`. */
  readonly key: string;
  /** Names and addresses that admins reach the host by. */
  readonly principals: readonly string[];
  readonly now: Date;
  readonly days: number;
}

/** A host's SSH certificate, as one line for `HostCertificate`. */
export function newHostCertificate(wanted: HostCertificate): string {
  const authority = sshpk.parsePrivateKey(wanted.authority, "ssh");
  const certificate = sshpk.createCertificate(
    wanted.principals.map((name) => sshpk.identityForHost(name)),
    sshpk.parseKey(wanted.key, "ssh"),
    sshpk.identityForHost("ca"),
    authority,
    {
      // From an hour before: clocks differ.
      validFrom: new Date(wanted.now.getTime() - 3_600_000),
      validUntil: new Date(wanted.now.getTime() + wanted.days * 86_400_000),
      serial: randomBytes(8),
    },
  );
  return `${certificate.toString("openssh").trim().split(/\s+/).slice(0, 2).join(" ")}\n`;
}

/** Until when a host's certificate counts, and whether this CA signed it for this key and names. */
export function readHostCertificate(
  line: string,
  wanted: Pick<HostCertificate, "key" | "principals"> & { readonly authorityPub: string },
): { readonly until: Date; readonly fits: boolean } {
  const certificate = sshpk.parseCertificate(line, "openssh");
  const authority = sshpk.parseKey(wanted.authorityPub, "ssh");
  const names = certificate.subjects.map((subject) => subject.hostname ?? "").sort();
  const fits =
    certificate.isSignedByKey(authority) &&
    certificate.subjectKey.fingerprint("sha256").matches(sshpk.parseKey(wanted.key, "ssh")) &&
    names.join() === [...wanted.principals].sort().join();
  return { until: certificate.validUntil, fits };
}

/** The public line of a private key. */
export const sshPublicOf = (key: string): string =>
  `${sshpk.parsePrivateKey(key, "ssh").toPublic().toString("ssh").trimEnd()}\n`;
