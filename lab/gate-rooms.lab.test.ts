import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/blueprint/testing.ts";
import { childOf, type Element } from "../modules/probes/index.ts";
import { conditionOf, type GateClient, knock, queryOf } from "./testing/gate-client.ts";
import { Issuer, pseudonymOf } from "./testing/gate-issuer.ts";
import { PSEUDONYM_KEY, TURN_SECRET } from "./testing/gate-server.ts";
import { REFUSED, raised, World } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance({ chat: "on" })));
const { domain } = blueprint;

let world: World;
beforeAll(async () => {
  world = await World.start(blueprint);
}, 120_000);
afterAll(() => world.stop());

describe("a room", () => {
  it("is opened for a name that was issued, by Jicofo's account, and no other", async () => {
    const rooms = {
      issued: world.issuer.room(),
      "issued for later": world.issuer.room(30),
      over: world.issuer.room(-1),
      "of another instance": world.issuer.room(0, 3, "other.example"),
      "by a key that isn't here": new Issuer(domain).room(),
      chosen: "teamoverleg",
      "almost a health check": "jicofo-health-check-1",
    };
    const opened: Record<string, string> = {};
    for (const [what, room] of Object.entries(rooms))
      opened[what] = await world.focus.openRoom(`${room}@conference.${domain}`);
    expect(opened).toEqual({
      issued: "joined",
      "issued for later": "joined",
      over: REFUSED,
      "of another instance": REFUSED,
      "by a key that isn't here": REFUSED,
      chosen: REFUSED,
      "almost a health check": REFUSED,
    });
    expect(await world.focus.openRoom(`__jicofo-health-check-1@conference.${domain}`)).toBe(
      "joined",
    );
  });

  it("isn't opened by a moderator who walks in", async () => {
    const moderator = await world.client(world.issuer.room(), "moderator");
    expect(await moderator.join()).toBe(REFUSED);
  });

  it("isn't opened by a good token alone: its name must be issued, too", async () => {
    const room = new Issuer(domain).room();
    const moderator = await world.client(room, "moderator");
    const answer = childOf(await moderator.request(), "conference");
    expect(answer?.attributes["ready"]).toBe("false");
    expect(await moderator.join()).toBe(REFUSED);
  });

  it("lets moderators in, each as owner, and a guest after a moderator's act", async () => {
    const first = await world.meeting();
    const second = await world.client(first.room, "moderator");
    expect(await second.join()).toBe("joined");
    const guest = await world.client(first.room, "guest");
    expect(await guest.join()).toBe("auth registration-required");
    expect(conditionOf(await second.setAffiliation(guest.bareJid, "member"))).toBe("result");
    expect(await guest.join()).toBe("joined");
  });

  it("lets a guest in by a moderator's invitation, as Jitsi's lobby does", async () => {
    const moderator = await world.meeting();
    const guest = await world.client(moderator.room, "guest");
    moderator.send(
      `<message to='${moderator.at("conference")}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='${guest.bareJid}'/></x></message>`,
    );
    await moderator.ping();
    expect(await guest.join()).toBe("joined");
  });

  it("sends no invitation to who has no token for it, whoever else it goes to", async () => {
    const moderator = await world.meeting();
    const guest = await world.client(moderator.room, "guest");
    const stranger = await world.client(world.issuer.room(), "guest");
    for (const to of [[stranger], [guest, stranger]]) {
      const invites = to.map(({ jid }) => `<invite to='${jid}'/>`).join("");
      const answer = await moderator.ask(
        `<message to='${moderator.at("conference")}' ID><x xmlns='http://jabber.org/protocol/muc#user'>${invites}</x></message>`,
      );
      expect(conditionOf(answer)).toBe(REFUSED);
    }
    for (const one of [guest, stranger]) {
      await one.ping();
      expect(one.seen).toEqual([]);
    }
  });

  it("stays members-only and without secret, whatever form Jicofo sends", async () => {
    const moderator = await world.meeting();
    const answer = await world.focus.configure(moderator.at("conference"), {
      "muc#roomconfig_membersonly": "0",
      "muc#roomconfig_roomsecret": "geheim",
      "muc#roomconfig_publicroom": "1",
      "muc#roomconfig_allowinvites": "1",
      "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites": "1",
    });
    expect(conditionOf(answer)).toBe("result");
    const info = await moderator.features(moderator.at("conference"));
    const features = childOf(info, "query")?.children.map(({ attributes }) => attributes["var"]);
    expect(features).toContain("muc_membersonly");
    expect(features).toContain("muc_unsecured");
    expect(features).toContain("muc_hidden");
    const guest = await world.client(moderator.room, "guest");
    expect(await guest.join()).toBe("auth registration-required");
  });

  it("doesn't let a moderator make owners or admins, nor a moderator by role, nor put Jicofo out", async () => {
    const moderator = await world.meeting();
    const guest = await world.client(moderator.room, "guest");
    await moderator.setAffiliation(guest.bareJid, "member");
    await guest.join();
    for (const affiliation of ["owner", "admin"])
      expect(conditionOf(await moderator.setAffiliation(guest.bareJid, affiliation))).toBe(
        "cancel not-allowed",
      );
    expect(conditionOf(await moderator.setRole(guest.nick, "moderator"))).toBe(
      "cancel not-allowed",
    );
    expect(conditionOf(await moderator.setRole("focus", "none"))).toBe("cancel not-allowed");
    for (const affiliation of ["none", "outcast", "member"])
      expect(conditionOf(await moderator.setAffiliation(`focus@auth.${domain}`, affiliation))).toBe(
        "cancel not-allowed",
      );
    expect(conditionOf(await guest.setRole(moderator.nick, "none"))).toBe(REFUSED);
  });

  it("doesn't let a moderator put Jicofo out by its nick or its whole host", async () => {
    const moderator = await world.meeting();
    const guest = await world.client(moderator.room, "guest");
    const item = (attributes: string) =>
      moderator.ask(
        `<iq type='set' to='${moderator.at("conference")}' ID><query xmlns='http://jabber.org/protocol/muc#admin'><item ${attributes}/></query></iq>`,
      );
    // Core puts out who has a nick that is reserved for another.
    for (const who of [`jid='${guest.bareJid}'`, "jid='x@y.example'", ""])
      for (const affiliation of ["none", "member", "outcast"])
        expect(conditionOf(await item(`affiliation='${affiliation}' ${who} nick='focus'`))).toBe(
          REFUSED,
        );
    for (const host of [`auth.${domain}`, domain, "y.example"])
      expect(conditionOf(await moderator.setAffiliation(host, "outcast"))).toBe(
        "cancel not-allowed",
      );
    const left = moderator.seen.filter(({ attributes }) => attributes["type"] === "unavailable");
    expect(left).toEqual([]);
    expect(conditionOf(await moderator.setAffiliation(guest.bareJid, "member"))).toBe("result");
    expect(await guest.join()).toBe("joined");
  });

  it("carries no moderator's words to a session outside it, as a declined invitation", async () => {
    const moderator = await world.meeting();
    const stranger = await world.client(world.issuer.room(), "guest");
    const words = () => world.focus.seen.filter(({ name }) => name === "message");
    const before = words().length;
    for (const to of [stranger.jid, world.focus.jid, `focus@auth.${domain}`]) {
      const answer = await moderator.ask(
        `<message to='${moderator.at("conference")}' ID><x xmlns='http://jabber.org/protocol/muc#user'><decline to='${to}'/></x><body>x</body></message>`,
      );
      expect(conditionOf(answer)).toBe(REFUSED);
    }
    await stranger.ping();
    expect(stranger.seen).toEqual([]);
    expect(words().length).toBe(before);
  });

  it("makes nobody a member who has no token for it", async () => {
    const moderator = await world.meeting();
    const stranger = await world.client(world.issuer.room(), "guest");
    for (const jid of [stranger.bareJid, `nobody@${domain}`, `jvb@auth.${domain}`])
      expect(conditionOf(await moderator.setAffiliation(jid, "member"))).toBe("cancel not-allowed");
  });

  it("takes membership back from who is put out, and from nobody who leaves", async () => {
    const moderator = await world.meeting();
    const guest = await world.client(moderator.room, "guest");
    await moderator.setAffiliation(guest.bareJid, "member");
    expect(await guest.join()).toBe("joined");
    guest.leave();
    await guest.take(({ attributes }) => attributes["type"] === "unavailable");
    expect(await guest.join()).toBe("joined");
    expect(conditionOf(await moderator.setRole(guest.nick, "none"))).toBe("result");
    await guest.take(({ attributes }) => attributes["type"] === "unavailable");
    expect(await guest.join()).toBe("auth registration-required");
    await moderator.setAffiliation(guest.bareJid, "member");
    expect(await guest.join()).toBe("joined");
  });

  it("lets a moderator come back whom another put out: who moderates is the issuer's to say", async () => {
    const first = await world.meeting();
    const second = await world.client(first.room, "moderator");
    expect(await second.join()).toBe("joined");
    expect(conditionOf(await first.setRole(second.nick, "none"))).toBe("result");
    expect(await second.join()).toBe("joined");
    for (const affiliation of ["none", "member", "outcast"]) {
      expect(conditionOf(await first.setAffiliation(second.bareJid, affiliation))).toBe("result");
      // Who is made a member is still in, and moderates again at the next join.
      second.leave(first.at("conference"));
      await second.ping();
      expect(await second.join()).toBe("joined");
      // As a moderator, who can put out in turn.
      expect(conditionOf(await second.setRole(first.nick, "none"))).toBe("result");
      expect(await first.join()).toBe("joined");
    }
  });

  it("knows nobody by another's nick", async () => {
    const moderator = await world.meeting();
    const guest = await world.client(moderator.room, "guest");
    await moderator.setAffiliation(guest.bareJid, "member");
    expect(await guest.join(guest.at("conference"), moderator.nick)).toBe(REFUSED);
    expect(await guest.join()).toBe("joined");
    expect(await guest.join(guest.at("conference"), "anders-genoemd")).toBe(REFUSED);
    // Refused before Prosody notes whom it has to tell when the session ends: a guest who waits could have filled
    // its memory, and kept it busy for seconds in the end (seen: 2.5 s after 20,000 nicks).
    const waiting = await world.client(moderator.room, "guest");
    expect(await waiting.join(waiting.at("conference"), "anders-genoemd")).toBe(REFUSED);
    const refused = { action: "stanza", result: "refused", kind: "presence", to: "conference" };
    const decisions = world.server.decisions();
    expect(decisions.filter(({ role }) => role === "guest").slice(-3)).toContainEqual(
      expect.objectContaining(refused),
    );
    expect(decisions.filter(({ why }) => why === "another's nick")).toEqual([]);
  });
});

