import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { childOf } from "../modules/verification/probes/index.ts";
import { conditionOf, type GateClient } from "./testing/gate-client.ts";
import { Issuer } from "./testing/gate-issuer.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { REFUSED } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance({ chat: "on" })));
const { domain } = blueprint;

const world = worldOfSuite(blueprint);

describe("a room", () => {
  it("is opened for a name that was issued, by Jicofo's account, and no other", async () => {
    const rooms = {
      issued: world().issuer.room(),
      "issued for later": world().issuer.room(30),
      over: world().issuer.room(-1),
      "of another instance": world().issuer.room(0, 3, "other.example"),
      "by a key that isn't here": new Issuer(domain).room(),
      chosen: "teamoverleg",
      "almost a health check": "jicofo-health-check-1",
    };
    const opened: Record<string, string> = {};
    for (const [what, room] of Object.entries(rooms))
      opened[what] = await world().focus.openRoom(`${room}@conference.${domain}`);
    expect(opened).toEqual({
      issued: "joined",
      "issued for later": "joined",
      over: REFUSED,
      "of another instance": REFUSED,
      "by a key that isn't here": REFUSED,
      chosen: REFUSED,
      "almost a health check": REFUSED,
    });
    expect(await world().focus.openRoom(`__jicofo-health-check-1@conference.${domain}`)).toBe(
      "joined",
    );
  });

  it("isn't opened by a moderator who walks in", async () => {
    const moderator = await world().client(world().issuer.room(), "moderator");
    expect(await moderator.join()).toBe(REFUSED);
  });

  it("isn't opened by a good token alone: its name must be issued, too", async () => {
    const room = new Issuer(domain).room();
    const moderator = await world().client(room, "moderator");
    const answer = childOf(await moderator.request(), "conference");
    expect(answer?.attributes["ready"]).toBe("false");
    expect(await moderator.join()).toBe(REFUSED);
  });

  it("lets moderators in, each as owner, and a guest after a moderator's act", async () => {
    const first = await world().meeting();
    const second = await world().client(first.room, "moderator");
    expect(await second.join()).toBe("joined");
    const guest = await world().client(first.room, "guest");
    expect(await guest.join()).toBe("auth registration-required");
    expect(conditionOf(await second.setAffiliation(guest.bareJid, "member"))).toBe("result");
    expect(await guest.join()).toBe("joined");
  });

  it("lets a guest in by a moderator's invitation, as Jitsi's lobby does", async () => {
    const moderator = await world().meeting();
    const guest = await world().client(moderator.room, "guest");
    moderator.send(
      `<message to='${moderator.at("conference")}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='${guest.bareJid}'/></x></message>`,
    );
    await moderator.ping();
    expect(await guest.join()).toBe("joined");
  });

  it("sends no invitation to who has no token for it, whoever else it goes to", async () => {
    const moderator = await world().meeting();
    const guest = await world().client(moderator.room, "guest");
    const stranger = await world().client(world().issuer.room(), "guest");
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
    const moderator = await world().meeting();
    const answer = await world().focus.configure(moderator.at("conference"), {
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
    const guest = await world().client(moderator.room, "guest");
    expect(await guest.join()).toBe("auth registration-required");
  });

  it("doesn't let a moderator make owners or admins, nor a moderator by role, nor put Jicofo out", async () => {
    const moderator = await world().meeting();
    const guest = await world().client(moderator.room, "guest");
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
    const moderator = await world().meeting();
    const guest = await world().client(moderator.room, "guest");
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
    const moderator = await world().meeting();
    const stranger = await world().client(world().issuer.room(), "guest");
    const words = () => world().focus.seen.filter(({ name }) => name === "message");
    const before = words().length;
    for (const to of [stranger.jid, world().focus.jid, `focus@auth.${domain}`]) {
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
    const moderator = await world().meeting();
    const stranger = await world().client(world().issuer.room(), "guest");
    for (const jid of [stranger.bareJid, `nobody@${domain}`, `bridge-1@auth.${domain}`])
      expect(conditionOf(await moderator.setAffiliation(jid, "member"))).toBe("cancel not-allowed");
  });

  it("takes membership back from who is put out, and from nobody who leaves", async () => {
    const moderator = await world().meeting();
    const guest = await world().client(moderator.room, "guest");
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
    const first = await world().meeting();
    const second = await world().client(first.room, "moderator");
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

  it("encrypts from end to end when a moderator says so, and no guest begins or ends it", async () => {
    const moderator = await world().meeting();
    const second = await world().client(moderator.room, "moderator");
    expect(await second.join()).toBe("joined");
    const guests: GateClient[] = [];
    for (let i = 0; i < 2; i++) {
      const guest = await world().client(moderator.room, "guest");
      await moderator.setAffiliation(guest.bareJid, "member");
      expect(await guest.join()).toBe("joined");
      guests.push(guest);
    }
    const [guest, other] = guests as [GateClient, GateClient];
    const name = "jitsi_participant_e2ee.enabled";
    /** What another learns when somebody says this; `undefined`: nothing about encryption. */
    const heard = async (from: GateClient, inside: string, by = other) => {
      await by.ping();
      by.seen.length = 0;
      const at = `${from.at("conference")}/${from.nick}`;
      from.send(`<presence to='${at}'>${inside}</presence>`);
      const presence = await by.take(({ attributes }) => attributes["from"] === at);
      return childOf(presence, name)?.text;
    };
    const on = `<${name}>true</${name}>`;
    // Jitsi's client writes what is off as an empty element.
    const offs = [`<${name}/>`, `<${name}>false</${name}>`, `<p:${name} xmlns:p='jabber:client'/>`];

    /** What somebody who comes is sent of those who are in. */
    const shown = async () => {
      const newcomer = await world().client(moderator.room, "guest");
      await (moderators.at(-1) as GateClient).setAffiliation(newcomer.bareJid, "member");
      expect(await newcomer.join()).toBe("joined");
      await newcomer.ping();
      const of = (one: GateClient) =>
        newcomer.seen.find(
          ({ name: kind, attributes }) =>
            kind === "presence" && attributes["from"] === `${one.at("conference")}/${one.nick}`,
        );
      const seen = [guest, ...moderators].map((one) => of(one));
      expect(seen).not.toContain(undefined);
      newcomer.leave(newcomer.at("conference"));
      await newcomer.ping();
      return seen.map((presence) => childOf(presence, name)?.text);
    };
    const moderators = [moderator, second];

    expect(await heard(guest, on)).toBeUndefined();
    // What agrees is kept, and no more shown when it doesn't.
    expect(await heard(guest, offs[1] as string)).toBe("false");
    expect(await heard(moderator, on)).toBe("true");
    expect(await shown()).toEqual([undefined, "true", undefined]);
    expect(await heard(guest, on)).toBe("true");
    for (const off of offs) expect(await heard(guest, off), off).toBeUndefined();
    // A moderator who says nothing, or follows, changes nothing.
    expect(await heard(second, "<nick xmlns='http://jabber.org/protocol/nick'>x</nick>")).toBe(
      undefined,
    );
    expect(await heard(second, on)).toBe("true");
    expect(await heard(guest, offs[0] as string)).toBeUndefined();
    expect(await heard(guest, on)).toBe("true");

    // Any moderator ends it. What the first sent before isn't a new word.
    expect(await heard(second, offs[0] as string)).toBe("");
    expect(await shown()).toEqual([undefined, undefined, ""]);
    expect(await heard(moderator, on)).toBeUndefined();
    expect(await heard(guest, on)).toBeUndefined();
    expect(await heard(guest, offs[0] as string)).toBe("");
    expect(await heard(moderator, offs[0] as string)).toBe("");
    expect(await heard(moderator, on)).toBe("true");
    expect(await heard(guest, on)).toBe("true");

    // It outlasts them while somebody encrypts.
    for (const one of moderators) {
      one.leave(one.at("conference"));
      await one.ping();
    }
    expect(await heard(guest, offs[0] as string)).toBeUndefined();
    expect(await heard(guest, on)).toBe("true");
    guest.leave(guest.at("conference"));
    await guest.ping();
    expect(await guest.join()).toBe("joined");
    expect(await heard(guest, on)).toBeUndefined();
    // Of who comes back the first word counts anew.
    expect(await moderator.join()).toBe("joined");
    expect(await heard(moderator, on)).toBe("true");
    expect(await heard(guest, on)).toBe("true");
  });

  it("knows nobody by another's nick", async () => {
    const moderator = await world().meeting();
    const guest = await world().client(moderator.room, "guest");
    await moderator.setAffiliation(guest.bareJid, "member");
    expect(await guest.join(guest.at("conference"), moderator.nick)).toBe(REFUSED);
    expect(await guest.join()).toBe("joined");
    expect(await guest.join(guest.at("conference"), "anders-genoemd")).toBe(REFUSED);
    // Refused before Prosody notes whom it has to tell when the session ends: a guest who waits could have filled
    // its memory, and kept it busy for seconds in the end (seen: 2.5 s after 20,000 nicks).
    const waiting = await world().client(moderator.room, "guest");
    expect(await waiting.join(waiting.at("conference"), "anders-genoemd")).toBe(REFUSED);
    const refused = { action: "stanza", result: "refused", kind: "presence", to: "conference" };
    const decisions = world().server.decisions();
    expect(decisions.filter(({ role }) => role === "guest").slice(-3)).toContainEqual(
      expect.objectContaining(refused),
    );
    expect(decisions.filter(({ why }) => why === "another's nick")).toEqual([]);
  });
});
