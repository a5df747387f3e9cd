import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { childOf, type Element } from "../modules/verification/probes/index.ts";
import type { GateClient } from "./testing/gate-client.ts";
import { TURN_SECRET } from "./testing/gate-server.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";

const blueprint = buildBlueprint(inputOf(someInstance({ chat: "on" })));
const { domain } = blueprint;

const world = worldOfSuite(blueprint);

describe("what a participant learns of others", () => {
  /** Each kind of thing that an element holds, as a path. */
  const kindsOf = (element: Element, path = element.name): string[] => [
    ...Object.keys(element.attributes).map((name) => `${path}@${name}`),
    ...element.children.flatMap((child) => [
      `${path}/${child.name}`,
      ...kindsOf(child, `${path}/${child.name}`),
    ]),
  ];
  const STUFFED = [
    "<show>away</show><status>bij de minister</status><priority>7</priority>",
    "<nick xmlns='http://jabber.org/protocol/nick'>Jan</nick><email>a@b.example</email>",
    "<stats-id>Piet-Abc</stats-id><userId>77</userId><user-agent>Firefox 140</user-agent>",
    "<x xmlns='vcard-temp:x:update'><photo>aa</photo></x><avatar-id>9</avatar-id>",
    "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/><bot type='x'/>",
    "<display-name xmlns='http://jitsi.org/protocol/display-name' source='token'>De minister</display-name>",
    "<addresses xmlns='http://jabber.org/protocol/address'><address type='ofrom' jid='a@b.example'/></addresses>",
    "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='mine'/><hats xmlns='urn:xmpp:hats:0'/>",
    "<x xmlns='http://jabber.org/protocol/muc#user'><item jid='a@b.example'/></x>",
  ].join("");
  const MEDIA =
    "<c xmlns='http://jabber.org/protocol/caps' node='n' ver='dg==' hash='sha-1'/><features><feature var='https://jitsi.org/meet/e2ee'/></features><audiomuted>true</audiomuted><videomuted>true</videomuted><videoType>camera</videoType><SourceInfo>{}</SourceInfo><silent xmlns='http://jitsi.org/protocol/silent'>true</silent><jitsi_participant_raisedHand>1</jitsi_participant_raisedHand>";

  it("is this and no more, also when Jicofo asks for a room that shows accounts", async () => {
    const moderator = await world().meeting();
    await world().focus.configure(moderator.at("conference"), { "muc#roomconfig_whois": "anyone" });
    const address = "203.0.113.199";
    const guests: GateClient[] = [];
    for (const from of ["203.0.113.198", address, address]) {
      const guest = await world().client(moderator.room, "guest", undefined, from);
      await moderator.setAffiliation(guest.bareJid, "member");
      guests.push(guest);
    }
    const [guest, other, third] = guests as [GateClient, GateClient, GateClient];
    const room = guest.at("conference");
    await moderator.join(room, moderator.nick, STUFFED + MEDIA);
    await guest.join();
    await third.join(room, third.nick, STUFFED + MEDIA);
    await other.join(room, other.nick, STUFFED + MEDIA);
    const say = (one: GateClient, type: string, to: string, inside: string) => {
      one.send(
        `<message xml:lang='fy' id='x' type='${type}' to='${to}'>${inside}${STUFFED}</message>`,
      );
      return one.ping();
    };
    await say(other, "groupchat", room, "<body>a</body>");
    const keys = `<json-message xmlns='http://jitsi.org/jitmeet'>{"type":"olm","olm":{}}</json-message>`;
    await say(other, "chat", `${room}/${guest.nick}`, `<body>b</body>${keys}`);
    await say(moderator, "groupchat", room, "<subject>c</subject>");
    other.send(`<presence type='unavailable' to='${room}/${other.nick}'>${STUFFED}</presence>`);
    await other.ping();
    await moderator.setRole(third.nick, "none");
    await guest.ping();
    const seen = guest.seen.filter(
      // Of the guest's own, and its logins for TURN.
      ({ attributes: { from } }) => from !== `${room}/${guest.nick}` && from !== domain,
    );
    const kinds = new Set(seen.flatMap((element) => kindsOf(element)));
    const stanza = (name: string) =>
      ["from", "id", "to", "type", "xmlns"].map((a) => `${name}@${a}`);
    const paths = (...list: string[]) => list.flatMap((path) => [path, `${path}@xmlns`]);
    expect([...kinds].sort()).toEqual(
      [
        ...stanza("message"),
        // Words; keys of end-to-end encryption; the room's subject.
        "message/body",
        "message/subject",
        ...paths("message/json-message"),
        // That it was sent to one.
        ...paths("message/x"),
        // A random id of whose it is, made by Prosody.
        ...paths("message/occupant-id", "presence/occupant-id"),
        "message/occupant-id@id",
        "presence/occupant-id@id",
        ...stanza("presence").filter((path) => path !== "presence@id"),
        // What a client can do.
        ...paths("presence/c"),
        "presence/c@node",
        "presence/c@ver",
        "presence/c@hash",
        // How media is sent; a raised hand.
        ...["features", "features/feature", "features/feature@var"].map(
          (path) => `presence/${path}`,
        ),
        ...["audiomuted", "videomuted", "videoType", "SourceInfo"].map(
          (name) => `presence/${name}`,
        ),
        ...paths("presence/silent"),
        "presence/jitsi_participant_raisedHand",
        ...paths("presence/nick"),
        // Member or owner, participant or moderator; who put somebody out.
        ...paths("presence/x"),
        "presence/x/item",
        "presence/x/item@affiliation",
        "presence/x/item@role",
        "presence/x/item/actor",
        "presence/x/item/actor@nick",
        "presence/x/status",
        "presence/x/status@code",
        // Jicofo's own account and language.
        "presence/x/item@jid",
        "presence@xml:lang",
      ].sort(),
    );
    const ofJicofo = ({ attributes }: Element) => attributes["from"] === `${room}/focus`;
    const text = JSON.stringify(seen.filter((element) => !ofJicofo(element)));
    for (const one of [moderator, other, third]) {
      expect(text).toContain(one.nick);
      expect(text).not.toContain(one.bareJid.slice(0, 12));
    }
    for (const word of ["xml:lang", address, "Piet", "minister", "b.example"])
      expect(text).not.toContain(word);
    expect(JSON.stringify(seen.filter(ofJicofo))).toContain(`focus@auth.${domain}/`);
    // A moderator, who lets in by it, sees the account, which is random for each session, and no address.
    const shown = JSON.stringify(moderator.seen);
    expect(shown).toContain(other.jid);
    expect(shown).not.toContain(address);
  });
});