describe("rooms beside a meeting", () => {
  // What Jitsi's modules would do, on core MUC: a meeting has a lobby of its name, and one breakout.
  const BREAKOUT = "0b5c9f0e-7d5b-4b0e-9a52-3a1f2f0d4c11";
  const code = `
module:hook("muc-room-created", function (event)
	local node = require "prosody.util.jid".node(event.room.jid)
	local first = #node == 47 and not planted
	planted = planted or first
	if first then event.room._data.breakout_rooms = { ["${BREAKOUT}@breakout.${domain}"] = "Groep 1" } end
	local lobby = prosody.hosts["lobby.${domain}"].modules.muc
	if #node == 47 then lobby.create_room(node .. "@lobby.${domain}") end
	if not first then return end
	module:context("breakout.${domain}"):hook("message/host", function (event)
		local asked = event.stanza:get_child("breakout_rooms")
		module:log("info", "breakouts: %d %d", asked and #asked.tags or 0, #event.stanza.tags)
		return true
	end)
	-- Rooms that no meeting and no issued name stands behind.
	lobby.create_room("no-meeting@lobby.${domain}")
	local conference = prosody.hosts["conference.${domain}"].modules.muc
	conference.create_room("teamoverleg@conference.${domain}")
	require "prosody.util.timer".add_task(0.5, function ()
		module:log("info", "left: %d %d %d", lobby.get_room_from_jid(node .. "@lobby.${domain}") and 1 or 0,
			lobby.get_room_from_jid("no-meeting@lobby.${domain}") and 1 or 0,
			conference.get_room_from_jid("teamoverleg@conference.${domain}") and 1 or 0)
	end)
end)
`;
  let other: World;
  beforeAll(async () => {
    other = await World.start(blueprint, {
      config: (text) =>
        raised(text)
          .replace('"gate_rooms"', '"gate_rooms"; "planted"')
          .replace(/wait = \d+/, "wait = 2"),
      files: { "/usr/local/lib/polder/prosody/mod_planted.lua": code },
    });
  }, 60_000);
  afterAll(() => other.stop());

  const left = () => other.server.logged().flatMap(({ text }) => /left: .*/.exec(text) ?? []);
  it("are entered by who belongs to it, and by nobody else", async () => {
    const moderator = await other.meeting();
    const [guest, member] = [
      await other.client(moderator.room, "guest"),
      await other.client(moderator.room, "guest"),
    ];
    await moderator.setAffiliation(member.bareJid, "member");
    await member.join();
    const elsewhere = await other.meeting();
    const lobby = (one: GateClient) => one.join(`${moderator.room}@lobby.${domain}`);
    expect(await lobby(guest)).toBe("joined");
    expect(await lobby(elsewhere)).toBe(REFUSED);
    const breakout = `${BREAKOUT}@breakout.${domain}`;
    expect(await other.focus.openRoom(breakout)).toBe("joined");
    expect(await other.focus.openRoom(`${BREAKOUT.replace("0b", "1b")}@breakout.${domain}`)).toBe(
      REFUSED,
    );
    expect(await member.join(breakout)).toBe("joined");
    expect(await moderator.join(breakout)).toBe("joined");
    expect(await guest.join(breakout)).toBe(REFUSED);
    expect(await elsewhere.join(breakout)).toBe(REFUSED);
    // Who waits in the lobby isn't in the meeting.
    expect(await guest.join()).toBe("auth registration-required");
    // Who is put out of the meeting is out of its breakouts, too.
    const says = async (word: string) => {
      moderator.send(`<message type='groupchat' to='${breakout}'><body>${word}</body></message>`);
      await moderator.take((seen) => childOf(seen, "body")?.text === word);
    };
    const heard = async (one: GateClient) => {
      await one.ping();
      return one.seen.flatMap((seen) => childOf(seen, "body")?.text ?? []);
    };
    await says("een");
    expect(await heard(member)).toEqual(["een"]);
    await moderator.setRole(member.nick, "none");
    await says("twee");
    expect(await heard(member)).toEqual(["een"]);
    // Nobody stays in a breakout as a ghost when the meeting has gone before.
    await moderator.setAffiliation(guest.bareJid, "member");
    expect(await guest.join(breakout)).toBe("joined");
    // The next test's look at what is left comes half a second after the meeting's beginning.
    await expect.poll(left, { timeout: 5000 }).toHaveLength(1);
    await other.focus.ask(
      `<iq type='set' to='${moderator.at("conference")}' ID><query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></iq>`,
    );
    guest.close();
    const gone = await moderator.take(
      ({ attributes }) =>
        attributes["from"] === `${breakout}/${guest.nick}` && attributes["type"] === "unavailable",
    );
    expect(gone.name).toBe("presence");
  });

  it("are opened by a moderator's message, which gets to Jitsi's module as it is, and nobody else's", async () => {
    const moderator = await other.meeting();
    const guest = await other.client(moderator.room, "guest");
    const asks = `<message to='breakout.${domain}' ID><breakout_rooms type='x'><y/></breakout_rooms><email>z</email></message>`;
    expect(conditionOf(await guest.ask(asks))).toBe(REFUSED);
    moderator.send(asks.replace(" ID", ""));
    await moderator.ping();
    const arrived = () =>
      other.server.logged().flatMap(({ text }) => /breakouts: .*/.exec(text) ?? []);
    await expect.poll(arrived, { timeout: 5000 }).toEqual(["breakouts: 1 1"]);
  });

  it("let nobody wait longer than the limit, and say so", async () => {
    const moderator = await other.meeting();
    const guest = await other.client(moderator.room, "guest");
    const lobby = (one: GateClient) => one.join(`${moderator.room}@lobby.${domain}`);
    const leaves = ({ name, attributes }: Element) =>
      name === "presence" && attributes["type"] === "unavailable";
    expect(await lobby(guest)).toBe("joined");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    // Who goes and comes again waits anew: the first wait's end isn't the second's. Another keeps the room.
    expect(await lobby(await other.client(moderator.room, "guest"))).toBe("joined");
    guest.leave(guest.at("lobby"));
    await guest.take(leaves);
    expect(await lobby(guest)).toBe("joined");
    const came = Date.now();
    const out = childOf(await guest.take(leaves), "x")?.children ?? [];
    expect(Date.now() - came).toBeGreaterThan(1500);
    expect(out.map(({ attributes }) => attributes["code"])).toContain("307");
    expect(JSON.stringify(out)).toContain("Nobody let you in within 1 minutes");
  });

  it("end at once when no meeting stands behind them, and so does a meeting by a name that wasn't issued", async () => {
    await expect.poll(left, { timeout: 5000 }).toEqual(["left: 1 0 0"]);
  });

  it("tell who waits of moderators, and of nobody else who waits", async () => {
    const moderator = await other.meeting();
    const guests = [
      await other.client(moderator.room, "guest"),
      await other.client(moderator.room, "guest"),
      await other.client(moderator.room, "guest"),
    ] as const;
    const lobby = `${moderator.room}@lobby.${domain}`;
    const name = "<nick xmlns='http://jabber.org/protocol/nick'>Genodigde</nick>";
    const [first, second, third] = guests;
    expect(await first.join(lobby, first.nick, name)).toBe("joined");
    expect(await moderator.join(lobby)).toBe("joined");
    expect(await second.join(lobby, second.nick, name)).toBe("joined");
    expect(await third.join(lobby, third.nick, name)).toBe("joined");
    const say = (one: GateClient) => {
      one.send(`<message type='groupchat' to='${lobby}'><body>x</body></message>`);
      return one.ping();
    };
    for (const one of [moderator, first, second]) await say(one);
    third.leave(lobby);
    await third.take(({ attributes }) => attributes["type"] === "unavailable");
    const froms = (one: GateClient, kind: string) =>
      one.seen.flatMap(({ name, attributes }) =>
        name === kind && attributes["from"]?.startsWith(lobby)
          ? (attributes["from"].split("/")[1] ?? [])
          : [],
      );
    for (const one of [first, second]) {
      await one.ping();
      const known = [moderator.nick, one.nick];
      for (const kind of ["presence", "message"])
        expect(froms(one, kind).filter((nick) => !known.includes(nick))).toEqual([]);
      expect(froms(one, "presence")).toContain(moderator.nick);
    }
    // Moderators see who waits, and read what they say.
    await moderator.ping();
    for (const { nick } of guests) expect(froms(moderator, "presence")).toContain(nick);
    for (const { nick } of [first, second]) expect(froms(moderator, "message")).toContain(nick);
    expect(froms(first, "message")).toContain(moderator.nick);
  });
});

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
    "<c xmlns='http://jabber.org/protocol/caps' node='n' ver='v' hash='sha-1'/><features/><audiomuted>true</audiomuted><videomuted>true</videomuted><videoType>camera</videoType><SourceInfo>{}</SourceInfo><silent>true</silent><jitsi_participant_raisedHand>1</jitsi_participant_raisedHand>";

  it("is this and no more, also when Jicofo asks for a room that shows accounts", async () => {
    const moderator = await world.meeting();
    await world.focus.configure(moderator.at("conference"), { "muc#roomconfig_whois": "anyone" });
    const address = "203.0.113.199";
    const guests: GateClient[] = [];
    for (const from of ["203.0.113.198", address, address]) {
      const guest = await world.client(moderator.room, "guest", undefined, from);
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
    await say(other, "groupchat", room, "<body>a</body><json-message>{}</json-message>");
    await say(other, "chat", `${room}/${guest.nick}`, "<body>b</body>");
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
        // Words and data; the room's subject.
        ...["message/body", "message/json-message", "message/subject"],
        // That it was said to one.
        ...paths("message/x"),
        // A random id of whose it is, made by Prosody.
        ...paths("message/occupant-id", "presence/occupant-id"),
        ...["message/occupant-id@id", "presence/occupant-id@id"],
        ...stanza("presence").filter((path) => path !== "presence@id"),
        // What a client can do.
        ...[...paths("presence/c"), "presence/c@node", "presence/c@ver", "presence/c@hash"],
        // How media is sent; a raised hand.
        ...["features", "audiomuted", "videomuted", "videoType", "SourceInfo", "silent"].map(
          (name) => `presence/${name}`,
        ),
        "presence/jitsi_participant_raisedHand",
        ...paths("presence/nick"),
        // Member or owner, participant or moderator; who put somebody out.
        ...[...paths("presence/x"), "presence/x/item", "presence/x/item@affiliation"],
        ...["presence/x/item@role", "presence/x/item/actor", "presence/x/item/actor@nick"],
        ...["presence/x/status", "presence/x/status@code"],
        // Jicofo's own account and language.
        ...["presence/x/item@jid", "presence@xml:lang"],
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

  it("are for occupants, random for each session, and end with the token", async () => {
    const moderator = await world.meeting();
    const second = await world.client(moderator.room, "moderator");
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
      expect(left).toBeGreaterThan(3500);
      expect(left).toBeLessThanOrEqual(3600);
      expect(attributes["password"]).toBe(passwordOf(attributes["username"]));
    }
  });

  it("come to who gets in, too, as Jitsi's client takes them, and not to who waits", async () => {
    const moderator = await world.meeting();
    const guest = await world.client(moderator.room, "guest");
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
});

describe("what is written down", () => {
  it("holds nobody's name, room, address or token in operations, and each decision in security", async () => {
    const from = "203.0.113.77";
    const room = world.issuer.room();
    const token = await world.issuer.token(room, "moderator");
    const moderator = await world.client(room, "moderator", token, from);
    await moderator.request();
    await moderator.join();
    const guest = await world.client(room, "guest", undefined, from);
    await guest.join();
    // Another signature of the right form.
    const forged = token.replace(/.{40}$/, (end) => end.replaceAll(/[A-M]/g, "z"));
    await knock(world.server, queryOf(room, forged), from);
    const probed = new Issuer(domain).room();
    await guest.features(`${probed}@conference.${domain}`);
    // What Prosody itself logs about what it can't read.
    guest.send(`<iq type='get' to='@@${room}' id='x'><query xmlns='a'/></iq>`);
    // Somebody who holds a link and tries another room's name, and a moderator's acts.
    await knock(world.server, queryOf(probed, token), from);
    await moderator.setAffiliation(guest.bareJid, "member");
    await guest.join();
    await moderator.setRole(guest.nick, "none");
    guest.send("<a></b>");
    await guest.untilEnded();
    moderator.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const logged = world.server.logged();
    const operations = logged.filter(({ program }) => program !== "polder-gate");
    expect(operations.length).toBeGreaterThan(10);
    const text = operations.map((line) => line.text).join("\n");
    for (const word of [
      room,
      room.toUpperCase(),
      probed,
      from,
      token,
      token.slice(0, 20),
      guest.jid,
      guest.nick,
      moderator.nick,
      "Sam de Vries",
    ])
      expect(text).not.toContain(word);
    const security = logged.filter(({ program }) => program === "polder-gate");
    expect(new Set(security.map(({ facility }) => facility))).toEqual(new Set([4]));
    const whole = security.map((line) => line.text).join("\n");
    for (const word of [room, probed, token.slice(0, 20), guest.nick, "Sam de Vries"])
      expect(whole).not.toContain(word);
    const decisions = world.server
      .decisions()
      .filter((one) => one["room"] === pseudonymOf(PSEUDONYM_KEY, room));
    const kinds = decisions.map(({ action, result }) => `${action} ${result}`);
    for (const kind of ["handshake admitted", "join admitted"]) expect(kinds).toContain(kind);
    // Whoever owns the room does so by a moderator's token, and the log says which joined by one.
    expect(decisions).toContainEqual(
      expect.objectContaining({ action: "join", result: "admitted", role: "moderator" }),
    );
    const actor = decisions.find(({ role }) => role === "moderator")?.["actor"];
    for (const action of ["set member", "put out"])
      expect(decisions).toContainEqual(expect.objectContaining({ action, result: "done", actor }));
    const mine = world.server.decisions().filter((one) => one["address"] === from);
    // Which room was tried: the same pseudonym as in whatever else is written down of it.
    expect(mine).toContainEqual(
      expect.objectContaining({
        result: "refused",
        why: "other room",
        actor,
        room: pseudonymOf(PSEUDONYM_KEY, probed),
      }),
    );
    expect(mine).toContainEqual(
      expect.objectContaining({
        result: "refused",
        why: "signature",
        room: pseudonymOf(PSEUDONYM_KEY, room),
      }),
    );
    expect(mine.map(({ action, result, why }) => `${action} ${result} ${why ?? ""}`)).toContain(
      "handshake refused signature",
    );
    // Somebody who tries names is seen as such: other pseudonyms, one address.
    expect(
      mine.some(
        ({ action, room: tried }) =>
          action === "stanza" && tried !== undefined && tried !== pseudonymOf(PSEUDONYM_KEY, room),
      ),
    ).toBe(true);
    for (const one of decisions) expect(one["at"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });
});
