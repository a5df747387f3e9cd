import type { CDPSession, Page } from "puppeteer-core";
import { type Element, StanzaReader } from "../../modules/verification/probes/index.ts";
import type { RecordedStanza } from "../testing/recorded.ts";

/** What the gate answers to everything that it refuses. */
const REFUSAL = "service-unavailable";

const conditionOf = (answer: Element): string =>
  answer.children.find(({ name }) => name === "error")?.children[0]?.name ?? "";

/** Elements and namespaces of a stanza, and what kind each is of, without what differs from one to the next. */
function shapeOf({ name, attributes, children }: Element): string {
  const kind = ["xmlns", "type", "action", "node", "var"].flatMap((key) =>
    attributes[key] === undefined || /^https?:\/\/.*#[\w+/=]{20,}$/.test(attributes[key])
      ? []
      : [`${key}=${attributes[key]}`],
  );
  const inside = [...new Set(children.map(shapeOf))].join("");
  return `<${[name, ...kind].join(" ")}>${inside}`;
}

interface Sent {
  readonly xml: string;
  readonly element: Element;
  readonly state: RecordedStanza["state"];
  verdict: RecordedStanza["verdict"];
}

const asks = ({ name, attributes }: Element): boolean =>
  name === "iq" && ["get", "set"].includes(attributes["type"] ?? "");

/** What one browser sends to Prosody, as frames of its WebSocket, and what of that is refused. */
export class Recording {
  readonly #who: RecordedStanza["who"];
  readonly #sent: Sent[] = [];
  #state: RecordedStanza["state"] = "outside";
  /** Full JID, of the newest session. */
  #jid = "";

  private constructor(who: RecordedStanza["who"]) {
    this.#who = who;
  }

  /** From before a page is opened until its end. Chromium alone. */
  static async begin(who: RecordedStanza["who"], page: Page): Promise<Recording> {
    const recording = new Recording(who);
    const session: CDPSession = await page.createCDPSession();
    await session.send("Network.enable");
    const sockets = new Set<string>();
    session.on("Network.webSocketCreated", ({ requestId, url }) => {
      if (new URL(url).pathname === "/xmpp-websocket") sockets.add(requestId);
    });
    session.on("Network.webSocketFrameSent", ({ requestId, response }) => {
      if (sockets.has(requestId)) recording.#note(response.payloadData, true);
    });
    session.on("Network.webSocketFrameReceived", ({ requestId, response }) => {
      if (sockets.has(requestId)) recording.#note(response.payloadData, false);
    });
    return recording;
  }

  /** How many stanzas with these words the browser has sent. */
  count(words: string): number {
    return this.#sent.filter(({ xml }) => xml.includes(words)).length;
  }

  #note(xml: string, sent: boolean): void {
    for (const element of new StanzaReader().read(xml)) {
      if (sent) this.#notesSent(xml, element);
      else this.#notesReceived(element);
    }
  }

  #notesSent(xml: string, element: Element): void {
    const { name, children } = element;
    if (!["iq", "message", "presence"].includes(name)) return;
    if (children.some((one) => one.name === "bind")) return;
    const verdict = asks(element) ? "unseen" : "passes";
    this.#sent.push({ xml, element, state: this.#state, verdict });
  }

  #notesReceived(element: Element): void {
    const { name, attributes, children } = element;
    const jid = children.find((one) => one.name === "bind")?.children[0];
    if (jid) [this.#jid, this.#state] = [jid.text, "outside"];
    const from = attributes["from"] ?? "";
    const refused = attributes["type"] === "error" && conditionOf(element) === REFUSAL;
    const of = this.#sent.findLast(
      (one) =>
        one.element.name === name &&
        one.element.attributes["id"] === attributes["id"] &&
        (attributes["id"] !== undefined || one.element.attributes["to"] === from),
    );
    if (of && (refused || asks(of.element))) of.verdict = refused ? "refused" : "passes";
    if (attributes["type"] === "error") return;
    if (name === "presence" && from.endsWith(`/${this.#jid.slice(0, 8)}`)) {
      if (attributes["type"] === "unavailable") this.#state = "outside";
      else this.#state = from.includes("@lobby.") ? "waiting" : "inside";
    } else if (name === "presence" && from.includes("@lobby.") && this.#state === "outside") {
      this.#state = "waiting";
    }
  }

  /** Stanzas of each kind, in the order in which they were sent. @param names what stands in it for which placeholder */
  kinds(names: Readonly<Record<string, string>>): RecordedStanza[] {
    const known = new Set<string>();
    const own = { nick: this.#jid.slice(0, 8), bare: this.#jid.split("/")[0] ?? "" };
    const all = { jid: this.#jid, bare: own.bare, ...names, nick: own.nick };
    return this.#sent.flatMap(({ xml, state, verdict }) => {
      let text = xml;
      for (const [name, value] of Object.entries(all)) text = text.replaceAll(value, `{${name}}`);
      const row: RecordedStanza = { who: this.#who, state, verdict, xml: text };
      const fresh = kindsOf(row).filter((kind) => !known.has(kind));
      for (const kind of fresh) known.add(kind);
      return fresh.length > 0 ? [row] : [];
    });
  }
}

/**
 * What a stanza is a case of, with its verdict. A presence has all that somebody shows of themselves, in whatever combination the
 * moment has it: each element is one.
 */
export const kindsOf = ({ who, state, verdict, xml }: RecordedStanza): string[] =>
  new StanzaReader().read(xml).flatMap((element) => {
    const { name, attributes, children } = element;
    // Whether somebody who leaves is still in is a matter of a moment.
    const moment = attributes["type"] === "unavailable" ? "leaving" : state;
    const place = `${verdict} ${who} ${moment} ${attributes["to"]?.replace(/[/].*/, "")}`;
    if (name !== "presence" || children.length === 0) return [`${place} ${shapeOf(element)}`];
    return children.map((child) => `${place} presence ${shapeOf(child)}`);
  });
