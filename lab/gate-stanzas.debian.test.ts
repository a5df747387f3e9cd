import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { childOf, OFF_HOSTS } from "../modules/verification/probes/index.ts";
import { type AccountClient, conditionOf, type GateClient } from "./testing/gate-client.ts";
import { Issuer } from "./testing/gate-issuer.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { loadVectors, stanzaOfRow } from "./testing/gate-vectors.ts";
import { REFUSED } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance({ chat: "on" })));
const { domain } = blueprint;
const vectors = loadVectors();

const world = worldOfSuite(blueprint);

describe("a stanza", () => {
  const who = {} as Record<"guest" | "member" | "moderator", GateClient>;
  const rooms: Record<string, string> = {};
  beforeAll(async () => {
    who.moderator = await world().meeting();
    const { room } = who.moderator;
    who.guest = await world().client(room, "guest");
    who.member = await world().client(room, "guest");
    await who.moderator.setAffiliation(who.member.bareJid, "member");
    expect(await who.member.join()).toBe("joined");
    const ended = await world().meeting();
    rooms["live"] = (await world().meeting()).room;
    rooms["ended"] = ended.room;
    ended.close();
    world().focus.leave(ended.at("conference"));
    rooms["issued"] = world().issuer.room(2);
    rooms["never"] = new Issuer(domain).room();
    rooms["over"] = world().issuer.room(-1);
  }, 60_000);

  const foreign = vectors.stanzas.filter((row) => row.foreign !== undefined);
  it.each(foreign)("about another's room, whatever its state: $id", async (row) => {
    for (const by of [who.guest, who.moderator]) {
      const answers = new Set<string>();
      for (const room of Object.values(rooms)) {
        const answer = await by.ask(stanzaOfRow(row.xml, by, room));
        expect(conditionOf(answer)).toBe(row.foreign);
        const { id: _, ...attributes } = answer.attributes;
        answers.add(JSON.stringify({ ...answer, attributes }).replaceAll(room, "ROOM"));
      }
      expect(answers.size).toBe(1);
    }
  });

  const own = vectors.stanzas.flatMap((row) =>
    (["guest", "member", "moderator"] as const).flatMap((role) =>
      row.own[role] === undefined
        ? []
        : [{ id: row.id, xml: row.xml, role, verdict: row.own[role] }],
    ),
  );
  it.each(own)("of a $role about the own room: $id, $verdict", async ({ xml, role, verdict }) => {
    const by = who[role];
    const answer = conditionOf(await by.ask(stanzaOfRow(xml, by, by.room)));
    if (verdict === "passes") expect(answer).not.toMatch(/^(cancel|auth|modify|wait) /);
    else expect(answer).toBe(verdict);
  });

  it("gets no answer when it is itself one, or a leave", async () => {
    const { guest } = who;
    for (const room of Object.values(rooms)) {
      guest.leave(`${room}@conference.${domain}`);
      guest.send(`<iq type='result' to='${room}@conference.${domain}/focus' id='x'/>`);
      guest.send(
        `<message type='error' to='${room}@conference.${domain}' id='x'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
      );
    }
    await guest.ping();
    expect(guest.seen).toEqual([]);
  });

  it("reaches no other session but through the room", async () => {
    const answer = await who.guest.ask(
      `<message to='${who.member.jid}' type='chat' ID><body>x</body></message>`,
    );
    expect(conditionOf(answer)).toBe(REFUSED);
  });

  // What polder probe asks as a bridge (xmpp-off) is asked as people here.
  it.each(OFF_HOSTS)("gets nothing of %s, which is off", async (name) => {
    const to = `${name}.${domain}`;
    const info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    const nothing = [
      `<iq type='get' to='${to}' ID>${info}</iq>`,
      `<iq type='get' to='${to}' ID>${info.replace("#info", "#items")}</iq>`,
      `<presence to='${who.member.room}@${to}/${who.member.nick}' ID><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
      `<message to='${to}' ID><json-message xmlns='http://jitsi.org/jitmeet'>{"type":"x"}</json-message></message>`,
      `<message to='${to}' ID><speakerstats xmlns='http://jitsi.org/jitmeet' room='${who.member.at("conference")}'/></message>`,
    ];
    for (const by of [who.guest, who.member, who.moderator])
      for (const xml of nothing) expect(conditionOf(await by.ask(xml)), xml).toBe(REFUSED);
  });

  it("learns of the domain that it has rooms' metadata, and of no other component", async () => {
    for (const by of [who.guest, who.member, who.moderator]) {
      const query = childOf(await by.features(domain), "query");
      const components = (query?.children ?? [])
        .filter(
          ({ name, attributes }) => name === "identity" && attributes["category"] !== "server",
        )
        .map(({ attributes }) => `${attributes["type"]} ${attributes["name"]}`);
      expect(components).toEqual([`room_metadata ${domain}`]);
    }
  });

  it("shows a guest's name as unverified, a moderator's from the token, and no more of a person", async () => {
    const NICK = "<nick xmlns='http://jabber.org/protocol/nick'>De minister</nick>";
    const more = `${NICK}<email>a@b.example</email><identity xmlns='x'/><avatar-url>https://x.example/</avatar-url>`;
    const shownBy = async (one: GateClient, seenBy: GateClient) => {
      seenBy.seen.length = 0;
      await one.join(one.at("conference"), one.nick, more);
      const seen = await seenBy.take(
        ({ name, attributes }) =>
          name === "presence" && attributes["from"]?.endsWith(`/${one.nick}`) === true,
      );
      return seen.children.flatMap(({ name, text }) =>
        ["nick", "email", "identity", "avatar-url"].includes(name) ? [`${name} ${text}`] : [],
      );
    };
    expect(await shownBy(who.member, who.moderator)).toEqual(["nick (?) De minister"]);
    expect(await shownBy(who.moderator, who.member)).toEqual(["nick Sam de Vries"]);
    const names: Readonly<Record<string, string>> = {
      // The mark stands first, and no character turns or hides it.
      "\u202e\u061cretsinim eD\u200b\u2066": "(?) retsinim eD",
      מרים: "(?) מרים",
      // What looks like a mark is a name.
      ") Wilhelmina": "(?) ) Wilhelmina",
      "(?) Kees": "(?) (?) Kees",
      // Nor is anything pushed out by what is long or empty.
      [`a${" ".repeat(40)}b`]: "(?) a b",
      [`${"é".repeat(70)}`]: `(?) ${"é".repeat(64)}`,
    };
    for (const [name, shown] of Object.entries(names)) {
      who.moderator.seen.length = 0;
      const nick = `<nick xmlns='http://jabber.org/protocol/nick'>${name}</nick>`;
      await who.member.join(who.member.at("conference"), who.member.nick, nick);
      const seen = await who.moderator.take(
        ({ attributes }) => attributes["from"]?.endsWith(`/${who.member.nick}`) === true,
      );
      expect(childOf(seen, "nick")?.text).toBe(shown);
    }
    // Nor does a message bring another name along.
    who.member.send(
      `<message type='groupchat' to='${who.member.at("conference")}'><body>x</body>${NICK}</message>`,
    );
    const said = await who.moderator.take(
      ({ name, attributes }) =>
        name === "message" && attributes["from"]?.endsWith(`/${who.member.nick}`) === true,
    );
    expect(said.children.map(({ name }) => name)).not.toContain("nick");
  });
});

describe("start muted", () => {
  const METADATA = "http://jitsi.org/jitmeet";
  /** As lib-jitsi-meet 01daa07c sends it (JitsiConference.ts, setStartMutedPolicy; RoomMetadata.ts). */
  const set = (by: GateClient, audio: boolean, video: boolean): void => {
    const { nick } = by;
    const startmuted = `<startmuted xmlns='${METADATA}/start-muted' audio='${audio}' video='${video}'/>`;
    by.send(`<presence to='${by.at("conference")}/${nick}'>${startmuted}</presence>`);
    const text = JSON.stringify({
      key: "startMuted",
      data: { audio, video },
      type: "room_metadata",
    });
    by.send(
      `<message to='${domain}'><room_metadata room='${by.at("conference")}' xmlns='${METADATA}'>${text}</room_metadata></message>`,
    );
  };
  /** What somebody who comes is sent, up to and with the own presence, by which their client is in. */
  const comes = async (moderator: GateClient, role: "guest" | "moderator" = "guest") => {
    const one = await world().client(moderator.room, role);
    await moderator.setAffiliation(one.bareJid, role === "guest" ? "member" : "owner");
    one.seen.length = 0;
    one.send(
      `<presence to='${one.at("conference")}/${one.nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
    );
    await one.ping();
    const at = one.seen.findIndex(
      ({ name, attributes }) => name === "presence" && attributes["from"]?.endsWith(`/${one.nick}`),
    );
    expect(at).toBeGreaterThanOrEqual(0);
    return one.seen.slice(0, at).flatMap((element) => {
      const text = childOf(element, "json-message")?.text;
      return text === undefined ? [] : [[element.attributes["from"], JSON.parse(text)]];
    });
  };
  const announced = (audio: boolean, video: boolean) => [
    [domain, { type: "room_metadata", metadata: { startMuted: { audio, video } } }],
  ];

  it("comes to whoever comes in later, before they are in, and to nobody else", async () => {
    const moderator = await world().meeting();
    expect(await comes(moderator)).toEqual([]);
    const refused = () =>
      world()
        .server.decisions()
        .filter(({ result }) => result === "refused");
    const before = refused().length;
    set(moderator, true, false);
    await moderator.ping();
    expect(await comes(moderator)).toEqual(announced(true, false));
    expect(await comes(moderator, "moderator")).toEqual(announced(true, false));
    set(moderator, false, true);
    await moderator.ping();
    expect(await comes(moderator)).toEqual(announced(false, true));
    expect(refused().slice(before)).toEqual([]);
    // Whoever isn't let in hears nothing of it.
    const waits = await world().client(moderator.room, "guest");
    expect(await waits.join()).toBe("auth registration-required");
    expect(waits.seen.filter(({ name }) => name === "message")).toEqual([]);
    expect(await comes(await world().meeting())).toEqual([]);
  });

  it("isn't for guests to set", async () => {
    const moderator = await world().meeting();
    const guest = await world().client(moderator.room, "guest");
    await moderator.setAffiliation(guest.bareJid, "member");
    expect(await guest.join()).toBe("joined");
    set(guest, true, true);
    await guest.ping();
    expect(await comes(moderator)).toEqual([]);
  });

  it("is two words, whatever a moderator's client sends with them", async () => {
    const moderator = await world().meeting();
    const send = (text: string) => {
      moderator.send(
        `<message to='${domain}'><room_metadata room='${moderator.at("conference")}' xmlns='${METADATA}'>${text}</room_metadata><body>hallo</body></message>`,
      );
      return moderator.ping();
    };
    await send(
      '{"key":"startMuted","type":"room_metadata","data":{"audio":true,"video":"hallo","services":[{"host":"a.example"}]},"services":[]}',
    );
    expect(await comes(moderator)).toEqual(announced(true, false));
    for (const text of ["", "{", "[]", '{"key":"services","type":"room_metadata","data":[]}'])
      await send(text);
    expect(await comes(moderator)).toEqual(announced(true, false));
    await send('{"key":"startMuted","type":"room_metadata"}');
    expect(await comes(moderator)).toEqual(announced(false, false));
  });
});

describe("no guest becomes occupant before a moderator's act", () => {
  const PAYLOADS = [
    "<presence to='{room}@{host}.{domain}/{nick}'><x xmlns='http://jabber.org/protocol/muc'>{secret}</x></presence>",
    "<presence type='{type}' to='{room}@{host}.{domain}/{nick}'/>",
    "<presence to='{room}@{host}.{domain}'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
    "<message type='{type}' to='{room}@{host}.{domain}'><body>x</body><x xmlns='http://jabber.org/protocol/muc#user'><invite to='{jid}'/></x></message>",
    "<message to='{room}@{host}.{domain}'><x xmlns='http://jabber.org/protocol/muc#user'><{act} to='{jid}'/></x></message>",
    "<message to='{room}@{host}.{domain}'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field></x></message>",
    "<iq type='set' id='a' to='{room}@{host}.{domain}'><query xmlns='http://jabber.org/protocol/muc#admin'><item jid='{jid}' affiliation='{affiliation}'/></query></iq>",
    "<iq type='set' id='a' to='{room}@{host}.{domain}'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='{nick}' role='{role}'/></query></iq>",
    "<iq type='set' id='a' to='{room}@{host}.{domain}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var='muc#roomconfig_membersonly'><value>0</value></field></x></query></iq>",
    "<iq type='set' id='a' to='{room}@{host}.{domain}'><query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></iq>",
    "<iq type='set' id='a' to='{room}@{host}.{domain}'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'/></query></iq>",
    "<iq type='set' id='a' to='focus.{domain}'><conference xmlns='http://jitsi.org/protocol/focus' room='{room}@{host}.{domain}'/></iq>",
    "<iq type='result' id='a' to='{room}@{host}.{domain}/{nick}'/>",
    "<iq type='set' id='a' to='conference.{domain}'><command xmlns='http://jabber.org/protocol/commands' node='http://prosody.im/protocol/muc#set-affiliation'/></iq>",
  ] as const;
  const step = fc.record({
    payload: fc.constantFrom(...PAYLOADS),
    who: fc.constantFrom(0, 1),
    room: fc.constantFrom("own", "own", "own", "upper", "other"),
    host: fc.constantFrom(
      "conference",
      "conference",
      "conference",
      "lobby",
      "breakout",
      "internal.auth",
    ),
    nick: fc.constantFrom("own", "other", "focus", "moderator", "x"),
    jid: fc.constantFrom("own", "other", "moderator"),
    type: fc.constantFrom(
      "available",
      "unavailable",
      "probe",
      "error",
      "groupchat",
      "chat",
      "subscribe",
      "normal",
    ),
    act: fc.constantFrom("invite", "decline"),
    affiliation: fc.constantFrom("owner", "admin", "member", "none", "outcast"),
    role: fc.constantFrom("moderator", "participant", "none"),
    secret: fc.constantFrom("", "", "<password>x</password>", "<history maxstanzas='0'/>"),
  });
  type Step = ReturnType<(typeof step)["generate"]>["value"];

  const fill = (one: Step, guests: readonly GateClient[], moderator: GateClient): string => {
    const [self, other] = [guests[one.who], guests[1 - one.who]] as [GateClient, GateClient];
    const nicks: Record<string, string> = {
      own: self.nick,
      other: other.nick,
      moderator: moderator.nick,
    };
    const jids = { own: self.bareJid, other: other.bareJid, moderator: moderator.bareJid };
    const rooms = { own: self.room, upper: self.room.toUpperCase(), other: "0".repeat(47) };
    return one.payload
      .replaceAll("{room}", rooms[one.room])
      .replaceAll("{host}", one.host)
      .replaceAll("{domain}", domain)
      .replaceAll("{nick}", nicks[one.nick] ?? one.nick)
      .replaceAll("{jid}", jids[one.jid])
      .replaceAll("{type}", one.type)
      .replaceAll("{act}", one.act)
      .replaceAll("{affiliation}", one.affiliation)
      .replaceAll("{role}", one.role)
      .replaceAll("{secret}", one.secret);
  };

  it.each([true, false])("by any sequence of stanzas, a moderator present: %s", async (present) => {
    const moderator = await world().meeting();
    if (!present) {
      moderator.leave();
      await moderator.take(({ attributes }) => attributes["type"] === "unavailable");
    }
    // Jicofo's stand-in sees everybody who is in.
    const intruders = () =>
      world().focus.seen.filter(
        ({ name, attributes }) =>
          name === "presence" &&
          attributes["type"] === undefined &&
          attributes["from"]?.startsWith(`${moderator.room}@conference`) === true &&
          !attributes["from"].endsWith("/focus") &&
          !attributes["from"].endsWith(`/${moderator.nick}`),
      );
    const guests = [
      await world().client(moderator.room, "guest"),
      await world().client(moderator.room, "guest"),
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 16 }), async (steps) => {
        for (const one of steps) guests[one.who]?.send(fill(one, guests, moderator));
        for (const one of guests) {
          await one.ping();
          one.seen.length = 0;
        }
        await world().focus.ask(
          `<iq type='get' to='auth.${domain}' ID><ping xmlns='urn:xmpp:ping'/></iq>`,
        );
        expect(intruders()).toEqual([]);
      }),
      { numRuns: 150 },
    );
    // The same guests do get in when a moderator says so: they weren't kept out by something else.
    if (!present) expect(await moderator.join()).toBe("joined");
    for (const one of guests) {
      expect(conditionOf(await moderator.setAffiliation(one.bareJid, "member"))).toBe("result");
      expect(await one.join()).toBe("joined");
    }
    await expect.poll(() => intruders().length).toBeGreaterThanOrEqual(2);
  });
});

describe("inside", () => {
  const inside = worldOfSuite(blueprint);

  it("bridges and Jicofo meet in the brewery, and only there", async () => {
    const bridge = await world().account("bridge-1");
    const join = (one: AccountClient, room: string) => one.join(room, one.jid.split("@")[0] ?? "");
    const internal = `internal.auth.${domain}`;
    expect(await join(bridge, `jvbbrewery@${internal}`)).toBe("joined");
    expect(await join(bridge, `other@${internal}`)).toBe(REFUSED);
    const moderator = await world().meeting();
    expect(await join(bridge, moderator.at("conference"))).toBe(REFUSED);
    expect(await join(bridge, `__jicofo-health-check-2@conference.${domain}`)).toBe(REFUSED);
    const focus = await world().account("focus");
    expect(await join(focus, `jvbbrewery@${internal}`)).toBe("joined");
    // Both use Smack, which joins no room of a host that doesn't say that it has rooms.
    for (const [one, to] of [
      [bridge, internal] as const,
      [focus, internal] as const,
      [focus, `conference.${domain}`] as const,
      [focus, `breakout.${domain}`] as const,
    ])
      expect(JSON.stringify(await one.features(to))).toContain("http://jabber.org/protocol/muc");
    expect(conditionOf(await bridge.features(`conference.${domain}`))).toBe(REFUSED);
    for (const to of [moderator.jid, `focus@auth.${domain}`, domain])
      expect(
        conditionOf(
          await bridge.ask(`<message type='chat' to='${to}' ID><body>x</body></message>`),
        ),
      ).toBe(REFUSED);
    focus.close();
    bridge.close();
  });

  it("a bridge stands in nobody's place but its own: not in Jicofo's, nor in another bridge's", async () => {
    const [one, second] = [await inside().account("bridge-1"), await inside().account("bridge-2")];
    const brewery = `jvbbrewery@internal.auth.${domain}`;
    for (const nick of ["focus", "bridge-2", "Bridge-1", "jvb"])
      expect(await one.join(brewery, nick), nick).toBe(REFUSED);
    expect(await one.join(brewery, "bridge-1")).toBe("joined");
    // Nor later, by another name.
    for (const nick of ["focus", "bridge-2"])
      expect(await one.join(brewery, nick), nick).toBe(REFUSED);
    expect(await inside().focus.join(brewery, "focus")).toBe("joined");
    expect(await second.join(brewery, "bridge-2")).toBe("joined");
    for (const room of [
      `other@internal.auth.${domain}`,
      (await inside().meeting()).at("conference"),
    ])
      expect(await one.join(room, "bridge-1"), room).toBe(REFUSED);
  });

  // Smack has a room configured by who made it, and a bridge may not do that.
  it("the brewery stands before anybody comes, and after all have gone: no bridge makes it", async () => {
    const brewery = `jvbbrewery@internal.auth.${domain}`;
    for (const user of ["bridge-2", "bridge-1", "focus"]) {
      const one = await inside().account(user);
      const at = `${brewery}/${user}`;
      const own = (type?: string) =>
        one.take(
          ({ name, attributes }) =>
            name === "presence" && attributes["from"] === at && attributes["type"] === type,
          5_000,
        );
      one.send(`<presence to='${at}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
      const codes = childOf(await own(), "x")?.children.map(({ attributes }) => attributes["code"]);
      expect(codes).toContain("110");
      expect(codes).not.toContain("201");
      one.send(`<presence type='unavailable' to='${at}'/>`);
      await own("unavailable");
      one.close();
    }
  });

  it("a bridge whose account is gone is out, also if it was logged in, and the others stay", async () => {
    const [one, second] = [await inside().account("bridge-1"), await inside().account("bridge-2")];
    await inside().server.removeAccount("bridge-2");
    expect(await second.untilEnded(10_000)).toBe("closed");
    await expect(inside().account("bridge-2")).rejects.toThrow("not-authorized");
    expect(conditionOf(await one.features(`internal.auth.${domain}`))).toBe("result");
    expect(inside().server.decisions()).toContainEqual(
      expect.objectContaining({ action: "account", result: "ended", actor: "bridge-2" }),
    );
    const again = await inside().account("bridge-1");
    expect(await again.join(`jvbbrewery@internal.auth.${domain}`, "bridge-1")).toBe("joined");
  });
});
