import { describe, expect, it } from "vitest";
import { FORMS, neverIssued, seeded } from "../../enumeration/index.ts";
import { escapeXml, StanzaReader } from "../xmpp/stanzas.ts";
import { answerOf, answerOfRefusal, prepared } from "./answer.ts";
import type { Frame } from "./socket.ts";

const frame = (text: string): Frame => {
  const [element] = new StanzaReader().read(text);
  if (!element) throw new Error(`no element: ${text}`);
  return { text, element, at: 0 };
};
const told = (text: string, room: string, id = "q1", jid = "me@a/b") => {
  const answer = answerOf([frame(text)], undefined, 0, { room, id, jid });
  return { text: answer.text, bytes: answer.bytes };
};
const error = (room: string, id: string, jid: string) =>
  `<iq id='${id}' to='${jid}' from='${escapeXml(room)}@conference.a' type='error'><error type='auth'/></iq>`;

describe("an answer", () => {
  it("is the same whatever was asked, by whom, and how the server wrote it", () => {
    const one = told(error("abcdefghjkmn", "q1", "me@a/b"), "abcdefghjkmn");
    expect(told(error("test", "q22", "you@a/cc"), "test", "q22", "you@a/cc")).toEqual(one);
    const other =
      '<iq type="error" from="x@conference.a" to="me@a/b" id="q1"><error type="auth"></error></iq>';
    expect(told(other, "x").text).toBe(one.text);
  });

  it("is the same for each form of a name, asked as it is or as XMPP folds it", () => {
    const [name, other] = [neverIssued(seeded(1)), neverIssued(seeded(2))];
    for (const { what, change } of FORMS)
      for (const echo of [(text: string) => text, prepared]) {
        const one = told(error(echo(change(name)), "q1", "me@a/b"), change(name));
        expect(told(error(echo(change(other)), "q1", "me@a/b"), change(other)), what).toEqual(one);
      }
  });

  // RFC 3454, tables B.1 and B.2, and NFKC: what Prosody 13 makes of such names.
  it("knows how XMPP folds names", () => {
    const names = ["\uff21\uff42\u00adC", "\u24d0\ud835\udc1b\u00b2", "e\u0301", "a\u200db"];
    expect(names.map(prepared)).toEqual(["abc", "ab2", "\u00e9", "ab"]);
  });

  it("keeps words that a short name is part of", () => {
    const one = told(error("abcdefghjkmn", "q1", "me@a/b"), "abcdefghjkmn");
    expect(told(error("auth", "q1", "me@a/b"), "auth")).toEqual(one);
  });

  it("shows each byte and each word that the server adds", () => {
    const text = error("abcdefghjkmn", "q1", "me@a/b");
    const one = told(text, "abcdefghjkmn");
    expect(told(`${text} `, "abcdefghjkmn")).toEqual({ text: one.text, bytes: one.bytes + 1 });
    expect(told(text.replace("auth", "wait"), "abcdefghjkmn").text).not.toBe(one.text);
    const stream = (id: string) => told(`<open id='${id}' version='1.0'/>`, "x");
    expect(stream("1")).toEqual(stream("22222"));
    const occupant = (id: string) =>
      told(`<presence><occupant-id xmlns='urn:xmpp:occupant-id:0' id='${id}'/></presence>`, "x");
    expect(occupant("1")).toEqual(occupant("2"));
  });

  it("to a handshake is status, headers and body, without date and echo", () => {
    const refusal = (room: string, over: object = {}) =>
      answerOfRefusal(
        {
          status: 404,
          reason: "Not Found",
          headers: ["Date", room, "Content-Type", "text/plain", "Content-Length", "20"],
          body: `no ${room}`,
          ...over,
        },
        0,
        { room },
      );
    const one = refusal("abcdefghjkmn");
    expect(refusal("0123456789ab")).toEqual(one);
    expect(refusal("0123456789ab", { status: 403 }).text).not.toBe(one.text);
    expect(refusal("0123456789ab", { body: "no 0123456789ab " })).toEqual({
      ...one,
      bytes: one.bytes + 1,
    });
  });

  it("knows its own entry into a room", () => {
    const presence = (type: string) =>
      `<presence ${type} from='x@conference.a/me'><x><status code='110'/></x></presence>`;
    const entered = (text: string) => answerOf([frame(text)], undefined, 0, { room: "x" }).entered;
    expect(entered(presence(""))).toBe(true);
    expect(entered(presence("type='unavailable'"))).toBe(false);
    expect(entered(error("x", "q1", "me@a/b"))).toBe(false);
  });
});
