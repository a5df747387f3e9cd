/** What a server answered to a ClientHello, as far as it is in the clear. */
export interface Answer {
  /** Description of a fatal alert, or that the connection ended without one. */
  readonly refused?: string;
  readonly version?: number;
  readonly suite?: number;
  readonly compression?: number;
  readonly extensions: readonly number[];
  /** Group of the key exchange: its named group, or the size of a finite field. */
  readonly group?: number | string;
  /** Signature scheme of the key exchange (TLS 1.2 only; 1.3 encrypts it). */
  readonly signature?: number;
}

// RFC 8446, 4.1.3: this random marks a HelloRetryRequest.
const RETRY = Buffer.from(
  "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c",
  "hex",
);

/** Messages of the handshake that came so far, and an alert. */
interface Messages {
  readonly handshake: readonly { readonly type: number; readonly body: Buffer }[];
  readonly alert?: number;
}

/** Takes whole records and whole messages out of what came; a rest is left for later. */
export function readMessages(bytes: Buffer): Messages {
  const parts: Buffer[] = [];
  let alert: number | undefined;
  for (let at = 0; at + 5 <= bytes.length; ) {
    const type = bytes.readUInt8(at);
    const length = bytes.readUInt16BE(at + 3);
    const content = bytes.subarray(at + 5, at + 5 + length);
    if (content.length < length) break;
    if (type === 21 && content.length >= 2) alert = content.readUInt8(1);
    if (type === 22) parts.push(content);
    at += 5 + length;
  }
  const handshake: { type: number; body: Buffer }[] = [];
  const joined = Buffer.concat(parts);
  for (let at = 0; at + 4 <= joined.length; ) {
    const length = joined.readUIntBE(at + 1, 3);
    if (at + 4 + length > joined.length) break;
    handshake.push({
      type: joined.readUInt8(at),
      body: joined.subarray(at + 4, at + 4 + length),
    });
    at += 4 + length;
  }
  return { handshake, ...(alert === undefined ? {} : { alert }) };
}

/** Whether all came that a server sends in the clear: 1.3 ends with its hello, 1.2 with "done". */
export function isComplete({ handshake, alert }: Messages): boolean {
  if (alert !== undefined) return true;
  const hello = handshake.find(({ type }) => type === 2);
  if (!hello) return false;
  return readHello(hello.body).version === 0x0304 || handshake.some(({ type }) => type === 14);
}

function readHello(body: Buffer): Answer & { readonly retry: boolean } {
  const session = body.readUInt8(34);
  let at = 35 + session;
  const suite = body.readUInt16BE(at);
  const compression = body.readUInt8(at + 2);
  at += 3;
  let version = body.readUInt16BE(0);
  let group: number | undefined;
  const extensions: number[] = [];
  if (at + 2 <= body.length) {
    const end = at + 2 + body.readUInt16BE(at);
    for (at += 2; at + 4 <= end; ) {
      const type = body.readUInt16BE(at);
      const length = body.readUInt16BE(at + 2);
      extensions.push(type);
      if (type === 43) version = body.readUInt16BE(at + 4);
      if (type === 51) group = body.readUInt16BE(at + 4);
      at += 4 + length;
    }
  }
  return {
    version,
    suite,
    compression,
    extensions,
    retry: body.subarray(2, 34).equals(RETRY),
    ...(group === undefined ? {} : { group }),
  };
}

/**
 * Group and signature of a TLS 1.2 ServerKeyExchange (RFC 8422, 5.4; RFC 5246, 7.4.3). Which of
 * the two forms it has only the suite tells; a named curve begins with 3, as does a prime of 6144
 * bits, which goes on with the prime's first byte, 0xff.
 */
function readKeyExchange(body: Buffer): Pick<Answer, "group" | "signature"> {
  if (body.readUInt8(0) === 3 && body.readUInt16BE(1) !== 0xff) {
    const group = body.readUInt16BE(1);
    const at = 4 + body.readUInt8(3);
    return at + 2 <= body.length ? { group, signature: body.readUInt16BE(at) } : { group };
  }
  const group = `finite field of ${body.readUInt16BE(0) * 8} bit`;
  let at = 0;
  for (let part = 0; part < 3; part++) at += 2 + body.readUInt16BE(at);
  return at + 2 <= body.length ? { group, signature: body.readUInt16BE(at) } : { group };
}

/** Alerts that a probe meets (RFC 8446, 6). */
const ALERTS: Readonly<Record<number, string>> = {
  40: "handshake_failure",
  47: "illegal_parameter",
  50: "decode_error",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  86: "inappropriate_fallback",
  109: "missing_extension",
  112: "unrecognized_name",
};

/** Reads all that a server sent until it ended, or sent enough. */
export function readAnswer(bytes: Buffer): Answer {
  const messages = readMessages(bytes);
  const hello = messages.handshake.find(({ type }) => type === 2);
  if (!hello) {
    const { alert } = messages;
    const refused = alert === undefined ? "closed" : (ALERTS[alert] ?? `alert ${alert}`);
    return { refused, extensions: [] };
  }
  const { retry: _, ...answer } = readHello(hello.body);
  // Fatal, after a hello: the server can't go on with what it chose.
  if (messages.alert !== undefined && messages.alert !== 112)
    return { ...answer, refused: ALERTS[messages.alert] ?? `alert ${messages.alert}` };
  const exchange = messages.handshake.find(({ type }) => type === 12);
  return exchange ? { ...answer, ...readKeyExchange(exchange.body) } : answer;
}
