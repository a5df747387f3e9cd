import { X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import type { Dial } from "../dial.ts";

/** A certificate as a report shows it. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  /** ISO 8601. */
  readonly notAfter: string;
  /** Such as `ec prime256v1`, `rsa 3072`, `ed25519`. */
  readonly key: string;
  readonly signature: string;
  readonly selfSigned: boolean;
}

/** What a whole handshake shows. */
export interface TlsSession {
  /** Why it failed; then there is nothing else. */
  readonly failed?: string;
  /** Leaf first, as sent, without what our own store adds. */
  readonly chain: readonly CertificateFacts[];
  /** Why the chain isn't trusted for the name; absent: it is. */
  readonly untrusted?: string;
  /** Bytes of early data that a session ticket allows; 0: none, or no ticket came. */
  readonly earlyData: number;
  /** How often the server let a client of TLS 1.2 renegotiate, at most 11. */
  readonly renegotiations?: number;
}

/**
 * The name of a certificate's signature algorithm. Node tells only what verifying says, so the
 * object identifier is read from the DER: the sequence after the signed part.
 */
export function signatureAlgorithm(der: Buffer): string {
  const signedPart = element(der, element(der, 0).start);
  const algorithm = element(der, signedPart.end);
  const oid = element(der, algorithm.start);
  const hex = der.subarray(oid.start, oid.end).toString("hex");
  return SIGNATURES[hex] ?? `oid ${hex}`;
}

/** DER of object identifiers (RFC 5758, 8017, 8410). */
const SIGNATURES: Readonly<Record<string, string>> = {
  "2a8648ce3d040302": "ecdsa sha256",
  "2a8648ce3d040303": "ecdsa sha384",
  "2a8648ce3d040304": "ecdsa sha512",
  "2a8648ce3d040301": "ecdsa sha224",
  "2a8648ce3d0401": "ecdsa sha1",
  "2a864886f70d01010b": "rsa sha256",
  "2a864886f70d01010c": "rsa sha384",
  "2a864886f70d01010d": "rsa sha512",
  "2a864886f70d010105": "rsa sha1",
  "2a864886f70d010104": "rsa md5",
  "2b6570": "ed25519",
  "2b6571": "ed448",
};

export function factsOf(certificate: X509Certificate): CertificateFacts {
  const { publicKey } = certificate;
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  return {
    subject: certificate.subject.replaceAll("\n", ", "),
    issuer: certificate.issuer.replaceAll("\n", ", "),
    names: (certificate.subjectAltName ?? "").split(", ").filter(Boolean),
    notAfter: new Date(certificate.validTo).toISOString(),
    key: [publicKey.asymmetricKeyType, modulusLength ?? namedCurve].filter(Boolean).join(" "),
    signature: signatureAlgorithm(certificate.raw),
    selfSigned: certificate.checkIssued(certificate),
  };
}

/** Where a DER element's content lies, and where it ends. */
function element(der: Buffer, at: number) {
  const first = der.readUInt8(at + 1);
  const bytes = first < 0x80 ? 0 : first & 0x7f;
  if (bytes > 4) return { tag: 0, start: at, end: Number.POSITIVE_INFINITY };
  const length = bytes === 0 ? first : der.readUIntBE(at + 2, bytes);
  const start = at + 2 + bytes;
  return { tag: der.readUInt8(at), start, end: start + length };
}

/**
 * Bytes of early data that a TLS 1.3 session allows, from OpenSSL's own form of a session: field
 * 15 of its sequence (ssl/ssl_asn1.c). Only the ticket holds it. Newer
 * releases of Node put a header before it: the sequence is what reaches to the end exactly.
 */
export function earlyDataOf(session: Buffer): number {
  const begins = [...session.keys()].find(
    (at) =>
      session[at] === 0x30 &&
      at + 6 < session.length &&
      element(session, at).end === session.length,
  );
  if (begins === undefined) throw new Error("OpenSSL's session has a form that isn't known");
  for (let at = element(session, begins).start; at + 2 <= session.length; ) {
    const { tag, start, end } = element(session, at);
    // [15] EXPLICIT INTEGER
    if (tag === 0xaf) return Number.parseInt(session.subarray(start + 2, end).toString("hex"), 16);
    at = end;
  }
  return 0;
}

interface Want {
  readonly name: string;
  readonly ca?: string | undefined;
}

function handshake(
  below: Duplex,
  { name, ca }: Want,
  version: "TLSv1.2" | "TLSv1.3" | undefined,
  then: (socket: TLSSocket, end: (result?: Error) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: below,
      servername: name,
      rejectUnauthorized: false,
      ...(ca === undefined ? {} : { ca }),
      ...(version ? { minVersion: version, maxVersion: version } : {}),
    });
    const end = (error?: Error) => {
      clearTimeout(timer);
      socket.on("error", () => undefined).destroy();
      below.destroy();
      if (error) reject(error);
      else resolve();
    };
    const timer = setTimeout(() => end(new Error("no handshake within 5 s")), 5_000);
    socket.once("error", end);
    socket.once("secureConnect", () => {
      // From here on an error is an answer, too: the caller listens for it.
      socket.off("error", end).on("error", () => undefined);
      then(socket, end);
    });
  });
}

/** Ends whole handshakes: the chain, early data in tickets, renegotiation by the client. */
export async function tlsSession(
  dial: Dial,
  want: Want,
  has: { readonly v12: boolean; readonly v13: boolean },
): Promise<TlsSession> {
  const chain: CertificateFacts[] = [];
  let untrusted: string | undefined;
  let earlyData = 0;
  let renegotiations = 0;
  try {
    await handshake(await dial(), want, has.v13 ? "TLSv1.3" : undefined, (socket, end) => {
      // `authorizationError` is a code or an Error, whatever its type says.
      if (!socket.authorized) untrusted = String(socket.authorizationError);
      let one = socket.getPeerCertificate(true);
      while (one?.raw) {
        chain.push(factsOf(new X509Certificate(one.raw)));
        if (one.issuerCertificate === one || one.issuerCertificate?.raw?.equals(one.raw)) break;
        one = one.issuerCertificate;
      }
      socket.on("session", (session: Buffer) => {
        earlyData = Math.max(earlyData, earlyDataOf(session));
      });
      // Tickets come after the handshake, unasked.
      setTimeout(() => end(), 150);
    });
    if (!has.v12) return { chain, earlyData, ...(untrusted ? { untrusted } : {}) };
    await handshake(await dial(), want, "TLSv1.2", (socket, end) => {
      socket.on("error", () => end());
      socket.on("close", () => end());
      setTimeout(() => end(), 1_500);
      const again = () =>
        socket.renegotiate({ rejectUnauthorized: false }, (error) => {
          if (error) return end();
          renegotiations++;
          if (renegotiations > 10) return end();
          return setImmediate(again);
        });
      again();
    });
  } catch (error) {
    const failed = error instanceof Error ? error.message : String(error);
    return { failed, chain, earlyData };
  }
  return { chain, earlyData, renegotiations, ...(untrusted ? { untrusted } : {}) };
}
