import { createSocket } from "node:dgram";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import {
  ATTRIBUTE,
  attributeOf,
  type Credential,
  decode,
  type Endpoint,
  encode,
  errorOf,
  KIND,
  longTermKey,
  METHOD,
  newTransaction,
  readXorAddress,
  type StunMessage,
  xorAddress,
} from "./codec.ts";

/** Carries messages to one server and back. */
export interface Carrier {
  send(bytes: Buffer): void;
  onMessage(listener: (message: StunMessage, size: number) => void): void;
  close(): void;
}

/** By UDP. */
export async function udpCarrier({ address, port }: Endpoint): Promise<Carrier> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  // A closed port answers by ICMP; the time limit then reports that no answer came.
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.connect(port, address, () => resolve()));
  return {
    send: (bytes) => socket.send(bytes, () => undefined),
    onMessage: (listener) => {
      socket.on("message", (bytes) => {
        const message = decode(bytes);
        if (message) listener(message, bytes.length);
      });
    },
    close: () => socket.close(),
  };
}

/** By a stream, such as TLS: messages follow one another, their headers tell where each ends. */
export function streamCarrier(stream: Duplex): Carrier {
  let rest: Buffer = Buffer.alloc(0);
  stream.on("error", () => undefined);
  return {
    send: (bytes) => stream.write(bytes),
    onMessage: (listener) => {
      stream.on("data", (data: Buffer) => {
        rest = Buffer.concat([rest, data]);
        while (rest.length >= 20 && rest.length >= 20 + rest.readUInt16BE(2)) {
          const size = 20 + rest.readUInt16BE(2);
          const message = decode(rest.subarray(0, size));
          rest = rest.subarray(size);
          if (message) listener(message, size);
        }
      });
    },
    close: () => stream.destroy(),
  };
}

/** By TLS, with the certificate checked against `name`. `ca` in PEM; absent: the public ones. */
export function tlsCarrier(at: Endpoint, name: string, ca?: string): Promise<Carrier> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host: at.address,
      port: at.port,
      servername: name,
      timeout: 3_000,
      ...(ca === undefined ? {} : { ca }),
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer within 3 s")));
    socket.once("error", reject);
    socket.once("secureConnect", () => resolve(streamCarrier(socket)));
  });
}

export interface TurnAnswer {
  /** 0 on success, else the error's code; absent when nothing came. */
  readonly code?: number | undefined;
  readonly message?: StunMessage;
  /** Bytes of the answer. */
  readonly size?: number;
}

/** Retransmissions of a request (RFC 8489, 6.2.1, cut short), ms after the first. */
const RETRIES = [250, 750];
/** Time for one answer, ms. */
const WAIT = 1_500;

/** One client of a STUN or TURN server: asks, answers challenges, hears what is relayed. */
export class TurnClient {
  private readonly waiting = new Map<string, (answer: TurnAnswer) => void>();
  private readonly carrier: Carrier;
  private readonly credential: Credential | undefined;
  private realm = "";
  private nonce: Buffer | undefined;
  private allocated = false;
  /** What peers sent through the relay. */
  private readonly heard: string[] = [];

  constructor(carrier: Carrier, credential?: Credential) {
    this.carrier = carrier;
    this.credential = credential;
    carrier.onMessage((message, size) => {
      if (message.type === (METHOD.data | KIND.indication)) {
        const data = attributeOf(message, ATTRIBUTE.data);
        if (data) this.heard.push(data.toString("latin1"));
        return;
      }
      this.waiting.get(message.transaction.toString("hex"))?.({
        code: message.type & 0x010 ? errorOf(message) : 0,
        message,
        size,
      });
    });
  }

  /** Asks once; a challenge (401, 438) is answered when there is a credential. */
  async request(
    method: number,
    attributes: (transaction: Buffer) => [number, Buffer][] = () => [],
  ): Promise<TurnAnswer> {
    let answer = await this.once(method, attributes);
    for (let turn = 0; turn < 2 && this.credential && answer.message; turn++) {
      if (answer.code !== 401 && answer.code !== 438) break;
      const nonce = attributeOf(answer.message, ATTRIBUTE.nonce);
      if (!nonce || (answer.code === 401 && this.nonce)) break;
      this.nonce = Buffer.from(nonce);
      this.realm = attributeOf(answer.message, ATTRIBUTE.realm)?.toString() ?? this.realm;
      answer = await this.once(method, attributes);
    }
    return answer;
  }

