import { createHash, createHmac } from "node:crypto";
import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { buildBlueprint } from "../modules/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/blueprint/testing.ts";
import { childOf, type Element, XmppClient } from "../modules/probes/index.ts";
import {
  AccountClient,
  conditionOf,
  GateClient,
  knock,
  queryOf,
  type Refusal,
} from "./testing/gate-client.ts";
import { base32, Issuer } from "./testing/gate-issuer.ts";
import { type Change, GateServer, TURN_SECRET } from "./testing/gate-server.ts";
import { loadVectors, queryOfRow } from "./testing/gate-vectors.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const { domain } = blueprint;
const vectors = loadVectors();

/** Limits that a suite from one address needs; what limits do is tested on the rendered ones. */
const raised = (config: string): string =>
  config
    .replace(/(handshakes|joins|requests|sockets|link|occupants) = \d+/g, "$1 = 100000")
    .replace('rate = "10kb/s"', 'rate = "10mb/s"');

const REFUSED = "cancel service-unavailable";
const ADMIN = "http://jabber.org/protocol/muc#admin";

/** A server with Jicofo's stand-in logged in, that opens what it is asked to. */
class World {
  readonly issuer: Issuer;
  readonly server: GateServer;
  readonly focus: AccountClient;
  private readonly clients: { close(): void }[] = [];

  private constructor(issuer: Issuer, server: GateServer, focus: AccountClient) {
    this.issuer = issuer;
    this.server = server;
    this.focus = focus;
    void focus.serve();
  }

  static async start(change: Change = { config: raised }): Promise<World> {
    const issuer = new Issuer(domain);
    const server = await GateServer.start(blueprint, issuer, change);
    return new World(issuer, server, await AccountClient.login(server, "focus"));
  }

  async client(room: string, role: "guest" | "moderator", token?: string, from?: string) {
    const held = token ?? (await this.issuer.token(room, role));
    const one = await GateClient.login(this.server, room, held, from);
    this.clients.push(one);
    return one;
  }

  async account(user: "jvb" | "focus"): Promise<AccountClient> {
    const one = await AccountClient.login(this.server, user);
    this.clients.push(one);
    return one;
  }

  /** A moderator in a room that Jicofo has opened. */
  async meeting(room = this.issuer.room()): Promise<GateClient> {
    const moderator = await this.client(room, "moderator");
    expect(await this.focus.openRoom(moderator.at("conference"))).toBe("joined");
    expect(await moderator.join()).toBe("joined");
    return moderator;
  }

  async stop(): Promise<void> {
    for (const one of this.clients) one.close();
    this.focus.close();
    await this.server.stop();
  }
}

const setAffiliation = (by: GateClient, jid: string, affiliation: string) =>
  by.ask(
    `<iq type='set' to='${by.at("conference")}' ID><query xmlns='${ADMIN}'><item jid='${jid}' affiliation='${affiliation}'/></query></iq>`,
  );
const setRole = (by: GateClient, nick: string, role: string) =>
  by.ask(
    `<iq type='set' to='${by.at("conference")}' ID><query xmlns='${ADMIN}'><item nick='${nick}' role='${role}'/></query></iq>`,
  );
const ping = (one: GateClient) =>
  one.ask(`<iq type='get' to='${domain}' ID><ping xmlns='urn:xmpp:ping'/></iq>`);

let world: World;
beforeAll(async () => {
  world = await World.start();
}, 120_000);
afterAll(() => world.stop());

