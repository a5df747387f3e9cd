import { get } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { childOf } from "../modules/verification/probes/index.ts";
import { attemptEntry, conditionOf, type GateClient, queryOf } from "./testing/gate-client.ts";
import { Issuer } from "./testing/gate-issuer.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { closed, REFUSED, raised } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const { domain } = blueprint;

describe("the end", () => {
  const other = worldOfSuite(blueprint, {
    config: (text) => raised(text).replace("gate_grace = 60", "gate_grace = 1"),
  });
  const hash = async (room: string) =>
    Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(room))).toString(
      "hex",
    );
  const later = () => Math.floor(Date.now() / 1000) + 3600;

  it("of a token ends its session, after the grace", async () => {
    const room = other().issuer.room();
    const one = await other().client(room, "guest", await other().issuer.token(room, "guest", 2));
    expect(await one.untilEnded(10_000)).toBe("not-authorized");
  });

  it("comes within 10 s to a revoked token's sessions, and to no other", async () => {
    const moderator = await other().meeting();
    const claims = other().issuer.claims(moderator.room);
    const token = await other().issuer.sign(claims);
    const revoked = await other().client(moderator.room, "guest", token);
    other().server.revoke(`token ${claims.jti} ${later()}\n`);
    expect(await revoked.untilEnded(10_000)).toBe("not-authorized");
    expect(await attemptEntry(other().server, queryOf(moderator.room, token))).toMatchObject({
      status: 404,
    });
    expect(conditionOf(await moderator.ping())).toBe("result");
  });

  it("comes to a revoked room with all who are in it, and it isn't opened again", async () => {
    const moderator = await other().meeting();
    const untouched = await other().meeting();
    other().server.revoke(`room ${await hash(moderator.room)} ${later()}\n`);
    expect(await moderator.untilEnded(10_000)).toBe("not-authorized");
    expect(await other().focus.openRoom(moderator.at("conference"))).not.toBe("joined");
    expect(conditionOf(await untouched.ping())).toBe("result");
  });

  it.each([
    ["a line that isn't of the form", "token x\n"],
    ["a line cut off", "token abcdefghijklmnopqrstuvwxyz 99"],
    ["upper case", `room ${"A".repeat(64)} 99\n`],
    ["noise", "\0\0\0\n"],
  ])("can't be hidden: with %s in the list, nobody new comes in", async (_, text) => {
    const room = other().issuer.room();
    const within = await other().client(room, "guest");
    other().server.revoke(text);
    const query = async () =>
      attemptEntry(other().server, queryOf(room, await other().issuer.token(room)));
    await expect
      .poll(async () => closed(await query()), { timeout: 8000, interval: 300 })
      .toBe("refused");
    // Who is in stays.
    expect(conditionOf(await within.ping())).toBe("result");
    other().server.revoke("");
    await expect
      .poll(async () => closed(await query()), { timeout: 8000, interval: 300 })
      .toBe("admitted");
  });
});

