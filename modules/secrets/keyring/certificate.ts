import { X509Certificate } from "node:crypto";
import { CertificatePolicyExtension, X509Certificate as Parsed } from "@peculiar/x509";

/** How the authority looked at who asked: by its policy's object identifier in the certificate. */
export type Validation = "domain" | "organisation" | "extended" | "pkioverheid" | "unknown";

/** What there is to say about one certificate. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly organisation: string | undefined;
  /** DNS names that it stands for. */
  readonly names: readonly string[];
  readonly from: Date;
  readonly until: Date;
  /** Such as `RSA 2048` or `EC prime256v1`. */
  readonly key: string;
  /** Such as `sha256` or `ed25519`. */
  readonly signature: string;
  readonly selfSigned: boolean;
  readonly validation: Validation;
}

/**
 * CA/Browser Forum, Baseline Requirements 7.1.6.1; PKIoverheid's policies are all below Logius's arc,
 * such as 2.16.528.1.1003.1.2.8.6 for a private server (Programma van Eisen PKIoverheid, part 3h; seen in
 * certificates' configurations of its users, 2026-11-24).
 */
const POLICIES: readonly (readonly [string, Validation])[] = [
  ["2.16.528.1.1003.1.2.", "pkioverheid"],
  ["2.23.140.1.1", "extended"],
  ["2.23.140.1.2.2", "organisation"],
  ["2.23.140.1.2.1", "domain"],
];

const matches = (policy: string, known: string): boolean =>
  known.endsWith(".") ? policy.startsWith(known) : policy === known;

function validationOf(parsed: Parsed, organisation: string | undefined): Validation {
  const policies = parsed.getExtension(CertificatePolicyExtension)?.policies ?? [];
  const found = POLICIES.find(([known]) => policies.some((policy) => matches(policy, known)));
  if (found) return found[1];
  // Without an organisation in it nobody can have looked at one.
  return organisation === undefined ? "domain" : "unknown";
}

function keyText(certificate: X509Certificate): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  if (type === "rsa" || type === "rsa-pss") return `RSA ${details?.modulusLength}`;
  if (type === "ec") return `EC ${details?.namedCurve}`;
  return type ?? "unknown";
}

/** Reads one certificate. @throws Error when the PEM holds none. */
export function certificateFacts(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem);
  const parsed = new Parsed(pem);
  const organisation = parsed.subjectName.getField("O")[0];
  const { hash, name: algorithm } = parsed.signatureAlgorithm as {
    name: string;
    hash?: { name: string };
  };
  const signature = hash?.name ?? algorithm;
  return {
    subject: parsed.subject,
    issuer: parsed.issuer,
    organisation,
    names: (certificate.subjectAltName ?? "")
      .split(", ")
      .flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4)] : [])),
    from: new Date(certificate.validFrom),
    until: new Date(certificate.validTo),
    key: keyText(certificate),
    signature: signature.toLowerCase().replace("-", ""),
    selfSigned: certificate.checkIssued(certificate),
    validation: validationOf(parsed, organisation),
  };
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/** The certificates of a PEM file in its order, and the kinds of what else is in it. */
export function pemBlocks(text: string): {
  readonly certificates: readonly string[];
  readonly others: readonly string[];
} {
  const blocks = [...text.replaceAll("\r", "").matchAll(BLOCK)];
  return {
    certificates: blocks
      .filter(([, kind]) => kind === "CERTIFICATE")
      .map(([block]) => `${block}\n`),
    others: blocks.map(([, kind]) => kind ?? "").filter((kind) => kind !== "CERTIFICATE"),
  };
}

/** Whether a DNS name is one of a certificate's, or one that its `*.` stands for. */
export const covers = (names: readonly string[], wanted: string): boolean =>
  names.some(
    (name) =>
      name === wanted ||
      (name.startsWith("*.") && name.slice(1) === wanted.slice(wanted.indexOf("."))),
  );

/**
 * Keys and signatures that NCSC-NL's TLS guidelines of 2025-05 call sufficient (as internet.nl
 * encodes them). RSA below 3072 bits is to be phased out, so a new one isn't taken.
 */
const CURVES = /^(prime256v1|secp384r1|secp521r1|brainpoolP(256|384|512)r1)$/;
const SIGNATURES = /^(sha(256|384|512)|ed25519|ed448|eddsa)$/;

/** What is too weak in a certificate; undefined when nothing is. */
export function weakness({ key, signature, selfSigned }: CertificateFacts): string | undefined {
  const [kind, size = ""] = key.split(" ");
  const good =
    kind === "RSA" ? Number(size) >= 3072 : kind === "EC" ? CURVES.test(size) : /^ed/.test(key);
  if (!good) return `key ${key}: RSA of at least 3072 bits, or ECDSA on P-256, P-384 or P-521`;
  if (selfSigned || SIGNATURES.test(signature)) return undefined;
  return `signed with ${signature}: SHA-256, SHA-384 or SHA-512`;
}