describe("logins for TURN", () => {
  /** By coturn's REST scheme (draft-uberti-behave-turn-rest-00). */
  const passwordOf = (username = "") =>
    createHmac("sha1", TURN_SECRET).update(username).digest("base64");

  const loginOf = async (one: GateClient) => {
    const answer = await one.ask(
      `<iq type='get' to='${domain}' ID><services xmlns='urn:xmpp:extdisco:2'/></iq>`,
    );
    const attributes = childOf(answer, "services")?.children[0]?.attributes ?? {};
    const [expires, name] = (attributes["username"] ?? "").split(":");
    return { attributes, expires: Number(expires), name };
  };

  it("are for occupants, by a name for each place in a link, and end soon", async () => {
    const moderator = await world().meeting();
    const second = await world().client(moderator.room, "moderator");
    await second.join();
    const seen: Element[] = [];
    for (const one of [moderator, second]) {
      const answer = await one.ask(
        `<iq type='get' to='${domain}' ID><services xmlns='urn:xmpp:extdisco:2'/></iq>`,
      );
      seen.push(...(childOf(answer, "services")?.children ?? []));
    }
    expect(seen.map(({ attributes: { type, port, host } }) => `${type} ${host}:${port}`)).toEqual([
      `turn turn.${domain}:3478`,
      `turns turn.${domain}:443`,
      `turn turn.${domain}:3478`,
      `turns turn.${domain}:443`,
    ]);
    const users = seen.map(({ attributes }) => attributes["username"] ?? "");
    expect(new Set(users).size).toBe(2);
    for (const { attributes } of seen) {
      const [expires = "", random] = (attributes["username"] ?? "").split(":");
      expect(random).toMatch(/^[0-9a-f]{16}$/);
      const left = Number(expires) - Date.now() / 1000;
      expect(left).toBeGreaterThan(500);
      expect(left).toBeLessThanOrEqual(600);
      expect(attributes["password"]).toBe(passwordOf(attributes["username"]));
    }
  });

  it("come to who gets in, too, as Jitsi's client takes them, and not to who waits", async () => {
    const moderator = await world().meeting();
    const guest = await world().client(moderator.room, "guest");
    const comes = ({ children }: Element) => children.some(({ name }) => name === "json-message");
    const { attributes, children } = await moderator.take(comes);
    expect(attributes["from"]).toBe(domain);
    const { type, metadata } = JSON.parse(children[0]?.text ?? "") as {
      type: string;
      metadata: { services: Record<string, string>[] };
    };
    expect(type).toBe("room_metadata");
    expect(metadata.services.map((one) => `${one["type"]}:${one["host"]}:${one["port"]}`)).toEqual([
      `turn:turn.${domain}:3478`,
      `turns:turn.${domain}:443`,
    ]);
    for (const { username = "", password } of metadata.services)
      expect(password).toBe(passwordOf(username));
    // The client takes it from no address that the domain doesn't name for this.
    const features = await guest.features(domain);
    const named = childOf(features, "query")?.children.find(
      (one) => one.attributes["type"] === "room_metadata",
    );
    expect(named?.attributes["name"]).toBe(domain);
    expect(await guest.join()).toBe("auth registration-required");
    await guest.ping();
    expect(guest.seen.filter(comes)).toEqual([]);
    // Who goes and comes again has them: they end with the token, not with the visit.
    moderator.leave();
    expect(await moderator.join()).toBe("joined");
    await moderator.ping();
    expect(moderator.seen.filter(comes)).toEqual([]);
  });

  it("have the same few names, whoever comes by a link again and again", async () => {
    const moderator = await world().meeting();
    const token = await world().issuer.token(moderator.room, "guest");
    const enter = async (by?: string) => {
      const guest = await world().client(moderator.room, "guest", by);
      await moderator.setAffiliation(guest.bareJid, "member");
      await guest.join();
      return { guest, name: (await loginOf(guest)).name };
    };
    const first = await enter(token);
    const second = await enter(token);
    expect(second.name).not.toBe(first.name);
    first.guest.close();
    await moderator.take(
      ({ name, attributes }) => name === "presence" && attributes["type"] === "unavailable",
    );
    expect((await enter(token)).name).toBe(first.name);
    const other = await enter();
    expect([first.name, second.name]).not.toContain(other.name);
    expect((await loginOf(moderator)).name).not.toBe(other.name);
  });
});
