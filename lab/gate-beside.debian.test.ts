import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { childOf, type Element } from "../modules/verification/probes/index.ts";
import { conditionOf, type GateClient } from "./testing/gate-client.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { REFUSED, raised } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance({ chat: "on" })));
const { domain } = blueprint;

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
  const other = worldOfSuite(blueprint, {
    config: (text) =>
      raised(text)
        .replace('"gate_rooms"', '"gate_rooms"; "planted"')
        .replace(/wait = \d+/, "wait = 2"),
    files: { "/usr/local/lib/polder/prosody/mod_planted.lua": code },
  });

  const left = () =>
    other()
      .server.logged()
      .flatMap(({ text }) => /left: .*/.exec(text) ?? []);
  it("are entered by who belongs to it, and by nobody else", async () => {
    const moderator = await other().meeting();
    const [guest, member] = [
      await other().client(moderator.room, "guest"),
      await other().client(moderator.room, "guest"),
    ];
    await moderator.setAffiliation(member.bareJid, "member");
    await member.join();
    const elsewhere = await other().meeting();
    const lobby = (one: GateClient) => one.join(`${moderator.room}@lobby.${domain}`);
    expect(await lobby(guest)).toBe("joined");
    expect(await lobby(elsewhere)).toBe(REFUSED);
    const breakout = `${BREAKOUT}@breakout.${domain}`;
    expect(await other().focus.openRoom(breakout)).toBe("joined");
    expect(await other().focus.openRoom(`${BREAKOUT.replace("0b", "1b")}@breakout.${domain}`)).toBe(
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
    await other().focus.ask(
      `<iq type='set' to='${moderator.at("conference")}' ID><query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></iq>`,
    );
    guest.close();
    const gone = await moderator.take(
      ({ attributes }) =>
        attributes["from"] === `${breakout}/${guest.nick}` && attributes["type"] === "unavailable",
    );
    expect(gone.name).toBe("presence");
  });

  it("are opened by a moderator's message, which gets to Jitsi's module with what is known of it, and nobody else's", async () => {
    const moderator = await other().meeting();
    const guest = await other().client(moderator.room, "guest");
    const asks = `<message to='breakout.${domain}' ID><breakout_rooms type='x'><y/></breakout_rooms><email>z</email></message>`;
    expect(conditionOf(await guest.ask(asks))).toBe(REFUSED);
    moderator.send(asks.replace(" ID", ""));
    await moderator.ping();
    const arrived = () =>
      other()
        .server.logged()
        .flatMap(({ text }) => /breakouts: .*/.exec(text) ?? []);
    await expect.poll(arrived, { timeout: 5000 }).toEqual(["breakouts: 0 1"]);
  });

  it("let nobody wait longer than the limit, and say so", async () => {
    const moderator = await other().meeting();
    const guest = await other().client(moderator.room, "guest");
    const lobby = (one: GateClient) => one.join(`${moderator.room}@lobby.${domain}`);
    const leaves = ({ name, attributes }: Element) =>
      name === "presence" && attributes["type"] === "unavailable";
    expect(await lobby(guest)).toBe("joined");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    // Who goes and comes again waits anew: the first wait's end isn't the second's. Another keeps the room.
    expect(await lobby(await other().client(moderator.room, "guest"))).toBe("joined");
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
    const moderator = await other().meeting();
    const guests = [
      await other().client(moderator.room, "guest"),
      await other().client(moderator.room, "guest"),
      await other().client(moderator.room, "guest"),
    ] as const;
    const lobby = `${moderator.room}@lobby.${domain}`;
    const name = "<nick xmlns='http://jabber.org/protocol/nick'>Genodigde</nick>";
    const [first, second, third] = guests;
    // Which nobody's client could bear (contents.yaml, waiting).
    const property = "<jitsi_participant_raisedHand>1</jitsi_participant_raisedHand>";
    expect(await first.join(lobby, first.nick, name + property)).toBe("joined");
    expect(await moderator.join(lobby)).toBe("joined");
    expect(await second.join(lobby, second.nick, name)).toBe("joined");
    expect(await third.join(lobby, third.nick, name)).toBe("joined");
    const say = (one: GateClient) => {
      const said = '{"type":"LOBBY_CHAT_MESSAGE","message":"x"}';
      one.send(
        `<message type='groupchat' to='${lobby}'><json-message xmlns='http://jitsi.org/jitmeet'>${said}</json-message></message>`,
      );
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
    const names = moderator.seen
      .filter(({ attributes }) => attributes["from"] === `${lobby}/${first.nick}`)
      .flatMap(({ children }) => children.map((child) => child.name));
    expect(names).toContain("nick");
    expect(names).not.toContain("jitsi_participant_raisedHand");
    for (const { nick } of [first, second]) expect(froms(moderator, "message")).toContain(nick);
    expect(froms(first, "message")).toContain(moderator.nick);
    // By a name that is marked with the word, since they decide by it.
    const shown = moderator.seen.find(
      ({ attributes }) => attributes["from"] === `${lobby}/${second.nick}`,
    );
    expect(shown && childOf(shown, "nick")?.text).toBe("(unverified) Genodigde");
  });
});
