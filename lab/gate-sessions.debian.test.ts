import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { conditionOf, type GateClient, queryOf } from "./testing/gate-client.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { raised } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));

describe("who asks and doesn't read", () => {
  const world = worldOfSuite(buildBlueprint(inputOf(someInstance({ chat: "on" }))));

  it("is put out before what it has caused fills memory, and nobody else is", async () => {
    const moderator = await world().meeting();
    const come = async (address: string, token?: string) => {
      const one = await world().client(moderator.room, "guest", token, address);
      await moderator.setAffiliation(one.bareJid, "member");
      expect(await one.join()).toBe("joined");
      return one;
    };
    const other = await come("203.0.113.20");
    const token = await world().issuer.token(moderator.room);
    const deaf: GateClient[] = [];
    for (let i = 0; i < 6; i++) deaf.push(await come("203.0.113.21", token));
    const before = world().server.memoryMiB();
    for (const one of deaf) one.deafen();
    const words = `<message type='groupchat' to='${moderator.at("conference")}'><body>${"x".repeat(4_000)}</body></message>`;
    // Everybody hears it: 9 MB for each, of which the kernel takes some 2.
    for (const one of deaf) for (let i = 0; i < 375; i++) one.send(words);
    let most = 0;
    const ended = () =>
      world()
        .server.decisions()
        .filter(({ why }) => why === "doesn't read");
    const looked = () => {
      most = Math.max(most, world().server.memoryMiB() - before);
      return ended().length;
    };
    await expect
      .poll(looked, { timeout: 60_000, message: `${deaf.length} sessions end` })
      .toBe(deaf.length)
      .catch((error: Error) => {
        throw new Error(`${error.message}: ${most} MiB more`);
      });
    expect(ended()[0]).toMatchObject({
      action: "session",
      result: "ended",
      address: "203.0.113.21",
    });
    expect(most).toBeLessThan(15);
    for (const one of [moderator, other]) expect(conditionOf(await one.ping())).toBe("result");
  }, 120_000);
});

describe("a lost connection", () => {
  const quick = worldOfSuite(blueprint, {
    config: (text) => raised(text).replace("read_timeout = 23", "read_timeout = 2"),
  });

  it("is found by its silence, also where others make it be sent something all the time", async () => {
    const moderator = await quick().meeting();
    const [lost, idle] = [
      await quick().client(moderator.room, "guest"),
      await quick().client(moderator.room, "guest"),
    ];
    for (const one of [lost, idle]) {
      await moderator.setAffiliation(one.bareJid, "member");
      expect(await one.join()).toBe("joined");
    }
    lost.deafen();
    const gone = moderator.take(
      ({ name, attributes }) =>
        name === "presence" &&
        attributes["type"] === "unavailable" &&
        attributes["from"] === `${lost.at("conference")}/${lost.nick}`,
      12_000,
    );
    const changes = setInterval(
      () =>
        moderator.send(
          `<presence to='${moderator.at("conference")}/${moderator.nick}'><jitsi_participant_raisedHand>${Date.now()}</jitsi_participant_raisedHand></presence>`,
        ),
      300,
    );
    try {
      await gone;
    } finally {
      clearInterval(changes);
    }
    const ended = () =>
      quick()
        .server.decisions()
        .filter(({ why }) => why === "silent").length;
    // The log's taker may come to write it down after the room has heard of it.
    await expect.poll(ended, { timeout: 5_000 }).toBe(1);
    // Who says nothing and answers what a browser answers by itself stays.
    await expect(idle.untilEnded(6_000)).rejects.toThrow("the stream goes on");
    expect(conditionOf(await idle.ping())).toBe("result");
    expect(ended()).toBe(1);
  }, 40_000);
});

describe("where all places are taken", () => {
  const full = worldOfSuite(blueprint, {
    config: (text) =>
      raised(text)
        .replace(/(link|occupants|sockets) = 100000/g, "$1 = 7")
        .replace("read_timeout = 23", "read_timeout = 1000"),
  });

  it("everybody whose line was cut comes back, and nobody who is there loses a place", async () => {
    const moderator = await full().meeting();
    const token = await full().issuer.token(moderator.room);
    const come = async () => {
      const one = await full().client(moderator.room, "guest", token, "203.0.113.40");
      await moderator.setAffiliation(one.bareJid, "member");
      expect(await one.join()).toBe("joined");
      return one;
    };
    const there = [await come(), await come()];
    const lost = [await come(), await come(), await come(), await come()];
    // With the moderator, seven.
    for (const one of lost) one.deafen();
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    const more = await full().client(moderator.room, "guest", token, "203.0.113.40");
    await moderator.setAffiliation(more.bareJid, "member");
    expect(await more.join()).toBe("wait service-unavailable");
    const back: GateClient[] = [];
    for (const _ of lost)
      await expect
        .poll(
          () =>
            come().then(
              (one) => back.push(one),
              () => 0,
            ),
          { timeout: 20_000, interval: 500 },
        )
        .toBeGreaterThan(0);
    for (const one of [moderator, ...there, ...back])
      expect(conditionOf(await one.ping())).toBe("result");
  }, 60_000);

  const silent = (address: string) =>
    full()
      .server.decisions()
      .filter((one) => one["why"] === "silent" && one["address"] === address).length;
  const answerTime = () => new Promise((resolve) => setTimeout(resolve, 5_500));

  it("nobody is put out of a meeting for who isn't let in", async () => {
    const moderator = await full().meeting();
    const there: GateClient[] = [];
    for (let i = 0; i < 6; i++) {
      const one = await full().client(moderator.room, "guest", undefined, "203.0.113.41");
      await moderator.setAffiliation(one.bareJid, "member");
      expect(await one.join()).toBe("joined");
      there.push(one);
    }
    (there[0] as GateClient).deafen();
    const stranger = await full().client(moderator.room, "guest", undefined, "203.0.113.42");
    for (let i = 0; i < 3; i++) {
      await answerTime();
      expect(await stranger.join()).toBe("auth registration-required");
    }
    expect(silent("203.0.113.41")).toBe(0);
    await moderator.setAffiliation(stranger.bareJid, "member");
    expect(await stranger.join()).toBe("wait service-unavailable");
    await answerTime();
    expect(await stranger.join()).toBe("joined");
    await expect.poll(() => silent("203.0.113.41")).toBe(1);
  }, 60_000);

  it("nobody loses a socket to what is no handshake", async () => {
    const { issuer, server } = full();
    const [room, address] = [issuer.room(), "203.0.113.43"];
    const come = () => full().client(room, "guest", undefined, address);
    const there: GateClient[] = [];
    for (let i = 0; i < 7; i++) there.push(await come());
    (there[0] as GateClient).deafen();
    const query = queryOf(room, await issuer.token(room));
    for (let i = 0; i < 3; i++) {
      await answerTime();
      const asked = await fetch(`http://127.0.0.1:${server.webPort}/xmpp-websocket${query}`, {
        headers: { "X-Forwarded-For": address },
      });
      expect(asked.status).toBe(404);
    }
    expect(silent(address)).toBe(0);
    await expect(come()).rejects.toThrow("refused: 404");
    await answerTime();
    await come();
    await expect.poll(() => silent(address)).toBe(1);
  }, 60_000);
});
