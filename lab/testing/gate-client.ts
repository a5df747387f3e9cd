import { connect } from "node:net";
import { WebSocket } from "ws";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import {
  childOf,
  type Element,
  escapeXml,
  StanzaReader,
  XmppClient,
} from "../../modules/verification/probes/index.ts";
import { bridgePassword, FOCUS_PASSWORD, type GateServer } from "./gate-server.ts";

/** How long an answer may take on a busy machine, ms. */
const WAIT = 15_000;
/** Within this long a stream that is refused has ended, ms. */
const ENDS_WITHIN = 5000;

/** What came back of a handshake that was refused, down to the last byte that isn't the date. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Where a browser's socket ends: Prosody itself, or nginx before it. */
export interface WayIn {
  readonly blueprint: Pick<Blueprint, "domain">;
  /**
   * @param from the address that the browser has, to who lets it in
   * @param cookie what the browser's store has for it
   */
  socket(query: string, from: string, cookie?: string): WebSocket;
}

export const queryOf = (room: string, token: string): string =>
  `?room=${encodeURIComponent(room)}&token=${encodeURIComponent(token)}`;

/** A browser's store of cookies, for one place. */
export class Cookies {
  /** What the next handshake shows. */
  kept: string | undefined;
  /** The last that came, whole. */
  set: string | undefined;
}

/** A socket, or how it was refused. */
export function attemptEntry(
  server: WayIn,
  query: string,
  from = "198.51.100.7",
  cookies?: Cookies,
): Promise<WebSocket | Refusal> {
  return new Promise((resolve, reject) => {
    const socket = server.socket(query, from, cookies?.kept);
    socket.once("upgrade", ({ headers }) => {
      const [set] = headers["set-cookie"] ?? [];
      if (cookies && set) Object.assign(cookies, { kept: set.split(";")[0], set });
    });
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
    socket.once("unexpected-response", (_request, response) => {
      let body = "";
      response.on("data", (data: Buffer) => {
        body += data.toString();
      });
      response.on("end", () => {
        const { date: _, ...headers } = response.headers;
        resolve({ status: response.statusCode ?? 0, headers, body });
      });
    });
  });
}

/** What waits for elements that come in any order. */
abstract class Waiting {
  readonly seen: Element[] = [];
  /** Why the stream is over, once it is. */
  ended: string | undefined;
  private wake: (() => void)[] = [];

  protected arrive(element: Element): void {
    if (element.name === "stream:error") this.ended = element.children[0]?.name ?? "error";
    // The stream's own header says nothing that a test asks for.
    if (element.name !== "open") this.seen.push(element);
    this.stir();
  }

  /** Sends a presence and gives "joined", or the word with which it was refused. */
  protected async present(xml: string, at: string): Promise<string> {
    const comes = ({ name, attributes }: Element) =>
      name === "presence" &&
      attributes["type"] !== "unavailable" &&
      attributes["from"]?.toLowerCase() === at.toLowerCase();
    // What came of an earlier one is no answer to this one.
    for (let i = this.seen.length - 1; i >= 0; i--)
      if (comes(this.seen[i] as Element)) this.seen.splice(i, 1);
    this.send(xml);
    const answer = await this.take(comes);
    return answer.attributes["type"] === "error" ? conditionOf(answer) : "joined";
  }

  protected stir(): void {
    for (const wake of this.wake.splice(0)) wake();
  }