describe("keys", () => {
  const other = worldOfSuite(blueprint);

  it("are changed without an outage: two count, then the new one alone, and what rests on it goes on", async () => {
    const { issuer, server } = other();
    const moderator = await other().meeting();
    const oldRoom = issuer.room();
    const old = { room: oldRoom, token: await issuer.token(oldRoom) };
    // Both.
    const kid = issuer.addKey();
    issuer.macKeys.set(4, Buffer.alloc(32, 9));
    server.giveKeys(issuer);
    await server.reload();
    const room = issuer.room(0, 4);
    const fresh = () => issuer.sign(issuer.claims(room, "moderator"), { kid }, issuer.keys[1]?.key);
    expect(closed(await attemptEntry(server, queryOf(old.room, old.token)))).toBe("admitted");
    const second = await other().client(room, "moderator", await fresh());
    await second.request();
    expect(await second.join()).toBe("joined");
    await expect(moderator.untilEnded(3_000)).rejects.toThrow("the stream goes on");
    // The new ones alone.
    issuer.keys.shift();
    issuer.macKeys.delete(3);
    server.giveKeys(issuer);
    await server.reload();
    expect(closed(await attemptEntry(server, queryOf(old.room, old.token)))).toBe("refused");
    expect(await other().focus.openRoom(`${oldRoom}@conference.${domain}`)).toBe(REFUSED);
    expect(closed(await attemptEntry(server, queryOf(room, await fresh())))).toBe("admitted");
    // Whoever had stolen the old one is out with all who came by it: no id of theirs is there to be revoked.
    expect(await moderator.untilEnded(10_000)).toBe("not-authorized");
    expect(conditionOf(await second.ping())).toBe("result");
  });

  it.each<[string, (issuer: Issuer) => void]>([
    ["three of them", (issuer) => void [issuer.addKey(), issuer.addKey()]],
    ["one of 2048 bits", (issuer) => void issuer.addKey(2048)],
    ["none", (issuer) => void issuer.keys.splice(0)],
  ])("that aren't good are worth nothing: %s", async (_, spoil) => {
    const { server } = other();
    const good = new Issuer(domain);
    const room = good.room();
    const token = await good.token(room);
    const knocked = async () => closed(await attemptEntry(server, queryOf(room, token)));
    server.giveKeys(good);
    await server.reload();
    expect(await knocked()).toBe("admitted");
    spoil(good);
    server.giveKeys(good);
    await server.reload();
    expect(await knocked()).toBe("refused");
  });
});

describe("chat", () => {
  const off = worldOfSuite(buildBlueprint(inputOf(someInstance({ chat: "off" }))));

  it("that is off carries nobody's words, to all or to one; keys of end-to-end encryption go on", async () => {
    const moderator = await off().meeting();
    const guest = await off().client(moderator.room, "guest");
    await moderator.setAffiliation(guest.bareJid, "member");
    expect(await guest.join()).toBe("joined");
    const room = guest.at("conference");
    for (const one of [guest, moderator])
      for (const [type, to] of [
        ["groupchat", room],
        ["chat", `${room}/${(one === guest ? moderator : guest).nick}`],
      ])
        for (const inside of [
          "<body>x</body>",
          "<json-message>{}</json-message><body/>",
          "<body xmlns='x'>x</body>",
          "<reactions xmlns='urn:xmpp:reactions:0' id='x'><reaction>x</reaction></reactions>",
          "<subject>x</subject>",
          "<thread>x</thread>",
          "x",
          `<json-message xmlns='http://jitsi.org/jitmeet'>{"type":"x","message":"x"}</json-message>`,
        ]) {
          const answer = await one.ask(`<message type='${type}' to='${to}' ID>${inside}</message>`);
          expect(conditionOf(answer)).toBe(REFUSED);
        }
    moderator.send(
      `<message to='${room}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='${guest.bareJid}'/></x><body>x</body></message>`,
    );
    guest.send(
      `<message type='chat' to='${room}/${moderator.nick}'>x<subject>x</subject><json-message xmlns='http://jitsi.org/jitmeet'>{"type":"olm","say":"x"}</json-message></message>`,
    );
    const data = await moderator.take(
      (seen) =>
        seen.attributes["from"] === `${room}/${guest.nick}` &&
        childOf(seen, "json-message") !== undefined,
    );
    expect(data.children.map(({ name, text }) => [name, text])).toEqual([
      ["json-message", '{"type":"olm"}'],
      ["x", ""] as const,
      ["occupant-id", ""] as const,
    ]);
    await guest.ping();
    expect(guest.seen.filter((seen) => childOf(seen, "body") !== undefined)).toEqual([]);
  });
});

