import { createHash, createHmac, randomBytes } from "node:crypto";
import { isIPv6 } from "node:net";

/** STUN and TURN on the wire (RFC 8489, RFC 8656), as much as a probe says and must understand. */
export const METHOD = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  createPermission: 0x008,
  channelBind: 0x009,
} as const;
export const KIND = { request: 0x000, indication: 0x010, success: 0x100, error: 0x110 } as const;
export const ATTRIBUTE = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedAddressFamily: 0x0017,
  requestedTransport: 0x0019,
  xorMappedAddress: 0x0020,
  software: 0x8022,
  otherAddress: 0x802c,
} as const;

const COOKIE = Buffer.from([0x21, 0x12, 0xa4, 0x42]);
const HEADER = 20;

export interface StunMessage {
  /** Method and kind: `METHOD.x | KIND.y`. */
  readonly type: number;
  readonly transaction: Buffer;
  readonly attributes: readonly (readonly [type: number, value: Buffer])[];
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const four = dotted ? addressBytes(dotted[2] ?? "").toString("hex") : "";
  const text = dotted ? `${dotted[1]}${four.slice(0, 4)}:${four.slice(4)}` : address;
  const [head = "", tail] = text.split("::");
  const words = (part: string) => part.split(":").filter(Boolean);
  const after = tail === undefined ? [] : words(tail);
  const before = words(head);
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  return Buffer.from(
    [...before, ...zeros, ...after].flatMap((word) => {
      const value = Number.parseInt(word, 16);
      return [value >> 8, value & 0xff];
    }),
  );
}

/** Mask of an XOR address: the cookie, and for IPv6 the transaction after it. */
const mask = (bytes: Buffer, transaction: Buffer): Buffer => {
  const key = Buffer.concat([COOKIE, transaction]);
  return Buffer.from(bytes.map((byte, i) => byte ^ (key[i] ?? 0)));
};

/** An XOR-…-ADDRESS attribute's value (RFC 8489, 14.2). */
export function xorAddress({ address, port }: Endpoint, transaction: Buffer): Buffer {
  const bytes = addressBytes(address);
  const head = Buffer.from([0, bytes.length === 4 ? 1 : 2, 0, 0]);
  head.writeUInt16BE(port ^ COOKIE.readUInt16BE(0), 2);
  return Buffer.concat([head, mask(bytes, transaction)]);
}

export function readXorAddress(value: Buffer, transaction: Buffer): Endpoint {
  const port = value.readUInt16BE(2) ^ COOKIE.readUInt16BE(0);
  const bytes = mask(value.subarray(4), transaction);
  if (value[1] === 1) return { address: [...bytes].join("."), port };
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return { address: words.join(":"), port };
}

export const newTransaction = (): Buffer => randomBytes(12);

/**
 * One message. With a `key` it ends with MESSAGE-INTEGRITY, which covers all before it, and the
 * length counts it already (RFC 8489, 14.5).
 */
export function encode(message: StunMessage, key?: Buffer): Buffer {
  const attributes = message.attributes.map(([type, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
  });
  const body = Buffer.concat(attributes);
  const header = Buffer.alloc(4);
  header.writeUInt16BE(message.type, 0);
  header.writeUInt16BE(body.length + (key ? 24 : 0), 2);
  const signed = Buffer.concat([header, COOKIE, message.transaction, body]);
  if (!key) return signed;
  const tag = createHmac("sha1", key).update(signed).digest();
  return Buffer.concat([signed, Buffer.from([0x00, 0x08, 0x00, 0x14]), tag]);
}

/** Reads one message, or nothing when the bytes are none. */
export function decode(bytes: Buffer): StunMessage | undefined {
  if (bytes.length < HEADER || (bytes[0] ?? 0xff) > 0x3f) return undefined;
  if (!bytes.subarray(4, 8).equals(COOKIE)) return undefined;
  const end = HEADER + bytes.readUInt16BE(2);
  if (end > bytes.length) return undefined;
  const attributes: [number, Buffer][] = [];
  for (let at = HEADER; at + 4 <= end; ) {
    const length = bytes.readUInt16BE(at + 2);
    if (at + 4 + length > end) return undefined;
    attributes.push([bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length)]);
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return { type: bytes.readUInt16BE(0), transaction: bytes.subarray(8, 20), attributes };
}

export const attributeOf = (message: StunMessage, type: number): Buffer | undefined =>
  message.attributes.find(([one]) => one === type)?.[1];

/** Code of an error answer, such as 401. */
export function errorOf(message: StunMessage): number | undefined {
  const value = attributeOf(message, ATTRIBUTE.errorCode);
  return value && (value.readUInt8(2) & 7) * 100 + value.readUInt8(3);
}

/** Key of long-term credentials (RFC 8489, 9.2.2). */
export const longTermKey = (user: string, realm: string, password: string): Buffer =>
  createHash("md5").update(`${user}:${realm}:${password}`).digest();

export interface Credential {
  readonly user: string;
  readonly password: string;
}

/**
 * A time-limited credential of the REST kind (draft-uberti-behave-turn-rest-00).
 *
 * @param expires seconds since 1970
 */
export function restCredential(secret: string, expires: number, name = "probe"): Credential {
  const user = `${expires}:${name}`;
  return { user, password: createHmac("sha1", secret).update(user).digest("base64") };
}