describe("a handshake", () => {
  it("is refused with few words", async () => {
    const refusal = await knock(world.server, "");
    expect(refusal).toMatchObject({ status: 404, body: "not found\n" });
  });

  it.each(vectors.handshakes)("$id: $verdict, $why", async (row) => {
    const answer = await knock(world.server, await queryOfRow(row, world.issuer));
    const admitted = answer instanceof WebSocket;
    if (admitted) answer.terminate();
    expect(admitted).toBe(row.verdict === "admitted");
    if (!admitted) expect(answer).toEqual(await knock(world.server, ""));
  });

  it.each([
    ...["/", "/xmpp-websocket", "/http-bind", "/room-size", "/room-census", "/_api/room-info"],
    ...[
      "/conference-request/v1",
      "/about",
      "/stats",
      "/metrics",
      "/debug",
      "/colibri/v2/conferences",
    ],
    ...["/.well-known/host-meta", "/.well-known/host-meta.json", "/admin", "/xmpp-websocket/"],
  ])("is the only thing that HTTP gives: %s", async (path) => {
    const answers: string[] = [];
    for (const method of ["GET", "POST", "OPTIONS", "HEAD", "PUT"])
      for (const host of [domain, `conference.${domain}`, "localhost", "nobody.example"]) {
        const answer = await raw(
          world.server.webPort,
          `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        );
        if (method !== "HEAD") answers.push(answer.replace(/Date: .*\r\n/, ""));
        else expect(answer).not.toContain("not found");
      }
    expect(new Set(answers.map((text) => text.split("\r\n").sort().join("\n"))).size).toBe(1);
    expect(answers[0]).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("comes before any stream: the port of bridges gives none to the public host", async () => {
    const client = new XmppClient(connect(world.server.c2sPort, "127.0.0.1"));
    await expect(client.open(domain)).rejects.toThrow("not-authorized");
    client.close();
  });

  it.each(["auth", "conference", "internal.auth", "focus"])(
    "doesn't lead to a stream of %s.<domain>",
    async (name) => {
      const room = world.issuer.room();
      const one = await GateClient.connect(world.server, room, await world.issuer.token(room));
      await expect(one.open(`${name}.${domain}`)).rejects.toThrow(/not-authorized|host-unknown/);
      one.close();
    },
  );

  it.each([
    [
      "a stanza before the login",
      "<iq type='get' to='conference.DOMAIN' id='x'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    ],
    ["a login by password's mechanism of no use", "<presence to='x@conference.DOMAIN/y'/>"],
    ["another stream's element", "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"],
  ])("is followed by a login and nothing else: %s", async (_, xml) => {
    const room = world.issuer.room();
    const one = await GateClient.connect(world.server, room, await world.issuer.token(room));
    await one.open();
    one.send(xml.replace("DOMAIN", domain));
    expect(await one.untilEnded()).toBe("policy-violation");
  });

  it("gives no resumption after the login either", async () => {
    const room = world.issuer.room();
    const one = await world.client(room, "guest");
    one.send("<resume xmlns='urn:xmpp:sm:3' h='0' previd='x'/>");
    expect(await one.untilEnded()).toBe("policy-violation");
  });
});

/** Bytes in, bytes out. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (data) => {
      answer += data.toString();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

describe("a stanza", () => {
  const who = {} as Record<"guest" | "member" | "moderator", GateClient>;
  const rooms: Record<string, string> = {};
  beforeAll(async () => {
    who.moderator = await world.meeting();
    const { room } = who.moderator;
    who.guest = await world.client(room, "guest");
    who.member = await world.client(room, "guest");
    await setAffiliation(who.moderator, who.member.bareJid, "member");
    expect(await who.member.join()).toBe("joined");
    const ended = await world.meeting();
    rooms["live"] = (await world.meeting()).room;
    rooms["ended"] = ended.room;
    ended.close();
    world.focus.send(`<presence type='unavailable' to='${ended.at("conference")}/focus'/>`);
    rooms["issued"] = world.issuer.room(2);
    rooms["never"] = new Issuer(domain).room();
    rooms["over"] = world.issuer.room(-1);
  }, 60_000);

  const filled = (xml: string, by: GateClient, room: string): string =>
    xml
      .replaceAll("{room}", room)
      .replaceAll("{domain}", domain)
      .replaceAll("{nick}", by.nick)
      .replaceAll("{jid}", by.jid)
      .replaceAll("{bare}", by.bareJid);

  const foreign = vectors.stanzas.filter((row) => row.foreign !== undefined);
  it.each(foreign)("about another's room, whatever its state: $id", async (row) => {
    for (const by of [who.guest, who.moderator]) {
      const answers = new Set<string>();
      for (const room of Object.values(rooms)) {
        const answer = await by.ask(filled(row.xml, by, room));
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
    const answer = conditionOf(await by.ask(filled(xml, by, by.room)));
    if (verdict === "passes") expect(answer).not.toMatch(/^(cancel|auth|modify|wait) /);
    else expect(answer).toBe(verdict);
  });

  it("gets no answer when it is itself one, or a leave", async () => {
    const { guest } = who;
    for (const room of Object.values(rooms)) {
      guest.send(`<presence type='unavailable' to='${room}@conference.${domain}/${guest.nick}'/>`);
      guest.send(`<iq type='result' to='${room}@conference.${domain}/focus' id='x'/>`);
      guest.send(
        `<message type='error' to='${room}@conference.${domain}' id='x'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
      );
    }
    await ping(guest);
    expect(guest.seen).toEqual([]);
  });

  it("reaches no other session but through the room", async () => {
    const answer = await who.guest.ask(
      `<message to='${who.member.jid}' type='chat' ID><body>x</body></message>`,
    );
    expect(conditionOf(answer)).toBe(REFUSED);
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
    expect(await shownBy(who.member, who.moderator)).toEqual(["nick De minister (unverified)"]);
    expect(await shownBy(who.moderator, who.member)).toEqual(["nick Sam de Vries"]);
    const turned =
      "<nick xmlns='http://jabber.org/protocol/nick'>\u202eretsinim eD\u200b\u2066</nick>";
    who.moderator.seen.length = 0;
    await who.member.join(who.member.at("conference"), who.member.nick, turned);
    const seen = await who.moderator.take(
      ({ attributes }) => attributes["from"]?.endsWith(`/${who.member.nick}`) === true,
    );
    expect(childOf(seen, "nick")?.text).toBe("retsinim eD (unverified)");
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
    expect(conditionOf(await setAffiliation(second, guest.bareJid, "member"))).toBe("result");
    expect(await guest.join()).toBe("joined");
  });

  it("lets a guest in by a moderator's invitation, as Jitsi's lobby does", async () => {
    const moderator = await world.meeting();
    const guest = await world.client(moderator.room, "guest");
    moderator.send(
      `<message to='${moderator.at("conference")}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='${guest.bareJid}'/></x></message>`,
    );
    await ping(moderator);
    expect(await guest.join()).toBe("joined");
  });

  it("sends no invitation to who has no token for it", async () => {
    const moderator = await world.meeting();
    const stranger = await world.client(world.issuer.room(), "guest");
    const answer = await moderator.ask(
      `<message to='${moderator.at("conference")}' ID><x xmlns='http://jabber.org/protocol/muc#user'><invite to='${stranger.jid}'/></x></message>`,
    );
    expect(conditionOf(answer)).toBe(REFUSED);
    await ping(stranger);
    expect(stranger.seen).toEqual([]);
  });

  it("stays members-only and without secret, whatever form Jicofo sends", async () => {
    const moderator = await world.meeting();
    const field = (name: string, value: string) =>
      `<field var='${name}'><value>${value}</value></field>`;
    const answer = await world.focus.ask(
      `<iq type='set' to='${moderator.at("conference")}' ID><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>${[
        field("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig"),
        field("muc#roomconfig_membersonly", "0"),
        field("muc#roomconfig_roomsecret", "geheim"),
        field("muc#roomconfig_publicroom", "1"),
        field("muc#roomconfig_allowinvites", "1"),
        field("{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites", "1"),
      ].join("")}</x></query></iq>`,
    );
    expect(conditionOf(answer)).toBe("result");
    const info = await moderator.ask(
      `<iq type='get' to='${moderator.at("conference")}' ID><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
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
    await setAffiliation(moderator, guest.bareJid, "member");
    await guest.join();
    for (const affiliation of ["owner", "admin"])
      expect(conditionOf(await setAffiliation(moderator, guest.bareJid, affiliation))).toBe(
        "cancel not-allowed",
      );
    expect(conditionOf(await setRole(moderator, guest.nick, "moderator"))).toBe(
      "cancel not-allowed",
    );
    expect(conditionOf(await setRole(moderator, "focus", "none"))).toBe("cancel not-allowed");
    for (const affiliation of ["none", "outcast", "member"])
      expect(
        conditionOf(await setAffiliation(moderator, `focus@auth.${domain}`, affiliation)),
      ).toBe("cancel not-allowed");
    expect(conditionOf(await setRole(guest, moderator.nick, "none"))).toBe(REFUSED);
  });

  it("makes nobody a member who has no token for it", async () => {
    const moderator = await world.meeting();
    const stranger = await world.client(world.issuer.room(), "guest");
    for (const jid of [stranger.bareJid, `nobody@${domain}`, `jvb@auth.${domain}`])
      expect(conditionOf(await setAffiliation(moderator, jid, "member"))).toBe(
        "cancel not-allowed",
      );
  });

  it("takes membership back from who is put out, and from nobody who leaves", async () => {
    const moderator = await world.meeting();
    const guest = await world.client(moderator.room, "guest");
    await setAffiliation(moderator, guest.bareJid, "member");
    expect(await guest.join()).toBe("joined");
    guest.send(`<presence type='unavailable' to='${guest.at("conference")}/${guest.nick}'/>`);
    await guest.take(({ attributes }) => attributes["type"] === "unavailable");
    expect(await guest.join()).toBe("joined");
    expect(conditionOf(await setRole(moderator, guest.nick, "none"))).toBe("result");
    await guest.take(({ attributes }) => attributes["type"] === "unavailable");
    expect(await guest.join()).toBe("auth registration-required");
    await setAffiliation(moderator, guest.bareJid, "member");
    expect(await guest.join()).toBe("joined");
  });

  it("knows nobody by another's nick", async () => {
    const moderator = await world.meeting();
    const guest = await world.client(moderator.room, "guest");
    await setAffiliation(moderator, guest.bareJid, "member");
    expect(await guest.join(guest.at("conference"), moderator.nick)).toBe(REFUSED);
    expect(await guest.join()).toBe("joined");
    expect(await guest.join(guest.at("conference"), "anders-genoemd")).toBe(REFUSED);
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
    const moderator = await world.meeting();
    if (!present) {
      moderator.send(
        `<presence type='unavailable' to='${moderator.at("conference")}/${moderator.nick}'/>`,
      );
      await moderator.take(({ attributes }) => attributes["type"] === "unavailable");
    }
    // Jicofo's stand-in sees everybody who is in.
    const intruders = () =>
      world.focus.seen.filter(
        ({ name, attributes }) =>
          name === "presence" &&
          attributes["type"] === undefined &&
          attributes["from"]?.startsWith(`${moderator.room}@conference`) === true &&
          !attributes["from"].endsWith("/focus") &&
          !attributes["from"].endsWith(`/${moderator.nick}`),
      );
    const guests = [
      await world.client(moderator.room, "guest"),
      await world.client(moderator.room, "guest"),
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 16 }), async (steps) => {
        for (const one of steps) guests[one.who]?.send(fill(one, guests, moderator));
        for (const one of guests) {
          await ping(one);
          one.seen.length = 0;
        }
        await world.focus.ask(
          `<iq type='get' to='auth.${domain}' ID><ping xmlns='urn:xmpp:ping'/></iq>`,
        );
        expect(intruders()).toEqual([]);
      }),
      { numRuns: 150 },
    );
    // The same guests do get in when a moderator says so: they weren't kept out by something else.
    if (!present) expect(await moderator.join()).toBe("joined");
    for (const one of guests) {
      expect(conditionOf(await setAffiliation(moderator, one.bareJid, "member"))).toBe("result");
      expect(await one.join()).toBe("joined");
    }
    await expect.poll(() => intruders().length).toBeGreaterThanOrEqual(2);
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
	lobby.create_room("no-meeting@lobby.${domain}")
end)
`;
  let other: World;
  beforeAll(async () => {
    other = await World.start({
      config: (text) => raised(text).replace('{ "gate_rooms" }', '{ "gate_rooms"; "planted" }'),
      files: { "/usr/local/lib/polder/prosody/mod_planted.lua": code },
    });
  }, 60_000);
  afterAll(() => other.stop());

  it("are entered by who belongs to it, and by nobody else", async () => {
    const moderator = await other.meeting();
    const [guest, member] = [
      await other.client(moderator.room, "guest"),
      await other.client(moderator.room, "guest"),
    ];
    await setAffiliation(moderator, member.bareJid, "member");
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
  });

  it("end at once when there is no meeting for them", async () => {
    const focus = other.focus;
    expect(await focus.join(`no-meeting@lobby.${domain}`, "focus").catch(() => "nothing")).toBe(
      REFUSED,
    );
  });
});

describe("inside", () => {
  it("bridges and Jicofo meet in the brewery, and only there", async () => {
    const bridge = await world.account("jvb");
    const join = (one: AccountClient, room: string) => one.join(room, one.jid.split("@")[0] ?? "");
    const internal = `internal.auth.${domain}`;
    expect(await join(bridge, `jvbbrewery@${internal}`)).toBe("joined");
    expect(await join(bridge, `other@${internal}`)).toBe(REFUSED);
    const moderator = await world.meeting();
    expect(await join(bridge, moderator.at("conference"))).toBe(REFUSED);
    expect(await join(bridge, `__jicofo-health-check-2@conference.${domain}`)).toBe(REFUSED);
    const focus = await world.account("focus");
    expect(await join(focus, `jvbbrewery@${internal}`)).toBe("joined");
    for (const to of [moderator.jid, `focus@auth.${domain}`, domain])
      expect(
        conditionOf(
          await bridge.ask(`<message type='chat' to='${to}' ID><body>x</body></message>`),
        ),
      ).toBe(REFUSED);
    focus.close();
  });
});

describe("logins for TURN", () => {
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
      expect(attributes["password"]).toBe(
        createHmac("sha1", TURN_SECRET)
          .update(attributes["username"] ?? "")
          .digest("base64"),
      );
    }
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
    await guest.ask(
      `<iq type='get' to='${probed}@conference.${domain}' ID><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    // What Prosody itself logs about what it can't read.
    guest.send(`<iq type='get' to='@@${room}' id='x'><query xmlns='a'/></iq>`);
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
    const digest = createHash("sha256").update(room).digest("hex");
    const pseudonym = base32(
      createHmac("sha256", Buffer.from("5".repeat(64), "hex"))
        .update(`polder pseudonym 1\0${digest}`)
        .digest(),
      26,
    );
    const decisions = world.server.decisions().filter((one) => one["room"] === pseudonym);
    const kinds = decisions.map(({ action, result }) => `${action} ${result}`);
    for (const kind of ["handshake admitted", "join admitted", "set owner done"])
      expect(kinds).toContain(kind);
    const mine = world.server.decisions().filter((one) => one["address"] === from);
    expect(mine.map(({ action, result, why }) => `${action} ${result} ${why ?? ""}`)).toContain(
      "handshake refused signature",
    );
    // Somebody who tries names is seen as such: other pseudonyms, one address.
    expect(
      mine.some(
        ({ action, room: tried }) =>
          action === "stanza" && tried !== undefined && tried !== pseudonym,
      ),
    ).toBe(true);
    for (const one of decisions) expect(one["at"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });
});

describe("the end", () => {
  let other: World;
  beforeAll(async () => {
    other = await World.start({
      config: (text) => raised(text).replace("gate_grace = 60", "gate_grace = 1"),
    });
  }, 60_000);
  afterAll(() => other.stop());
  const hash = async (room: string) =>
    Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(room))).toString(
      "hex",
    );
  const later = () => Math.floor(Date.now() / 1000) + 3600;

  it("of a token ends its session, after the grace", async () => {
    const room = other.issuer.room();
    const one = await other.client(room, "guest", await other.issuer.token(room, "guest", 2));
    expect(await one.untilEnded(10_000)).toBe("not-authorized");
  });

  it("comes within 10 s to a revoked token's sessions, and to no other", async () => {
    const moderator = await other.meeting();
    const claims = other.issuer.claims(moderator.room);
    const token = await other.issuer.sign(claims);
    const revoked = await other.client(moderator.room, "guest", token);
    other.server.revoke(`token ${claims.jti} ${later()}\n`);
    expect(await revoked.untilEnded(10_000)).toBe("not-authorized");
    expect(await knock(other.server, queryOf(moderator.room, token))).toMatchObject({
      status: 404,
    });
    expect(conditionOf(await ping(moderator))).toBe("result");
  });

  it("comes to a revoked room with all who are in it, and it isn't opened again", async () => {
    const moderator = await other.meeting();
    const untouched = await other.meeting();
    other.server.revoke(`room ${await hash(moderator.room)} ${later()}\n`);
    expect(await moderator.untilEnded(10_000)).toBe("not-authorized");
    expect(await other.focus.openRoom(moderator.at("conference"))).not.toBe("joined");
    expect(conditionOf(await ping(untouched))).toBe("result");
  });

  it.each([
    ["a line that isn't of the form", "token x\n"],
    ["a line cut off", "token abcdefghijklmnopqrstuvwxyz 99"],
    ["upper case", `room ${"A".repeat(64)} 99\n`],
    ["noise", "\0\0\0\n"],
  ])("can't be hidden: with %s in the list, nobody new comes in", async (_, text) => {
    const room = other.issuer.room();
    const within = await other.client(room, "guest");
    other.server.revoke(text);
    const query = async () => knock(other.server, queryOf(room, await other.issuer.token(room)));
    await expect
      .poll(async () => closed(await query()), { timeout: 8000, interval: 300 })
      .toBe("refused");
    // Who is in stays.
    expect(conditionOf(await ping(within))).toBe("result");
    other.server.revoke("");
    await expect
      .poll(async () => closed(await query()), { timeout: 8000, interval: 300 })
      .toBe("admitted");
  });
});

const closed = (answer: WebSocket | Refusal): "admitted" | "refused" => {
  if (!(answer instanceof WebSocket)) return "refused";
  answer.terminate();
  return "admitted";
};

describe("keys", () => {
  let other: World;
  beforeAll(async () => {
    other = await World.start();
  }, 60_000);
  afterAll(() => other.stop());

  it("are changed without an outage: two count, then the new one alone, and sessions go on", async () => {
    const { issuer, server } = other;
    const moderator = await other.meeting();
    const oldRoom = issuer.room();
    const old = { room: oldRoom, token: await issuer.token(oldRoom) };
    // Both.
    const kid = issuer.addKey();
    issuer.macKeys.set(4, Buffer.alloc(32, 9));
    server.giveKeys(issuer);
    await server.reload();
    const room = issuer.room(0, 4);
    const fresh = () => issuer.sign(issuer.claims(room, "moderator"), { kid }, issuer.keys[1]?.key);
    expect(closed(await knock(server, queryOf(old.room, old.token)))).toBe("admitted");
    const second = await other.client(room, "moderator", await fresh());
    await second.request();
    expect(await second.join()).toBe("joined");
    // The new ones alone.
    issuer.keys.shift();
    issuer.macKeys.delete(3);
    server.giveKeys(issuer);
    await server.reload();
    expect(closed(await knock(server, queryOf(old.room, old.token)))).toBe("refused");
    expect(await other.focus.openRoom(`${oldRoom}@conference.${domain}`)).toBe(REFUSED);
    expect(closed(await knock(server, queryOf(room, await fresh())))).toBe("admitted");
    expect(conditionOf(await ping(moderator))).toBe("result");
  });

  it.each<[string, (issuer: Issuer) => void]>([
    ["three of them", (issuer) => void [issuer.addKey(), issuer.addKey()]],
    ["one of 2048 bits", (issuer) => void issuer.addKey(2048)],
    ["none", (issuer) => void issuer.keys.splice(0)],
  ])("that aren't good are worth nothing: %s", async (_, spoil) => {
    const { server } = other;
    const good = new Issuer(domain);
    const room = good.room();
    const token = await good.token(room);
    const knocked = async () => closed(await knock(server, queryOf(room, token)));
    server.giveKeys(good);
    await server.reload();
    expect(await knocked()).toBe("admitted");
    spoil(good);
    server.giveKeys(good);
    await server.reload();
    expect(await knocked()).toBe("refused");
  });
});

describe("limits as rendered", () => {
  let other: World;
  beforeAll(async () => {
    other = await World.start({});
  }, 60_000);
  afterAll(() => other.stop());

  it("stop a flood of handshakes from one address, and keep no other out", async () => {
    const room = other.issuer.room();
    const from = async (address: string) =>
      closed(await knock(other.server, queryOf(room, await other.issuer.token(room)), address));
    expect(await from("203.0.113.1")).toBe("admitted");
    await Promise.all(Array.from({ length: 150 }, () => knock(other.server, "", "203.0.113.1")));
    const stopped = other.server.decisions().filter(({ why }) => why === "too many tries");
    expect(stopped.length).toBeGreaterThan(50);
    expect(new Set(stopped.map(({ address }) => address))).toEqual(new Set(["203.0.113.1"]));
    expect(await from("203.0.113.2")).toBe("admitted");
    // One network of IPv6 is one, whatever address in it comes.
    await Promise.all(
      Array.from({ length: 150 }, (_, i) =>
        knock(other.server, "", `2001:db8:1:1::${i.toString(16)}`),
      ),
    );
    expect(
      other.server.decisions().filter(({ why }) => why === "too many tries").length,
    ).toBeGreaterThan(stopped.length + 50);
    expect(await from("2001:db8:1:2::1")).toBe("admitted");
  });

  it("stop a flood of conference requests and of joins, and answer another address meanwhile", async () => {
    const room = other.issuer.room();
    const one = await other.client(room, "moderator", undefined, "203.0.113.60");
    const second = await other.client(room, "moderator", undefined, "203.0.113.61");
    const requests: string[] = [];
    for (let i = 0; i < 90; i++) requests.push(conditionOf(await one.request()));
    expect(requests[0]).toBe("result");
    expect(requests.filter((answer) => answer === REFUSED).length).toBeGreaterThan(5);
    expect(conditionOf(await second.request())).toBe("result");
    const joins: string[] = [];
    for (let i = 0; i < 90; i++) {
      joins.push(await one.join());
      one.send(`<presence type='unavailable' to='${one.at("conference")}/${one.nick}'/>`);
    }
    expect(joins[0]).toBe("joined");
    expect(joins).toContain(REFUSED);
    expect(await second.join()).toBe("joined");
  });

  it("stop one guest's link from being used by many", async () => {
    const room = other.issuer.room();
    const token = await other.issuer.token(room);
    const answers: string[] = [];
    const open: WebSocket[] = [];
    for (let i = 0; i < 8; i++) {
      const answer = await knock(other.server, queryOf(room, token), `203.0.113.${100 + i}`);
      answers.push(answer instanceof WebSocket ? "admitted" : "refused");
      if (answer instanceof WebSocket) open.push(answer);
    }
    for (const socket of open) socket.terminate();
    // Four people are planned in a meeting, and a quarter more.
    expect(answers).toEqual([...Array(5).fill("admitted"), ...Array(3).fill("refused")]);
  });

  it("end a session that sends a stanza longer than a client's longest", async () => {
    const one = await other.client(other.issuer.room(), "guest", undefined, "203.0.113.50");
    one.send(
      `<message to='${one.at("conference")}' type='groupchat'><body>${"x".repeat(70_000)}</body></message>`,
    );
    expect(await one.untilEnded(15_000)).toMatch(/policy-violation|closed/);
  });
});

describe("the watch", () => {
  const PLUGINS = "/usr/local/lib/polder/prosody";
  const planted = (code: string): Change => ({
    config: (text) =>
      text.replace('"gate_turn"; "websocket"', '"gate_turn"; "websocket"; "planted"'),
    files: { [`${PLUGINS}/mod_planted.lua`]: code },
  });
  const without = (name: string): Change => ({ files: { [`${PLUGINS}/${name}`]: null } });
  const spoiled = (name: string): Change => ({ files: { [`${PLUGINS}/${name}`]: "x = = 1\n" } });

  it.each<[string, Change]>([
    ...["handshake", "stanzas", "rooms", "turn", "beside", "internal", "log", "focus_stand_in"].map(
      (name): [string, Change] => [`mod_gate_${name} missing`, without(`mod_gate_${name}.lua`)],
    ),
    ["mod_gate missing", without("mod_gate.lua")],
    ["the table missing", without("gate_stanzas.lib.lua")],
    ["mod_gate_rooms failing to load", spoiled("mod_gate_rooms.lua")],
    ["mod_gate failing to load", spoiled("mod_gate.lua")],
    ["a library failing to load", spoiled("gate_token.lib.lua")],
    ["another before the table", planted('module:hook("pre-stanza", function () end, 2000)\n')],
    ["another beside the table", planted('module:hook("pre-stanza", function () end, 1000)\n')],
    [
      "another before the stream's check",
      planted('module:hook("stream-features", function () end, 1001)\n'),
    ],
  ])("keeps the public host down: %s", async (_, change) => {
    const issuer = new Issuer(domain);
    const server = await GateServer.start(blueprint, issuer, change);
    try {
      const room = issuer.room();
      const knocked = await knock(server, queryOf(room, await issuer.token(room))).catch(
        () => "refused",
      );
      expect(knocked instanceof WebSocket).toBe(false);
      const client = new XmppClient(connect(server.c2sPort, "127.0.0.1"));
      await expect(client.open(domain)).rejects.toThrow("host-unknown");
      client.close();
    } finally {
      await server.stop();
    }
  });

  it("takes it down when something is put before the gate later, and says so", async () => {
    const code = `
local add_task = require "prosody.util.timer".add_task
add_task(2, function ()
	module:hook("pre-stanza", function () end, 5000)
	require "prosody.core.modulemanager".load(module.host, "time")
end)
`;
    const other = await World.start(planted(code));
    try {
      const one = await other.client(other.issuer.room(), "guest");
      expect(await one.untilEnded(10_000)).toBe("host-gone");
      const text = other.server
        .logged()
        .map((line) => line.text)
        .join("\n");
      expect(text).toContain("has another before it: the public hosts go down");
    } finally {
      await other.stop();
    }
  });
});