describe("limits as rendered", () => {
  const other = worldOfSuite(blueprint, {});
  const code = `
module:hook("muc-room-created", function (event)
	local node = require "prosody.util.jid".node(event.room.jid)
	prosody.hosts["lobby.${domain}"].modules.muc.create_room(node .. "@lobby.${domain}")
end)
`;
  const strict = worldOfSuite(blueprint, {
    config: (text) => text.replace(/refused = \d+/, "refused = 50"),
  });
  // In ten minutes what is rendered for ten seconds, as a busy machine's flood may be slow enough to stay within
  // that. With a lobby, as Jitsi's module makes it.
  const slow = worldOfSuite(blueprint, {
    config: (text) =>
      text
        .replace(/seconds = 10\b/, "seconds = 600")
        .replace(/signatures = \d+/, "signatures = 200")
        .replace(/refusals = \d+/, "refusals = 1000")
        .replace('"gate_rooms"', '"gate_rooms"; "planted"'),
    files: { "/usr/local/lib/polder/prosody/mod_planted.lua": code },
  });

  /** A token of the right form by another's key, whose signature has to be looked at to be refused. */
  const forged = async (room: string) => {
    const { kid } = other().issuer;
    const stranger = new Issuer(domain);
    return queryOf(room, await stranger.sign(stranger.claims(room), { kid }));
  };

  /** A handshake whose answer nobody waits for. */
  const badly = (query: string, from: string) => {
    const headers = { Host: domain, "X-Forwarded-For": from, Upgrade: "websocket" };
    const path = `/xmpp-websocket${query}`;
    const at = { host: "127.0.0.1", port: other().server.webPort, path, agent: false };
    get({ ...at, headers: { ...headers, Connection: "Upgrade" } }, (answer) => answer.resume()).on(
      "error",
      () => undefined,
    );
  };

  it.each([60, 200])(
    "keep nobody out who comes with a good token while %s a second knock without from the same address",
    async (rate) => {
      const at = `203.0.113.${rate}`;
      const bad = ["", await forged(other().issuer.room())];
      let knocked = 0;
      const began = performance.now();
      const knocking = setInterval(() => {
        const due = Math.floor(((performance.now() - began) / 1000) * rate);
        for (; knocked < due; knocked++) badly(bad[knocked % 2] ?? "", at);
      }, 20);
      try {
        await new Promise((resolve) => setTimeout(resolve, 2000));
        const answers: string[] = [];
        for (let i = 0; i < 25; i++) {
          const room = other().issuer.room();
          const query = queryOf(room, await other().issuer.token(room));
          answers.push(closed(await attemptEntry(other().server, query, at)));
        }
        expect(answers).toEqual(Array(25).fill("admitted"));
      } finally {
        clearInterval(knocking);
      }
    },
    60_000,
  );

  it("stop a flood of forged tokens from one address, and keep no other out", async () => {
    const room = slow().issuer.room();
    const from = async (address: string) =>
      closed(
        await attemptEntry(slow().server, queryOf(room, await slow().issuer.token(room)), address),
      );
    const query = await forged(room);
    const tooMany = () =>
      slow()
        .server.decisions()
        .filter(({ why }) => why === "too many tries");
    await Promise.all(
      Array.from({ length: 300 }, () => attemptEntry(slow().server, query, "203.0.113.1")),
    );
    const stopped = tooMany();
    expect(stopped.length).toBeGreaterThan(50);
    expect(new Set(stopped.map(({ address }) => address))).toEqual(new Set(["203.0.113.1"]));
    expect(await from("203.0.113.2")).toBe("admitted");
    // One network of IPv6 is one, whatever address in it comes.
    await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        attemptEntry(slow().server, query, `2001:db8:1:1::${i.toString(16)}`),
      ),
    );
    expect(tooMany().length).toBeGreaterThan(stopped.length + 50);
    expect(await from("2001:db8:1:2::1")).toBe("admitted");
  });

  it("stop one link that is tried without end from one network, and no other link or network", async () => {
    const room = slow().issuer.room();
    const token = await slow().issuer.token(room);
    const at = "203.0.113.99";
    const elsewhere = queryOf(slow().issuer.room(), token);
    await Promise.all(
      Array.from({ length: 150 }, () => attemptEntry(slow().server, elsewhere, at)),
    );
    const own = queryOf(room, token);
    expect(closed(await attemptEntry(slow().server, own, at))).toBe("refused");
    expect(closed(await attemptEntry(slow().server, own, "203.0.113.98"))).toBe("admitted");
    const second = queryOf(room, await slow().issuer.token(room));
    expect(closed(await attemptEntry(slow().server, second, at))).toBe("admitted");
  });

  it("stop a flood of conference requests and of joins, and answer another address meanwhile", async () => {
    const room = slow().issuer.room();
    const one = await slow().client(room, "moderator", undefined, "203.0.113.60");
    const second = await slow().client(room, "moderator", undefined, "203.0.113.61");
    const requests: string[] = [];
    for (let i = 0; i < 90; i++) requests.push(conditionOf(await one.request()));
    expect(requests[0]).toBe("result");
    expect(requests.filter((answer) => answer === REFUSED).length).toBeGreaterThan(5);
    expect(conditionOf(await second.request())).toBe("result");
    const joins: string[] = [];
    for (let i = 0; i < 90; i++) {
      joins.push(await one.join());
      one.leave();
    }
    expect(joins[0]).toBe("joined");
    expect(joins).toContain(REFUSED);
    expect(await second.join()).toBe("joined");
  });

  it("stop a flood of knocks at a lobby, and let another address knock meanwhile", async () => {
    const moderator = await slow().meeting();
    const lobby = `${moderator.room}@lobby.${domain}`;
    const guest = await slow().client(moderator.room, "guest", undefined, "203.0.113.90");
    const second = await slow().client(moderator.room, "guest", undefined, "203.0.113.91");
    expect(await moderator.join(lobby)).toBe("joined");
    const knocks: string[] = [];
    for (let i = 0; i < 60; i++) {
      knocks.push(await guest.join(lobby));
      guest.leave(lobby);
    }
    expect(knocks[0]).toBe("joined");
    expect(knocks.filter((answer) => answer === REFUSED).length).toBeGreaterThan(5);
    expect(await second.join(lobby)).toBe("joined");
  });

  it("keep a flood of refusals from filling the log: the first are written down, the rest counted", async () => {
    const at = "203.0.113.95";
    const guest = await other().client(other().issuer.room(), "guest", undefined, at);
    const before = other().server.decisions().length;
    for (let i = 0; i < 500; i++) guest.send("<presence/>");
    await guest.ask(`<iq type='get' to='${domain}' ID><ping xmlns='urn:xmpp:ping'/></iq>`, 30_000);
    const refusals = () =>
      other()
        .server.decisions()
        .slice(before)
        .filter(({ address, result }) => address === at && result === "refused");
    const counted = () => refusals().reduce((sum, { more }) => sum + Number(more ?? 1), 0);
    await expect.poll(counted, { timeout: 10_000 }).toBe(500);
    expect(refusals().length).toBeGreaterThanOrEqual(200);
    expect(refusals().length).toBeLessThan(450);
    // Others' are written down as before.
    await attemptEntry(other().server, "", "203.0.113.96");
    const others = () =>
      other()
        .server.decisions()
        .filter(({ address }) => address === "203.0.113.96").length;
    await expect.poll(others, { timeout: 5000 }).toBe(1);
  });

  it("stop one guest's link from being used by many", async () => {
    const room = other().issuer.room();
    const token = await other().issuer.token(room);
    const answers: string[] = [];
    const open: WebSocket[] = [];
    for (let i = 0; i < 8; i++) {
      const answer = await attemptEntry(
        other().server,
        queryOf(room, token),
        `203.0.113.${100 + i}`,
      );
      answers.push(answer instanceof WebSocket ? "admitted" : "refused");
      if (answer instanceof WebSocket) open.push(answer);
    }
    for (const socket of open) socket.terminate();
    // Four people are planned in a meeting, and a quarter more.
    expect(answers).toEqual([...Array(5).fill("admitted"), ...Array(3).fill("refused")]);
  });

  it("let in as many as were planned and a quarter more, and tell the next that the meeting is full", async () => {
    // Four are planned. Jicofo is nobody.
    const moderator = await other().meeting();
    const come = async (i: number) => {
      const one = await other().client(moderator.room, "guest", undefined, `203.0.113.${70 + i}`);
      await moderator.setAffiliation(one.bareJid, "member");
      return [one, await one.join()] as const;
    };
    for (let i = 0; i < 4; i++) expect((await come(i))[1]).toBe("joined");
    const [last, answer] = await come(4);
    expect(answer).toBe("wait service-unavailable");
    const room = last.at("conference");
    last.send(
      `<presence to='${room}/${last.nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
    );
    const told = await last.take(({ name }) => name === "presence");
    expect(childOf(childOf(told, "error"), "text")?.text).toMatch(
      /^This meeting is full: 5 people/,
    );
  });

  it("share one link's places among the networks that come by it, and put nobody out of the meeting", async () => {
    const moderator = await other().meeting();
    const token = await other().issuer.token(moderator.room);
    const from = (address: string) => other().client(moderator.room, "guest", token, address);
    const greedy: GateClient[] = [];
    for (let i = 0; i < 4; i++) greedy.push(await from("203.0.113.121"));
    const inside = await from("203.0.113.121");
    await moderator.setAffiliation(inside.bareJid, "member");
    expect(await inside.join()).toBe("joined");
    await expect(from("203.0.113.121")).rejects.toThrow("refused: 404");
    // The last that came goes first; who is in the meeting and who has one place alone, never.
    const others: GateClient[] = [];
    for (const [i, one] of greedy.toReversed().entries()) {
      others.push(await from(`203.0.113.${131 + i}`));
      expect(await one.untilEnded()).toBe("policy-violation");
    }
    await expect(from("203.0.113.122")).rejects.toThrow("refused: 404");
    await expect(from("203.0.113.121")).rejects.toThrow("refused: 404");
    for (const one of [inside, ...others]) expect(conditionOf(await one.ping())).toBe("result");
    const ended = other()
      .server.decisions()
      .filter(({ why }) => why === "its place goes to another network");
    expect(ended.map(({ address }) => address)).toEqual(Array(4).fill("203.0.113.121"));
  });

  it("let a link that is used from one office alone be used by as many as were planned", async () => {
    const room = other().issuer.room();
    const token = await other().issuer.token(room);
    const from = (address: string) => other().client(room, "guest", token, address);
    const office = await Promise.all(Array.from({ length: 5 }, () => from("2001:db8:5::1")));
    // Another address of theirs is no newcomer's.
    await expect(from("2001:db8:5::2")).rejects.toThrow("refused: 404");
    for (const one of office) expect(conditionOf(await one.ping())).toBe("result");
  });

  it("end a session that is refused too often, let its link in again later, and leave others alone", async () => {
    const room = strict().issuer.room();
    const token = await strict().issuer.token(room);
    const from = (address: string) => strict().client(room, "guest", token, address);
    // One after the other: what the server hasn't read when it closes resets the connection, and the reason is lost.
    const stray = async (one: GateClient, count: number) => {
      for (let i = 0; i < count && one.ended === undefined; i++) {
        one.send("<presence/>");
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const elsewhere = await from("2001:db8:7:2::1");
    const otherLink = await strict().client(room, "guest", undefined, "2001:db8:7:1::3");
    const second = await from("2001:db8:7:1::1");
    const flood = await from("2001:db8:7:1::1");
    await stray(flood, 200);
    expect(await flood.untilEnded(10_000)).toBe("policy-violation");
    await expect(from("2001:db8:7:1::2")).rejects.toThrow("refused: 404");
    // By the same link, who sends nothing of the sort goes on; from elsewhere, or by another, who does.
    for (const one of [elsewhere, otherLink]) await stray(one, 20);
    for (const one of [second, elsewhere, otherLink, await from("2001:db8:7:2::2")])
      expect(conditionOf(await one.ping())).toBe("result");
    const decided = () =>
      strict()
        .server.decisions()
        .filter(({ why }) => why === "refused too often")
        .map(({ action, result, address }) => `${action} ${result} ${address}`);
    const told = ["session ended 2001:db8:7:1::1", "handshake refused 2001:db8:7:1::2"];
    await expect.poll(decided).toEqual(told);
    const again = () => from("2001:db8:7:1::2").catch((error: Error) => error.message);
    await expect
      .poll(again, { timeout: 20_000, interval: 1000 })
      .toHaveProperty("ended", undefined);
  });

  it("end a session that sends a stanza longer than a client's longest", async () => {
    const one = await other().client(other().issuer.room(), "guest", undefined, "203.0.113.50");
    one.send(
      `<message to='${one.at("conference")}' type='groupchat'><body>${"x".repeat(70_000)}</body></message>`,
    );
    expect(await one.untilEnded(15_000)).toMatch(/policy-violation|closed/);
  });

  it.each<[string, (room: string) => string[]]>([
    ["whole", (room) => [`<message to='${room}'>${"<a/>".repeat(3_000)}</message>`]],
    ["without end", (room) => [`<message to='${room}'>${"<a/>".repeat(3_000)}`]],
    [
      "in frames of a few",
      (room) => [`<message to='${room}'>`, ...Array(30).fill("<a/>".repeat(200))],
    ],
    ["behind another", (room) => [`<presence/><message to='${room}'>${"<a/>".repeat(3_000)}`]],
  ])(
    "end a session that sends a stanza of more tags than a client's longest: %s",
    async (_, frames) => {
      const one = await other().client(other().issuer.room(), "guest", undefined, "203.0.113.52");
      for (const frame of frames(one.at("conference"))) one.send(frame);
      expect(await one.untilEnded(15_000)).toBe("policy-violation");
    },
  );

  it("let a client's longest stanza pass, and many short ones after each other", async () => {
    const one = await other().client(other().issuer.room(), "guest", undefined, "203.0.113.53");
    const source =
      "<source ssrc='1234567890' name='abcdefgh-v0' videoType='camera'><parameter name='cname' value='abcdefgh-1'/><parameter name='msid' value='abcdefgh-video-0-1 abcdefgh-1234-5678-9abc-def012345678-1'/></source>";
    const group = `<ssrc-group semantics='FID'>${"<source ssrc='1234567890'/>".repeat(2)}</ssrc-group>`;
    const accept = `<iq type='set' to='${one.at("conference")}/focus' ID><jingle xmlns='urn:xmpp:jingle:1'>${(source + group).repeat(200)}</jingle></iq>`;
    expect(accept.length).toBeGreaterThan(60_000);
    expect(conditionOf(await one.ask(accept))).toBe(REFUSED);
    for (let i = 0; i < 300; i++) one.send("<presence><a/><a/><a/><a/><a/></presence>");
    expect(conditionOf(await one.ping())).toBe("result");
  });

  it("keep no more of a frame that isn't whole than of a stanza", async () => {
    const room = other().issuer.room();
    const query = queryOf(room, await other().issuer.token(room));
    const socket = await attemptEntry(other().server, query, "203.0.113.54");
    if (!(socket instanceof WebSocket)) throw new Error("no socket");
    // A frame of 200,000 bytes, as its header says (RFC 6455, 5.2), of which the last never comes.
    const frame = Buffer.alloc(14 + 199_999, "<");
    frame.set([0x81, 0xff]);
    frame.writeBigUInt64BE(200_000n, 2);
    const { _socket: below } = socket as unknown as { _socket: Socket };
    below.write(frame);
    // Sooner than who doesn't log in is cut off, which is after 30 s.
    await expect.poll(() => socket.readyState, { timeout: 20_000 }).toBe(WebSocket.CLOSED);
  });

  it("count a stanza that comes in several frames as one", async () => {
    const one = await other().client(other().issuer.room(), "guest", undefined, "203.0.113.51");
    one.send(`<message to='${one.at("conference")}' type='groupchat'><body>`);
    for (let i = 0; i < 5; i++) one.send(`<a>${"x".repeat(15_000)}</a>`);
    expect(await one.untilEnded(20_000)).toBe("policy-violation");
  });
});
