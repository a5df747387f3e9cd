import { namesBelow } from "../../../planning/blueprint/index.ts";
import type { Answer } from "../../enumeration/index.ts";
import { childOf, escapeXml } from "../xmpp/stanzas.ts";
import { answerOf, answerOfRefusal, isOwnPresence, type Known } from "./answer.ts";
import { type Door, type Frame, openSocket, Socket } from "./socket.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
/** How long a stream that was refused may take to end, ms. */
const ENDING = 2_000;
/** How long an answer may come after that to a later question, ms: Jicofo's does. */
const LATE = 1_000;
/** How often somebody who only waits says so, ms: nginx ends what is silent for two minutes. */
const BEAT = 30_000;
/** How long joining may take, ms: Jicofo makes the room first. */
const JOINING = 5_000;

/** The server says that there is too much of us: 429, or 503 as nginx says it. */
export class LimitReached extends Error {
  constructor() {
    super("the server's own limit of rates was reached; ask for a lower --rate");
  }
}

const open = (domain: string): string =>
  `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${escapeXml(domain)}' version='1.0'/>`;

const ping = (id: string, to: string): string =>
  `<iq xmlns='jabber:client' type='get' id='${id}' to='${escapeXml(to)}'><ping xmlns='urn:xmpp:ping'/></iq>`;

/** Logs in anonymously. Gives all that came, and whether it was a success. */
async function logIn(socket: Socket, domain: string): Promise<[frames: Frame[], done: boolean]> {
  const frames: Frame[] = [];
  socket.send(open(domain));
  for (;;) {
    const frame = await socket.next();
    if (!frame) return [frames, false];
    frames.push(frame);
    const { name } = frame.element;
    if (name === "stream:features") socket.send(`<auth xmlns='${SASL}' mechanism='ANONYMOUS'/>`);
    if (name === "success") return [frames, true];
    if (name === "failure") return [frames, false];
    if (name === "stream:error") {
      await socket.end(ENDING);
      return [[...frames, ...socket.taken()], false];
    }
  }
}

/** What a door answers to somebody who asks for a room with this query. @throws LimitReached */
export async function attemptEntry(
  door: Door,
  query: Readonly<Record<string, string>>,
): Promise<Answer> {
  const began = performance.now();
  const known: Known = { room: query["room"] ?? "" };
  const socket = await openSocket(door, query);
  if (!(socket instanceof Socket)) {
    if (socket.status === 429 || socket.status === 503) throw new LimitReached();
    return answerOfRefusal(socket, performance.now() - began, known);
  }
  const [frames, done] = await logIn(socket, door.domain);
  const decided = frames.find(({ element: { name } }) =>
    ["stream:error", "failure", "success"].includes(name),
  );
  const ms = (decided?.at ?? (socket.closedAt || performance.now())) - began;
  const closed = socket.closed;
  socket.close();
  return { ...answerOf(frames, closed, ms, known), entered: done };
}

/** How a join ended. */
export type Joined = "joined" | (string & {});

/** Somebody who came in with a token. */
export class Session {
  readonly jid: string;
  private readonly socket: Socket;
  private readonly domain: string;
  private last = 0;
  private beat: NodeJS.Timeout | undefined;
  /** Nicks of those in the rooms that this session is in. */
  readonly occupants = new Set<string>();
  /** What came that answers nothing. */
  readonly unasked: string[] = [];

  private constructor(socket: Socket, domain: string, jid: string) {
    this.socket = socket;
    this.domain = domain;
    this.jid = jid;
    socket.onFrame = ({ element: { name, attributes } }) => {
      const nick = attributes["from"]?.split("/")[1];
      if (name !== "presence" || nick === undefined || attributes["type"] === "error") return;
      if (attributes["type"] === undefined) this.occupants.add(nick);
      else this.occupants.delete(nick);
    };
  }

