import type { Answer } from "../../enumeration/index.ts";
import { type Element, escapeXml } from "../xmpp/stanzas.ts";
import type { Frame, Refusal } from "./socket.ts";

/** What the asker chose or knows anyway: it says nothing of the server if it comes back. */
export interface Known {
  /** The room's name as it was asked. */
  readonly room: string;
  /** The stanza's id. */
  readonly id?: string;
  /** The session's own address. */
  readonly jid?: string;
}

/** Names shorter than this are taken out only where an address begins with them. */
const SURELY_THE_NAME = 12;

/**
 * A name as XMPP's preparation leaves it (RFC 3920, nodeprep): folded and normalised by NFKC, without
 * what has no width. Prosody answers from there, and anybody can work that out.
 */
export const prepared = (name: string): string =>
  name
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFKC");

/** Takes out what repeats the question. */
function without(text: string, { room, id, jid }: Known): string {
  const forms = [...new Set([room, prepared(room), encodeURIComponent(room)])]
    .flatMap((form) => [form, escapeXml(form)])
    .sort((a, b) => b.length - a.length);
  let left = text;
  for (const form of forms)
    left =
      form.length < SURELY_THE_NAME ? left.replaceAll(`${form}@`, "@") : left.replaceAll(form, "");
  if (jid) left = left.replaceAll(escapeXml(jid), "").replaceAll(jid.split("/")[0] ?? jid, "");
  return id ? left.replaceAll(`'${id}'`, "''").replaceAll(`"${id}"`, "''") : left;
}

/** Elements whose id is the server's chance: of a stream, and of somebody in a room (XEP-0421). */
const RANDOM_IDS = ["open", "stream:features", "occupant-id"];

/** One spelling of an element: attributes in order, one kind of quote, no id that is chance. */
function spelt({ name, attributes, children, text }: Element): string {
  const random = RANDOM_IDS.includes(name) ? ["id"] : [];
  const written = Object.entries(attributes)
    .filter(([key]) => !random.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ` ${key}='${value}'`)
    .join("");
  return `<${name}${written}>${text.trim()}${children.map(spelt).join("")}</>`;
}

const clean = (element: Element, known: Known): Element => ({
  ...element,
  text: without(element.text, known),
  attributes: Object.fromEntries(
    Object.entries(element.attributes).map(([key, value]) => [
      key,
      key === "id" && value === known.id ? "" : without(value, known),
    ]),
  ),
  children: element.children.map((child) => clean(child, known)),
});

const framesText = (frames: readonly Frame[], known: Known): string =>
  frames.map(({ element }) => spelt(clean(element, known))).join("");

const framesBytes = (frames: readonly Frame[], known: Known): number =>
  frames.reduce(
    (sum, { text }) =>
      sum +
      Buffer.byteLength(without(text.replace(/(<open\b[^>]*?\bid=)(['"]).*?\2/, "$1''"), known)),
    0,
  );

/** Whether a frame says that its reader is in the room now (XEP-0045, 7.2.2). */
export const isOwnPresence = ({ element: { name, attributes, children } }: Frame): boolean =>
  name === "presence" &&
  attributes["type"] === undefined &&
  children.some(({ children: inner }) =>
    inner.some((one) => one.name === "status" && one.attributes["code"] === "110"),
  );

/** What was answered to a stanza. `closed`: the server ended the session, too. */
export const answerOf = (
  frames: readonly Frame[],
  closed: string | undefined,
  ms: number,
  known: Known,
): Answer => ({
  text: `${framesText(frames, known)}${closed === undefined ? "" : ` closed ${closed}`}`,
  bytes: framesBytes(frames, known),
  ms,
  entered: frames.some(isOwnPresence),
});

/** Headers whose values are the connection's or the clock's. */
const RANDOM_HEADERS = ["date", "sec-websocket-accept"];

/** What was answered to a handshake that was refused as HTTP. */
export function answerOfRefusal(
  { status, reason, headers, body }: Refusal,
  ms: number,
  known: Known,
): Answer {
  const lines: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const [name = "", value = ""] = [headers[i]?.toLowerCase(), headers[i + 1]];
    lines.push(`${name}: ${RANDOM_HEADERS.includes(name) ? "" : value}`);
  }
  const whole = without(body, known);
  // Its length repeats the body's, which is counted.
  const text = lines.filter((line) => !line.startsWith("content-length")).join("; ");
  return {
    text: `${status} ${reason}; ${without(text, known)}; ${whole.trim()}`,
    bytes: Buffer.byteLength(without(lines.join("\r\n"), known)) + Buffer.byteLength(whole),
    ms,
    entered: false,
  };
}