  /** The first element that fits, taken out. @throws Error when none comes in time */
  async take(fits: (element: Element) => boolean, ms = WAIT): Promise<Element> {
    for (const end = Date.now() + ms; ; ) {
      const index = this.seen.findIndex(fits);
      if (index >= 0) return this.seen.splice(index, 1)[0] as Element;
      const left = end - Date.now();
      if (this.ended !== undefined || left <= 0)
        throw new Error(`nothing that fits came: ${this.ended ?? "time is over"}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async untilEnded(ms = ENDS_WITHIN): Promise<string> {
    for (const end = Date.now() + ms; this.ended === undefined; ) {
      if (Date.now() > end) throw new Error("the stream goes on");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.ended;
  }

  abstract send(xml: string): void;
  private count = 0;
  /** Sends an iq, message or presence and gives its answer. `ID` stands for its id. */
  async ask(xml: string, ms = WAIT): Promise<Element> {
    this.count++;
    const id = `q${this.count}`;
    this.send(xml.replace("ID", `id='${id}'`));
    return this.take(({ attributes }) => attributes["id"] === id, ms);
  }

  /** Sends a room's form with some of its fields, as owners do (XEP-0045, 10.2). */
  configure(room: string, fields: Readonly<Record<string, string>>): Promise<Element> {
    const form = "http://jabber.org/protocol/muc#roomconfig";
    const text = Object.entries({ FORM_TYPE: form, ...fields })
      .map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
      .join("");
    return this.ask(
      `<iq type='set' to='${room}' ID><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>${text}</x></query></iq>`,
    );
  }

  /** Asks an address what it is and can do (XEP-0030). */
  features(to: string): Promise<Element> {
    const query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    return this.ask(`<iq type='get' to='${to}' ID>${query}</iq>`);
  }
}

/** A browser's side of a meeting: XMPP over a WebSocket (RFC 7395), and nothing that it wouldn't send itself. */
export class GateClient extends Waiting {
  readonly server: WayIn;
  readonly room: string;
  jid = "";
  private readonly socket: WebSocket;

  private constructor(server: WayIn, socket: WebSocket, room: string) {
    super();
    this.server = server;
    this.socket = socket;
    this.room = room;
    socket.on("message", (data) => {
      for (const element of new StanzaReader().read(data.toString())) this.arrive(element);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.ended ??= "closed";
      this.stir();
    });
  }

  /** Only the socket: no stream yet. @throws Error when the handshake is refused */
  static connect(server: WayIn, room: string, token: string, from?: string, cookies?: Cookies) {
    return GateClient.connectByQuery(server, room, queryOf(room, token), from, cookies);
  }

  /** The same with any query. */
  static async connectByQuery(
    server: WayIn,
    room: string,
    query: string,
    from?: string,
    cookies?: Cookies,
  ) {
    const socket = await attemptEntry(server, query, from, cookies);
    if (!(socket instanceof WebSocket)) throw new Error(`refused: ${socket.status}`);
    return new GateClient(server, socket, room);
  }

  /** Logged in and bound. */
  static async login(server: WayIn, room: string, token: string, from?: string, cookies?: Cookies) {
    const client = await GateClient.connect(server, room, token, from, cookies);
    await client.bind();
    return client;
  }

  /** Logs in and binds. @throws Error when the login is refused */
  async bind(): Promise<void> {
    await this.open();
    this.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>");
    const { name } = await this.take((one) => one.name === "success" || one.name === "failure");
    if (name !== "success") throw new Error("refused: the login");
    await this.open();
    const bound = await this.ask(
      "<iq xmlns='jabber:client' type='set' ID><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    );
    this.jid = childOf(childOf(bound, "bind"), "jid")?.text ?? "";
  }

  async open(to = this.server.blueprint.domain): Promise<Element> {
    this.send(
      `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${escapeXml(to)}' version='1.0'/>`,
    );
    return this.take(({ name }) => name === "stream:features");
  }

  send(xml: string): void {
    this.socket.send(
      xml.replace(/^<(iq|presence|message)(?= |>|\/)(?![^>]* xmlns=)/, "<$1 xmlns='jabber:client'"),
    );
  }

  /** The nick that Jitsi's clients take. */
  get nick(): string {
    return this.jid.slice(0, 8);
  }
  get bareJid(): string {
    return this.jid.split("/")[0] ?? "";
  }
  at(host: string, node = this.room): string {
    return `${node}@${host}.${this.server.blueprint.domain}`;
  }

  /** Asks Jicofo to open the room. */
  request(room = this.at("conference")): Promise<Element> {
    return this.ask(
      `<iq type='set' to='focus.${this.server.blueprint.domain}' ID><conference xmlns='http://jitsi.org/protocol/focus' room='${room}'/></iq>`,
    );
  }

  /** Joins; gives "joined" or the word with which it was refused. */
  join(room = this.at("conference"), nick = this.nick, inside = ""): Promise<string> {
    const x = "<x xmlns='http://jabber.org/protocol/muc'/>";
    return this.present(
      `<presence to='${room}/${nick}'>${x}${inside}</presence>`,
      `${room}/${nick}`,
    );
  }

  leave(room = this.at("conference")): void {
    this.send(`<presence type='unavailable' to='${room}/${this.nick}'/>`);
  }

  setAffiliation(jid: string, affiliation: string): Promise<Element> {
    return this.administer(`jid='${jid}' affiliation='${affiliation}'`);
  }
  setRole(nick: string, role: string): Promise<Element> {
    return this.administer(`nick='${nick}' role='${role}'`);
  }
  private administer(item: string): Promise<Element> {
    const query = `<query xmlns='http://jabber.org/protocol/muc#admin'><item ${item}/></query>`;
    return this.ask(`<iq type='set' to='${this.at("conference")}' ID>${query}</iq>`);
  }
  ping(): Promise<Element> {
    const { domain } = this.server.blueprint;
    return this.ask(`<iq type='get' to='${domain}' ID><ping xmlns='urn:xmpp:ping'/></iq>`);
  }

  /** Stops reading, as a browser whose line is cut: no sign of life any more, and no end either. */
  deafen(): void {
    this.socket.pause();
  }
  /** The line is whole again, and all that waited is read. */
  hear(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.terminate();
  }
}

/** The word of an error, or what came instead. */
export function conditionOf(answer: Element): string {
  const error = childOf(answer, "error");
  return error
    ? `${error.attributes["type"]} ${error.children[0]?.name}`
    : (answer.attributes["type"] ?? "none");
}

/** An account of auth.<domain>, over TLS on the bridges' port: Jicofo's, played by a client, or a bridge's. */
export class AccountClient extends Waiting {
  readonly server: GateServer;
  readonly jid: string;
  private readonly client: XmppClient;

