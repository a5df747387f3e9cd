import { createECDH, generateKeyPairSync, randomBytes } from "node:crypto";

/** What a client offers. Code points are IANA's (TLS Parameters registry). */
export interface Offer {
  /** Versions, newest first: 0x0304 is TLS 1.3, 0x0303 TLS 1.2, 0x0300 SSL 3. */
  readonly versions: readonly number[];
  readonly suites: readonly number[];
  readonly groups: readonly number[];
  readonly signatures: readonly number[];
  /** Name in the SNI extension; absent: none. */
  readonly serverName?: string | undefined;
  /** Offers DEFLATE beside null. */
  readonly compression?: boolean;
  /** The group that a TLS 1.3 key share is sent for; absent: an empty share, so the server names one. */
  readonly share?: 0x001d | 0x0017;
}

export const TLS13 = 0x0304;
export const TLS12 = 0x0303;

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const u16s = (values: readonly number[]): Buffer => Buffer.concat(values.map(u16));

/** A vector: its length in `bytes` bytes, then itself. */
function vector(bytes: 1 | 2 | 3, content: Buffer): Buffer {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(content.length, 0, bytes);
  return Buffer.concat([length, content]);
}

const extension = (type: number, content: Buffer): Buffer =>
  Buffer.concat([u16(type), vector(2, content)]);

/** A fresh public key: nobody ends this handshake, so the private half is dropped. */
function keyShare(group: 0x001d | 0x0017): Buffer {
  if (group === 0x0017) return createECDH("prime256v1").generateKeys();
  // The last 32 bytes of an X25519 SubjectPublicKeyInfo are the key.
  const { publicKey } = generateKeyPairSync("x25519");
  return publicKey.export({ type: "spki", format: "der" }).subarray(-32);
}

/** One ClientHello in as many records as it needs (RFC 8446, 4.1.2). */
export function encodeHello(offer: Offer): Buffer {
  const newest = Math.max(...offer.versions);
  const extensions = [
    ...(offer.serverName
      ? [
          extension(
            0,
            vector(2, Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(offer.serverName))])),
          ),
        ]
      : []),
    extension(10, vector(2, u16s(offer.groups))),
    // Uncompressed points.
    extension(11, vector(1, Buffer.from([0]))),
    extension(13, vector(2, u16s(offer.signatures))),
    // Extended Master Secret (RFC 7627) and secure renegotiation (RFC 5746): does it answer?
    extension(23, Buffer.alloc(0)),
    extension(0xff01, vector(1, Buffer.alloc(0))),
    ...(newest >= TLS13
      ? [
          extension(43, vector(1, u16s(offer.versions))),
          extension(
            51,
            vector(
              2,
              offer.share === undefined
                ? Buffer.alloc(0)
                : Buffer.concat([u16(offer.share), vector(2, keyShare(offer.share))]),
            ),
          ),
        ]
      : []),
  ];
  const legacy = Math.min(newest, TLS12);
  const body = Buffer.concat([
    u16(legacy),
    randomBytes(32),
    vector(1, newest >= TLS13 ? randomBytes(32) : Buffer.alloc(0)),
    vector(2, u16s(offer.suites)),
    vector(1, Buffer.from(offer.compression ? [1, 0] : [0])),
    ...(newest > 0x0300 ? [vector(2, Buffer.concat(extensions))] : []),
  ]);
  const message = Buffer.concat([Buffer.from([1]), vector(3, body)]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += 16_000) {
    const part = message.subarray(at, at + 16_000);
    records.push(Buffer.from([22]), u16(Math.min(legacy, 0x0301)), vector(2, part));
  }
  return Buffer.concat(records);
}