  /** @throws Error when it isn't let in */
  static async enter(door: Door, room: string, token: string): Promise<Session> {
    const socket = await openSocket(door, { room, token });
    if (!(socket instanceof Socket)) {
      if (socket.status === 429 || socket.status === 503) throw new LimitReached();
      throw new Error(`a valid token is refused at the handshake: ${socket.status}`);
    }
    const [frames, done] = await logIn(socket, door.domain);
    const refused = frames.find(({ element: { name } }) =>
      ["stream:error", "failure"].includes(name),
    )?.element;
    if (!done)
      throw new Error(
        `a valid token is refused: ${refused?.children[0]?.name ?? socket.closed ?? "no answer"}`,
      );
    socket.send(open(door.domain));
    while ((await socket.next())?.element.name === "open");
    socket.send(
      "<iq type='set' id='bind' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    );
    const jid = childOf(childOf((await socket.next())?.element, "bind"), "jid")?.text;
    if (jid === undefined) throw new Error("a valid token gets a session without an address");
    return new Session(socket, door.domain, jid);
  }

  get closed(): string | undefined {
    return this.socket.closed;
  }

  /**
   * Sends a stanza and, right behind it, a ping to the domain, which is answered after it: what comes
   * before that is the answer, and silence takes no waiting.
   */
  async ask(room: string, stanza: (id: string) => string): Promise<Answer> {
    const [frames, began] = await this.exchange(stanza);
    const ms = (frames.answer[0]?.at ?? frames.ended) - began;
    const known = { room, id: frames.id, jid: this.jid };
    return answerOf(frames.answer, this.socket.closed, ms, known);
  }

  private async exchange(stanza: (id: string) => string) {
    for (const { element } of this.socket.taken())
      this.unasked.push([element.name, element.attributes["type"]].filter(Boolean).join(" "));
    // Of one length, whatever their number.
    const id = `q${String(++this.last).padStart(7, "0")}`;
    const fence = `f${id.slice(1)}`;
    const text = stanza(id);
    const began = performance.now();
    this.socket.send(text);
    this.socket.send(ping(fence, this.domain));
    const answer: Frame[] = [];
    let ended = Number.NaN;
    for (;;) {
      const late = !Number.isNaN(ended);
      const frame = await this.socket.next(late ? LATE : undefined);
      if (frame?.element.attributes["id"] === fence) ended = frame.at;
      else if (frame) answer.push(frame);
      const whole =
        !text.startsWith("<iq") || answer.some(({ element }) => element.attributes["id"] === id);
      if (!frame || (!Number.isNaN(ended) && whole))
        return [{ id, answer, ended: ended || performance.now() }, began] as const;
    }
  }

  /** The nick that Jitsi's clients take: the beginning of their own random name. */
  private get nick(): string {
    return this.jid.slice(0, 8);
  }

  /** Joins a room as a client of Jitsi's does: asks the focus for it, then sends presence. */
  async join(room: string): Promise<Joined> {
    const bare = `${escapeXml(room)}@${namesBelow(this.domain).conference}`;
    await this.exchange(
      (id) =>
        `<iq xmlns='jabber:client' type='set' id='${id}' to='${namesBelow(this.domain).focus}'><conference xmlns='http://jitsi.org/protocol/focus' room='${bare}'/></iq>`,
    );
    const until = performance.now() + JOINING;
    const [{ answer }] = await this.exchange(
      (id) =>
        `<presence xmlns='jabber:client' id='${id}' to='${bare}/${this.nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
    );
    for (;;) {
      const refused = answer.find(
        ({ element: { name, attributes } }) =>
          name === "presence" && attributes["type"] === "error",
      );
      if (refused)
        return childOf(refused.element, "error")?.children[0]?.name ?? "refused without a reason";
      if (answer.some(isOwnPresence)) return "joined";
      const next = await this.socket.next(until - performance.now());
      if (!next) return this.socket.closed ?? "no answer";
      answer.push(next);
    }
  }

  /** Keeps the connection from being taken for a dead one. */
  stay(): void {
    clearInterval(this.beat);
    this.beat = setInterval(() => this.socket.send(ping("beat", this.domain)), BEAT).unref();
  }

  /** Whether it is in a room still, asked of the room itself (XEP-0410). */
  async isIn(room: string): Promise<boolean> {
    const [{ id, answer }] = await this.exchange((one) =>
      ping(one, `${room}@${namesBelow(this.domain).conference}/${this.nick}`),
    );
    const answered = answer.find(({ element }) => element.attributes["id"] === id);
    return answered?.element.attributes["type"] === "result";
  }

  close(): void {
    clearInterval(this.beat);
    this.socket.close();
  }
}