  private once(
    method: number,
    attributes: (transaction: Buffer) => [number, Buffer][],
  ): Promise<TurnAnswer> {
    const transaction = newTransaction();
    const id = transaction.toString("hex");
    const { credential, nonce, realm } = this;
    const signed = credential && nonce;
    const message = {
      type: method | KIND.request,
      transaction,
      attributes: [
        ...attributes(transaction),
        ...(signed
          ? ([
              [ATTRIBUTE.username, Buffer.from(credential.user)],
              [ATTRIBUTE.realm, Buffer.from(realm)],
              [ATTRIBUTE.nonce, nonce],
            ] as const)
          : []),
      ],
    };
    const key = signed ? longTermKey(credential.user, realm, credential.password) : undefined;
    const bytes = encode(message, key);
    return new Promise((resolve) => {
      const timers = RETRIES.map((after) => setTimeout(() => this.carrier.send(bytes), after));
      const end = (answer: TurnAnswer) => {
        this.waiting.delete(id);
        for (const timer of timers) clearTimeout(timer);
        resolve(answer);
      };
      timers.push(setTimeout(() => end({}), WAIT));
      this.waiting.set(id, end);
      this.carrier.send(bytes);
    });
  }

  binding = (): Promise<TurnAnswer> => this.request(METHOD.binding);

  /** @param transport protocol number of the relay's far side: 17 UDP, 6 TCP (RFC 6062) */
  async allocate(
    transport: 17 | 6 = 17,
    family?: 4 | 6,
  ): Promise<TurnAnswer & { relayed?: Endpoint }> {
    const answer = await this.request(METHOD.allocate, () => [
      [ATTRIBUTE.requestedTransport, Buffer.from([transport, 0, 0, 0])],
      ...(family === undefined
        ? []
        : ([[ATTRIBUTE.requestedAddressFamily, Buffer.from([family === 4 ? 1 : 2, 0, 0, 0])]] as [
            number,
            Buffer,
          ][])),
    ]);
    this.allocated ||= answer.code === 0;
    const { message } = answer;
    const value = message && attributeOf(message, ATTRIBUTE.xorRelayedAddress);
    return message && value
      ? { ...answer, relayed: readXorAddress(value, message.transaction) }
      : answer;
  }

  /** Asks for more time. */
  refresh = (): Promise<TurnAnswer> => this.request(METHOD.refresh);

  permit = (address: string): Promise<TurnAnswer> =>
    this.request(METHOD.createPermission, (transaction) => [
      [ATTRIBUTE.xorPeerAddress, xorAddress({ address, port: 0 }, transaction)],
    ]);

  /** Binds a channel: another way to a peer, which must be refused alike. */
  bindChannel = (peer: Endpoint): Promise<TurnAnswer> =>
    this.request(METHOD.channelBind, (transaction) => [
      [0x000c, Buffer.from([0x40, 0x00, 0, 0])],
      [ATTRIBUTE.xorPeerAddress, xorAddress(peer, transaction)],
    ]);

  /** Sends a text to a peer through the relay, and waits for the same to come back. */
  async echo(peer: Endpoint, text: string, timeout = 2_000): Promise<boolean> {
    const transaction = newTransaction();
    const bytes = encode({
      type: METHOD.send | KIND.indication,
      transaction,
      attributes: [
        [ATTRIBUTE.xorPeerAddress, xorAddress(peer, transaction)],
        [ATTRIBUTE.data, Buffer.from(text, "latin1")],
      ],
    });
    for (let waited = 0; waited < timeout; waited += 50) {
      // UDP may lose it: say it again now and then.
      if (waited % 500 === 0) this.carrier.send(bytes);
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (this.heard.some((heard) => heard.includes(text))) return true;
    }
    return false;
  }

  /** Gives the allocation back, so that no quota is held, and closes. */
  async close(): Promise<void> {
    if (this.allocated)
      await this.request(METHOD.refresh, () => [[ATTRIBUTE.lifetime, Buffer.alloc(4)]]);
    this.carrier.close();
  }
}
