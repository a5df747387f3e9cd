import { randomBytes, webcrypto } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints,
} from "@peculiar/asn1-x509";
import * as x509 from "@peculiar/x509";

type CryptoKey = webcrypto.CryptoKey;

x509.cryptoProvider.set(webcrypto);

/** A private key (PKCS #8) and its certificate, both PEM, each ending in a line break. */
export interface Pair {
  readonly key: string;
  readonly certificate: string;
}

/** Which names an instance's CA may certify. */
export interface Constraints {
  /** Each stands for itself and all names below it. */
  readonly dns: readonly string[];
  /** Ranges, such as `10.80.0.0/24`. */
  readonly ranges: readonly string[];
}

/** What a leaf certificate is for. */
export interface Leaf {
  readonly commonName: string;
  readonly dns: readonly string[];
  readonly addresses: readonly string[];
  readonly use: readonly ("server" | "client")[];
}

type Curve = "P-256" | "P-384";
const HASH = { "P-256": "SHA-256", "P-384": "SHA-384" } as const;
const algorithm = (curve: Curve) => ({ name: "ECDSA", namedCurve: curve, hash: HASH[curve] });
const DAY = 86_400_000;

/** Milliseconds: clocks differ, so a certificate counts from an hour before it was made. */
const HEADSTART = 3_600_000;

const pem = (text: string): string => `${text.trimEnd()}\n`;

const exportKey = async (key: CryptoKey): Promise<string> =>
  pem(x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY"));

const importKey = (text: string, curve: Curve): Promise<CryptoKey> =>
  webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(text), algorithm(curve), true, [
    "sign",
  ]);

const newKeys = (curve: Curve): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm(curve), true, ["sign", "verify"]);

/** RFC 5280 4.1.2.2: positive and at most 20 octets. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

/**
 * The constraints as an extension. A kind of name that no subtree speaks of would be free: mail
 * addresses and web addresses are held to `invalid`, a name that nobody has (RFC 2606).
 */
function constraintsExtension({ dns, ranges }: Constraints): x509.Extension {
  const permitted = [
    ...dns.map((dNSName) => new GeneralName({ dNSName })),
    ...ranges.map((iPAddress) => new GeneralName({ iPAddress })),
    new GeneralName({ rfc822Name: "invalid" }),
    new GeneralName({ uniformResourceIdentifier: "invalid" }),
  ];
  const permittedSubtrees = new GeneralSubtrees(
    permitted.map((base) => new GeneralSubtree({ base })),
  );
  const value = new NameConstraints({ permittedSubtrees });
  return new x509.Extension(id_ce_nameConstraints, true, AsnConvert.serialize(value));
}

/** A root that may certify these names and nothing else, and no further CA: ECDSA P-384. */
export async function newAuthority(
  name: string,
  constraints: Constraints,
  now: Date,
  days: number,
): Promise<Pair> {
  const keys = await newKeys("P-384");
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    notBefore: new Date(now.getTime() - HEADSTART),
    notAfter: new Date(now.getTime() + days * DAY),
    signingAlgorithm: algorithm("P-384"),
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      constraintsExtension(constraints),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: await exportKey(keys.privateKey), certificate: pem(certificate.toString("pem")) };
}

const USE = {
  server: x509.ExtendedKeyUsage.serverAuth,
  client: x509.ExtendedKeyUsage.clientAuth,
} as const;

/** A key of its own (ECDSA P-256) and a certificate for it by an instance's CA. */
export async function newLeaf(authority: Pair, leaf: Leaf, now: Date, days: number): Promise<Pair> {
  const keys = await newKeys("P-256");
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [leaf.commonName] }],
    issuer: issuer.subjectName.toJSON(),
    notBefore: new Date(now.getTime() - HEADSTART),
    notAfter: new Date(now.getTime() + days * DAY),
    signingAlgorithm: algorithm("P-384"),
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key, "P-384"),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(leaf.use.map((use) => USE[use])),
      new x509.SubjectAlternativeNameExtension([
        ...leaf.dns.map((value) => ({ type: "dns" as const, value })),
        ...leaf.addresses.map((value) => ({ type: "ip" as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: await exportKey(keys.privateKey), certificate: pem(certificate.toString("pem")) };
}

/** The names that a CA is held to, each as text, sorted: to compare with what it should be. */
export function constraintsOf(certificate: string): string[] {
  const extension = new x509.X509Certificate(certificate).getExtension(id_ce_nameConstraints);
  if (!extension) return [];
  const { permittedSubtrees } = AsnConvert.parse(extension.value, NameConstraints);
  return (permittedSubtrees ?? [])
    .flatMap(({ base }) => [base.dNSName, base.iPAddress])
    .filter((name) => name !== undefined)
    .sort();
}

/** A new private key for a public name: ECDSA P-256, which every browser takes. */
export const newPublicKey = async (): Promise<string> =>
  exportKey((await newKeys("P-256")).privateKey);

/** A signing request (PKCS #10, PEM) for a key: names of the certificate and whose it is. */
export async function newRequest(
  key: string,
  organisation: string,
  dns: readonly string[],
): Promise<string> {
  const { publicKey } = await publicOf(key);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ C: ["NL"] }, { O: [organisation] }, { CN: [dns[0] as string] }],
    keys: { privateKey: await importKey(key, "P-256"), publicKey },
    signingAlgorithm: algorithm("P-256"),
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        dns.map((value) => ({ type: "dns" as const, value })),
      ),
    ],
  });
  return pem(request.toString("pem"));
}

async function publicOf(key: string): Promise<{ readonly publicKey: CryptoKey }> {
  const { kty, crv, x, y } = await webcrypto.subtle.exportKey("jwk", await importKey(key, "P-256"));
  const half = { kty, crv, x, y } as webcrypto.JsonWebKey;
  return {
    publicKey: await webcrypto.subtle.importKey("jwk", half, algorithm("P-256"), true, ["verify"]),
  };
}