  private constructor(server: GateServer, client: XmppClient, jid: string) {
    super();
    this.server = server;
    this.client = client;
    this.jid = jid;
    void this.pump();
  }

  private async pump(): Promise<void> {
    while (this.ended === undefined)
      try {
        this.arrive(await this.client.next());
      } catch (error) {
        if (error instanceof Error && error.message.includes("no answer")) continue;
        this.ended ??= "closed";
        this.stir();
      }
  }

  /** @param user `focus`, or a bridge's id */
  static async login(server: GateServer, user: string) {
    const domain = `auth.${server.blueprint.domain}`;
    const control = server.blueprint.hosts.find(({ role }) => role === "control");
    const client = new XmppClient(connect(server.c2sPort, "127.0.0.1"));
    await client.open(domain);
    await client.startTls();
    await client.secure(control?.name ?? "", server.authority);
    const features = await client.open(domain);
    await client.login(features, user, user === "focus" ? FOCUS_PASSWORD : bridgePassword(user));
    await client.open(domain);
    client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    const bound = await client.next();
    return new AccountClient(server, client, childOf(childOf(bound, "bind"), "jid")?.text ?? "");
  }

  send(xml: string): void {
    this.client.send(xml);
  }

  /** Joins a room by a nick; as `focus`, this opens it. */
  join(room: string, nick: string): Promise<string> {
    const x = "<x xmlns='http://jabber.org/protocol/muc'/>";
    return this.present(`<presence to='${room}/${nick}'>${x}</presence>`, `${room}/${nick}`);
  }

  /** Opens a room, as Jicofo does before it says that a conference is ready. */
  openRoom(room: string): Promise<string> {
    return this.join(room, "focus");
  }

  /** Leaves a room that it opened. */
  leave(room: string): void {
    this.send(`<presence type='unavailable' to='${room}/focus'/>`);
  }

  /** Answers each conference request by opening its room, until the end. */
  async serve(): Promise<void> {
    while (this.ended === undefined)
      try {
        const asked = await this.take((e) => childOf(e, "conference") !== undefined, 60_000);
        const room = childOf(asked, "conference")?.attributes["room"] ?? "";
        const ready = (await this.openRoom(room)) === "joined";
        const { from, id } = asked.attributes;
        this.send(
          `<iq type='result' to='${from}' id='${id}'><conference xmlns='http://jitsi.org/protocol/focus' room='${room}' ready='${ready}'/></iq>`,
        );
      } catch {
        // Nothing asked for a minute, or the end.
      }
  }

  close(): void {
    this.ended ??= "closed by us";
    this.client.close();
  }
}
