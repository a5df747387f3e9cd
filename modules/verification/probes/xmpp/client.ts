import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { childOf, type Element, escapeXml, StanzaReader } from "./stanzas.ts";

/** Time for one answer of the server, ms. */
const WAIT = 5_000;

/** The server refused something, and says why: an error of the stream, or the answer to a login. */
export class XmppRefused extends Error {
  /** Its own word, such as `host-unknown` or `not-authorized`. */
  readonly condition: string;
  constructor(condition: string) {
    super(`refused: ${condition}`);
    this.condition = condition;
  }
}

const conditionOf = (element: Element): string =>
  element.children.find(({ name }) => name !== "text")?.name ?? element.name;

/** One client of an XMPP server over any stream (RFC 6120), as a bridge or a guest would be. */
export class XmppClient {
  private stream: Duplex;
  private reader = new StanzaReader();
  private readonly arrived: Element[] = [];
  private wake: (() => void) | undefined;
  /** Why nothing comes any more. */
  private ended: string | undefined;

  constructor(stream: Duplex) {
    this.stream = stream;
    this.listen();
  }

  private listen(): void {
    const { stream } = this;
    const end = (why: string) => () => {
      if (stream !== this.stream) return;
      this.ended ??= why;
      this.wake?.();
    };
    stream.on("data", (data: Buffer) => {
      if (stream !== this.stream) return;
      this.arrived.push(...this.reader.read(data.toString()));
      this.wake?.();
    });
    stream
      .on("error", end("connection failed"))
      .on("end", end("closed"))
      .on("close", end("closed"));
  }

  send(text: string): void {
    this.stream.write(text);
  }

  /**
   * The next element.
   *
   * @throws XmppRefused when it is an error of the stream
   * @throws Error when the stream ends, fails or says nothing in time: nobody has refused anything by that
   */
  async next(): Promise<Element> {
    const until = Date.now() + WAIT;
    for (;;) {
      const element = this.arrived.shift();
      if (element?.name === "stream:error") throw new XmppRefused(conditionOf(element));
      if (element && element.name !== "stream:stream") return element;
      if (element) continue;
      if (this.ended !== undefined) throw new Error(`the stream ended: ${this.ended}`);
      const left = until - Date.now();
      if (left <= 0) throw new Error(`no answer within ${WAIT / 1_000} s`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Opens a stream to a host of the server's; gives its features. */
  async open(domain: string): Promise<Element> {
    this.reader = new StanzaReader();
    this.send(
      `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='${escapeXml(domain)}'>`,
    );
    return this.next();
  }

  /** Asks for TLS; from then on plain bytes are TLS's. */
  async startTls(): Promise<void> {
    this.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    const answer = await this.next();
    if (answer.name !== "proceed") throw new XmppRefused(conditionOf(answer));
  }

  /** Returns the bare stream, so that the caller can start TLS in another way. */
  release(): Duplex {
    return this.stream.removeAllListeners("data");
  }

  /** Goes on by TLS. @throws Error when the certificate isn't `name`'s by `ca` */
  async secure(name: string, ca: string | undefined): Promise<void> {
    const below = this.stream;
    below.removeAllListeners("data");
    const socket = connectTls({
      socket: below,
      servername: name,
      ...(ca === undefined ? {} : { ca }),
    });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no TLS within 5 s")), WAIT);
      socket.once("secureConnect", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
    this.stream = socket;
    this.listen();
  }

  /**
   * Logs in by SCRAM (RFC 5802, 7677).
   *
   * @throws XmppRefused with the server's word
   * @throws Error when the server offers no SCRAM: nothing was tried
   */
  async login(features: Element, user: string, password: string): Promise<void> {
    const offered = (childOf(features, "mechanisms")?.children ?? []).map(({ text }) => text);
    const digest = ["SHA-256", "SHA-1"].find((one) => offered.includes(`SCRAM-${one}`));
    if (!digest) throw new Error(`no SCRAM among ${offered.join(", ") || "no mechanism"}`);
    const hash = digest.replace("-", "").toLowerCase();
    const bare = `n=${user},r=${randomBytes(18).toString("base64")}`;
    const space = "urn:ietf:params:xml:ns:xmpp-sasl";
    this.send(
      `<auth xmlns='${space}' mechanism='SCRAM-${digest}'>${Buffer.from(`n,,${bare}`).toString("base64")}</auth>`,
    );
    const challenge = await this.next();
    if (challenge.name !== "challenge") throw new XmppRefused(conditionOf(challenge));
    const first = Buffer.from(challenge.text, "base64").toString();
    const part = (key: string) => new RegExp(`(?:^|,)${key}=([^,]*)`).exec(first)?.[1] ?? "";
    const salted = pbkdf2Sync(
      password,
      Buffer.from(part("s"), "base64"),
      Number(part("i")),
      hash === "sha1" ? 20 : 32,
      hash,
    );
    const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
    const client = hmac(salted, "Client Key");
    const final = `c=biws,r=${part("r")}`;
    const signature = hmac(createHash(hash).update(client).digest(), `${bare},${first},${final}`);
    const proof = Buffer.from(client.map((byte, i) => byte ^ (signature[i] ?? 0)));
    const last = Buffer.from(`${final},p=${proof.toString("base64")}`).toString("base64");
    this.send(`<response xmlns='${space}'>${last}</response>`);
    const outcome = await this.next();
    if (outcome.name !== "success") throw new XmppRefused(conditionOf(outcome));
  }

  close(): void {
    this.stream.on("error", () => undefined);
    this.stream.destroy();
  }
}
