import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { childOf, type Element } from "../modules/verification/probes/index.ts";
import { defaultFolder } from "./cloud/index.ts";
import { conditionOf, GateClient } from "./testing/gate-client.ts";
import { Issuer } from "./testing/gate-issuer.ts";
import { loadVectors, queryOfRow, stanzaOfRow } from "./testing/gate-vectors.ts";
import { raised, World } from "./testing/gate-world.ts";
import { besideGate, jitsiAlone, jitsiRoot, layJitsi } from "./testing/jitsi.ts";

const root = jitsiRoot();
const blueprint = buildBlueprint(inputOf(someInstance()));
const { domain } = blueprint;
const vectors = loadVectors();

const SUBJECTS = ["gate", "jitsi", "both"] as const;
type Subject = (typeof SUBJECTS)[number];
const worlds = {} as Record<Subject, World>;
/** What was seen, for docs/acceptance.md. */
const report: Record<string, unknown> = {};
let layer: string | undefined;

beforeAll(async () => {
  if (root === undefined) return;
  layer = mkdtempSync(join(tmpdir(), "polder-jitsi-"));
  layJitsi(root, layer);
  const issuer = new Issuer(domain);
  const beside = (config: string) => besideGate(raised(config), blueprint, issuer);
  const changes = {
    gate: { config: raised },
    jitsi: { layer, config: (text: string) => jitsiAlone(beside(text), blueprint) },
    both: { layer, config: beside },
  };
  for (const subject of SUBJECTS)
    worlds[subject] = await World.start(blueprint, changes[subject], issuer);
  // Jitsi's client_proxy hands requests to the session of Jicofo's account that has sent presence.
  worlds.jitsi.focus.send(`<presence to='focus.${domain}'/>`);
}, 120_000);
afterAll(async () => {
  for (const world of Object.values(worlds)) await world.stop();
  if (layer === undefined) return;
  rmSync(layer, { recursive: true });
  mkdirSync(defaultFolder(), { recursive: true, mode: 0o700 });
  writeFileSync(join(defaultFolder(), "acceptance.json"), JSON.stringify(report, null, 2));
});

const NAME = "<nick xmlns='http://jabber.org/protocol/nick'>Kees</nick>";
const named = (one: GateClient): Promise<string> => one.join(undefined, undefined, NAME);

/** A moderator in a room with a lobby. Jitsi's modules alone make neither: Jicofo grants, the moderator asks. */
async function meetingOf(subject: Subject): Promise<GateClient> {
  const world = worlds[subject];
  if (subject !== "jitsi") return world.meeting();
  const moderator = await world.client(world.issuer.room(), "moderator");
  await world.focus.openRoom(moderator.at("conference"));
  await named(moderator);
  const admin = `<query xmlns='http://jabber.org/protocol/muc#admin'><item jid='${moderator.bareJid}' affiliation='owner'/></query>`;
  await world.focus.ask(`<iq type='set' to='${moderator.at("conference")}' ID>${admin}</iq>`);
  const form = { "muc#roomconfig_membersonly": "1" };
  const answer = await moderator.configure(moderator.at("conference"), form);
  if (conditionOf(answer) !== "result") throw new Error(`no lobby: ${conditionOf(answer)}`);
  return moderator;
}

/** Rooms that aren't the asker's, one of each state. */
async function foreignRooms({ issuer, focus }: World): Promise<Record<string, string>> {
  const rooms = {
    live: issuer.room(),
    ended: issuer.room(),
    issued: issuer.room(2),
    never: new Issuer(domain).room(),
    over: issuer.room(-1),
  };
  await focus.openRoom(`${rooms.live}@conference.${domain}`);
  await focus.openRoom(`${rooms.ended}@conference.${domain}`);
  focus.leave(`${rooms.ended}@conference.${domain}`);
  return rooms;
}

/** How a stanza fared; a stanza that nobody answers is let in nowhere, but may have done something. */
const passes = (answer: string | undefined): boolean =>
  answer !== undefined && answer !== SILENCE && !/^(cancel|auth|modify|wait) /.test(answer);
const SILENCE = "no answer";
/** Jicofo's answer takes a way of its own, and comes later than what was asked after it. */
const SILENT_MS = 2000;

/** Sends, and gives the answer, or silence when what was sent after it has long been answered. */
async function askOf(by: GateClient, xml: string): Promise<string> {
  const answer = by.ask(xml, 20_000).then(conditionOf, () => SILENCE);
  const silence = by.ping().then(
    () => new Promise<string>((resolve) => setTimeout(resolve, SILENT_MS, SILENCE)),
    () => SILENCE,
  );
  return Promise.race([answer, silence]);
}

/** Answers of one subject to one row, by `vector, who, whose room`. */
async function answersOf(subject: Subject, row: (typeof vectors.stanzas)[number]) {
  const world = worlds[subject];
  const moderator = await meetingOf(subject);
  const { room } = moderator;
  const guest = await world.client(room, "guest");
  const member = await world.client(room, "guest");
  await moderator.setAffiliation(member.bareJid, "member");
  await named(member);
  const foreign = row.foreign === undefined ? {} : await foreignRooms(world);
  const found: Record<string, string> = {};
  const tries = async (who: string, by: GateClient, whose: string, to: string) => {
    found[`${row.id}, ${who}, ${whose}`] = await askOf(by, stanzaOfRow(row.xml, by, to));
  };
  for (const [who, by] of Object.entries({ guest, moderator }))
    await Promise.all(Object.entries(foreign).map(([whose, to]) => tries(who, by, whose, to)));
  for (const [who, by] of Object.entries({ guest, member, moderator }))
    await tries(who, by, "own", room);
  for (const one of [guest, member, moderator]) one.close();
  return found;
}

/** What the lobby adds: a way in to where people wait, for whoever has a token for that meeting. */
const LOBBY_ADDS = ["guest", "member", "moderator"].map((who) => `lobby-join, ${who}, own`);
describe("the vectors, on the gate alone, on Jitsi's modules alone, and on both", () => {
  it.skipIf(root === undefined)(
    "[jitsi-modules] both let in nobody whom the gate refuses at the handshake",
    async () => {
      const enters = async (subject: Subject, row: (typeof vectors.handshakes)[number]) => {
        const { server, issuer } = worlds[subject];
        const one = await GateClient.connectByQuery(server, "", await queryOfRow(row, issuer));
        await one.bind().finally(() => one.close());
      };
      const verdicts = { gate: {}, jitsi: {}, both: {} } as Record<Subject, Record<string, string>>;
      for (const row of vectors.handshakes)
        for (const subject of SUBJECTS)
          verdicts[subject][row.id] = await enters(subject, row).then(
            () => "admitted",
            () => "refused",
          );
      const expected = Object.fromEntries(
        vectors.handshakes.map(({ id, verdict }) => [id, verdict]),
      );
      expect(verdicts.gate).toEqual(expected);
      expect(verdicts.both).toEqual(expected);
      const letIn = Object.keys(expected).filter(
        (id) => expected[id] === "refused" && verdicts.jitsi[id] === "admitted",
      );
      report["handshakes that Jitsi's modules alone let in"] = letIn;
    },
  );

  it.skipIf(root === undefined)(
    "[jitsi-modules] both let no stanza pass that the gate refuses, and none that is needed is refused",
    async () => {
      const found = { gate: {}, jitsi: {}, both: {} } as Record<Subject, Record<string, string>>;
      for (const subject of SUBJECTS)
        for (let i = 0; i < vectors.stanzas.length; i += 2)
          for (const one of await Promise.all(
            vectors.stanzas.slice(i, i + 2).map((row) =>
              answersOf(subject, row).catch((cause) => {
                throw new Error(`${subject}, ${row.id}`, { cause });
              }),
            ),
          ))
            Object.assign(found[subject], one);
      const keys = Object.keys(found.gate);
      const opened = keys.filter((key) => !passes(found.gate[key]) && passes(found.both[key]));
      expect(opened).toEqual(LOBBY_ADDS);
      const refused = keys.filter((key) => passes(found.gate[key]) && !passes(found.both[key]));
      expect(refused).toEqual([]);
      // Whatever stands behind the gate, a room that isn't the asker's has one answer for all its states.
      for (const subject of ["gate", "both"] as const)
        for (const { id, foreign } of vectors.stanzas)
          for (const who of ["guest", "moderator"]) {
            const answers = keys
              .filter((key) => key.startsWith(`${id}, ${who}, `) && !key.endsWith(", own"))
              .map((key) => found[subject][key]);
            if (foreign !== undefined) expect([id, ...new Set(answers)]).toHaveLength(2);
          }
      report["stanzas that Jitsi's modules alone let pass"] = keys.filter(
        (key) => !passes(found.gate[key]) && passes(found.jitsi[key]),
      );
      report["rooms that Jitsi's modules alone tell apart"] = vectors.stanzas.flatMap(({ id }) =>
        ["guest", "moderator"].flatMap((who) => {
          const states = keys.filter(
            (key) => key.startsWith(`${id}, ${who}, `) && !key.endsWith(", own"),
          );
          const answers = states.map((key) => `${key}: ${found.jitsi[key]}`);
          return new Set(states.map((key) => found.jitsi[key])).size > 1 ? [answers] : [];
        }),
      );
      report["refused by both in other words than by the gate"] = keys
        .filter((key) => !passes(found.both[key]) && found.gate[key] !== found.both[key])
        .map((key) => `${key}: gate ${found.gate[key]}, both ${found.both[key]}`);
    },
    600_000,
  );

  it.skipIf(root === undefined)(
    "[jitsi-modules] names of rooms: only what was issued is opened",
    async () => {
      const { issuer } = worlds.gate;
      const rooms = {
        issued: () => issuer.room(),
        over: () => issuer.room(-1),
        "of another instance": () => issuer.room(0, 3, "other.example"),
        "by a key that isn't here": () => new Issuer(domain).room(),
        chosen: () => "teamoverleg",
        "a health check": () => "__jicofo-health-check-1",
      };
      const opened: Record<Subject, string[]> = { gate: [], jitsi: [], both: [] };
      for (const subject of SUBJECTS)
        for (const [what, room] of Object.entries(rooms))
          if ((await worlds[subject].focus.openRoom(`${room()}@conference.${domain}`)) === "joined")
            opened[subject].push(what);
      expect(opened).toEqual({
        gate: ["issued", "a health check"],
        jitsi: Object.keys(rooms),
        both: ["issued", "a health check"],
      });
    },
  );
});

/** What a path gives whoever asks Prosody, as `status body`. */
async function gives(subject: Subject, path: string): Promise<string> {
  const { webPort } = worlds[subject].server;
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port: webPort, path, headers: { Host: domain } }, async (response) =>
      resolve(`${response.statusCode} ${await text(response)}`),
    ).on("error", reject);
  });
}

it.skipIf(root === undefined)(
  "[jitsi-modules] what Jitsi's modules tell by HTTP of rooms and people is told to nobody",
  async () => {
    const rooms = {} as Record<Subject, string>;
    for (const subject of SUBJECTS) rooms[subject] = (await meetingOf(subject)).room;
    const ask = (subject: Subject, path: string) =>
      gives(subject, path.replace("ROOM", `room=${rooms[subject]}&domain=${domain}`));
    for (const path of ["/room-census", "/sessions", "/room-size?ROOM", "/room?ROOM"]) {
      // Without the gate each of them answers: what the gate keeps shut is really there.
      expect([path, await ask("jitsi", path)]).toEqual([path, expect.stringMatching(/^200 ./)]);
      expect(await ask("both", path)).toBe("404 not found\n");
      expect(await ask("gate", path)).toBe("404 not found\n");
    }
  },
);

describe("Jitsi's lobby, behind the gate", () => {
  const leaves = ({ name, attributes }: Element): boolean =>
    name === "presence" && attributes["type"] === "unavailable";
  const lobbyOf = (one: GateClient): string => one.at("lobby");
  const waits = (one: GateClient, name = "Kees"): Promise<string> =>
    one.join(
      lobbyOf(one),
      undefined,
      `<nick xmlns='http://jabber.org/protocol/nick'>${name}</nick>`,
    );
  /** How lib-jitsi-meet lets people in: one message, an invitation for each, to their full JIDs. */
  const letIn = (moderator: GateClient, ...guests: GateClient[]): void => {
    const invites = guests.map(({ jid }) => `<invite to='${jid}'/>`).join("");
    moderator.send(
      `<message to='${moderator.at("conference")}' id='in'><x xmlns='http://jabber.org/protocol/muc#user'>${invites}</x></message>`,
    );
  };
  const isInvited = ({ name, children }: Element): boolean =>
    name === "message" && JSON.stringify(children).includes('"invite"');
  const lobby = it.skipIf(root === undefined);

  lobby(
    "[jitsi-lobby] is where a guest is sent, is shown to moderators, and left by a moderator's act",
    async () => {
      const moderator = await worlds.both.meeting();
      const { room } = moderator;
      expect(await waits(moderator)).toBe("joined");
      const [guest, other] = [
        await worlds.both.client(room, "guest"),
        await worlds.both.client(room, "guest"),
      ];
      const at = `${guest.at("conference")}/${guest.nick}`;
      expect(await guest.join()).toBe("modify not-acceptable");
      guest.send(
        `<presence to='${at}'><x xmlns='http://jabber.org/protocol/muc'/>${NAME}</presence>`,
      );
      const sent = await guest.take(({ attributes }) => attributes["from"] === at);
      expect(childOf(sent, "lobbyroom")?.text).toBe(lobbyOf(guest));
      expect(await waits(guest)).toBe("joined");
      expect(await waits(other, "Miep")).toBe("joined");
      // Moderators see who waits, whose name isn't known to be theirs; those who wait don't see each other.
      const shown = await moderator.take(
        ({ attributes }) => attributes["from"] === `${lobbyOf(guest)}/${guest.nick}`,
      );
      expect(childOf(shown, "nick")?.text).toBe("(unverified) Kees");
      expect(JSON.stringify(shown)).toContain(guest.jid);
      await guest.ping();
      expect(JSON.stringify(guest.seen)).not.toContain(other.nick);
      // Nobody is in by waiting, nor by asking again.
      expect(await named(guest)).toBe("auth registration-required");
      letIn(moderator, guest, other);
      for (const one of [guest, other]) {
        await one.take(isInvited);
        expect(await named(one)).toBe("joined");
      }
    },
  );

  lobby(
    "[jitsi-lobby] lets in nobody together with somebody who has no token for the meeting",
    async () => {
      const moderator = await worlds.both.meeting();
      const guest = await worlds.both.client(moderator.room, "guest");
      const stranger = await worlds.both.client(worlds.both.issuer.room(), "guest");
      await waits(guest);
      letIn(moderator, guest, stranger);
      await moderator.ping();
      expect(await named(guest)).toBe("auth registration-required");
      // Jitsi's module takes an invitation for one by its name alone.
      moderator.send(
        `<message to='${moderator.at("conference")}' id='x'><x xmlns='http://jabber.org/protocol/muc#user'><invite xmlns='x' to='${stranger.jid}'/></x></message>`,
      );
      await moderator.ping();
      await stranger.ping();
      expect(stranger.seen.filter(({ name }) => name === "message")).toEqual([]);
    },
  );

  lobby("[jitsi-lobby] doesn't hold moderators up", async () => {
    const moderator = await worlds.both.meeting();
    const second = await worlds.both.client(moderator.room, "moderator");
    expect(await second.join()).toBe("joined");
  });

  lobby("[jitsi-lobby] outlives an empty room while somebody waits, and no longer", async () => {
    const { both } = worlds;
    const room = both.issuer.room();
    const guest = await both.client(room, "guest");
    const conference = guest.at("conference");
    // The guest is first: Jicofo opens the room, finds nobody, and leaves after 15 s.
    expect(childOf(await guest.request(), "conference")?.attributes["ready"]).toBe("true");
    const form = { "muc#roomconfig_whois": "anyone" };
    const configured = await both.focus.configure(conference, form);
    expect(conditionOf(configured)).toBe("result");
    expect(await named(guest)).toBe("auth registration-required");
    expect(await waits(guest)).toBe("joined");
    both.focus.leave(conference);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await guest.ping();
    expect(guest.seen.filter(leaves)).toEqual([]);
    // A moderator comes, sees who waits, lets in.
    const moderator = await both.client(room, "moderator");
    expect(childOf(await moderator.request(), "conference")?.attributes["ready"]).toBe("true");
    expect(await moderator.join()).toBe("joined");
    expect(await waits(moderator)).toBe("joined");
    await moderator.take(
      ({ attributes }) => attributes["from"] === `${lobbyOf(guest)}/${guest.nick}`,
    );
    letIn(moderator, guest);
    await guest.take(isInvited);
    expect(await named(guest)).toBe("joined");
    // All gone, from both: so is the room, and nobody but Jicofo opens it anew.
    for (const one of [guest, moderator]) one.close();
    both.focus.leave(conference);
    const late = await both.client(room, "moderator");
    await expect.poll(() => late.join(), { timeout: 5000 }).toBe("cancel service-unavailable");
  });

  lobby("[jitsi-lobby] is the only way back for who was put out", async () => {
    const moderator = await worlds.both.meeting();
    const guest = await worlds.both.client(moderator.room, "guest");
    await waits(guest);
    letIn(moderator, guest);
    await guest.take(isInvited);
    expect(await named(guest)).toBe("joined");
    expect(conditionOf(await moderator.setRole(guest.nick, "none"))).toBe("result");
    await guest.take(leaves);
    expect(await named(guest)).toBe("auth registration-required");
    guest.leave(lobbyOf(guest));
    await guest.take(leaves);
    expect(await waits(guest)).toBe("joined");
    expect(await named(guest)).toBe("auth registration-required");
    letIn(moderator, guest);
    await guest.take(isInvited);
    expect(await named(guest)).toBe("joined");
  });

  lobby("[jitsi-lobby] is left by whom a moderator refuses, who isn't in then", async () => {
    const moderator = await worlds.both.meeting();
    await waits(moderator);
    const guest = await worlds.both.client(moderator.room, "guest");
    await waits(guest);
    // Jitsi's module swallows the answer to this, as to every iq of a lobby.
    moderator.send(
      `<iq type='set' to='${lobbyOf(moderator)}' id='no'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='${guest.nick}' role='none'/></query></iq>`,
    );
    expect(JSON.stringify(await guest.take(leaves))).toContain('"307"');
    expect(await named(guest)).toBe("auth registration-required");
  });

  lobby(
    "[jitsi-lobby] carries words between a moderator and who waits, and not among those",
    async () => {
      const moderator = await worlds.both.meeting();
      await waits(moderator);
      const [guest, other] = [
        await worlds.both.client(moderator.room, "guest"),
        await worlds.both.client(moderator.room, "guest"),
      ];
      for (const one of [guest, other]) await waits(one);
      const say = (by: GateClient, to: GateClient, body: string) =>
        by.send(
          `<message type='chat' to='${lobbyOf(by)}/${to.nick}'><json-message xmlns='http://jitsi.org/jitmeet'>{"type":"LOBBY_CHAT_MESSAGE","message":"${body}"}</json-message></message>`,
        );
      const hears = (body: string) => (e: Element) =>
        childOf(e, "json-message")?.text.includes(`"${body}"`) === true;
      say(guest, moderator, "hallo");
      await moderator.take(hears("hallo"));
      say(moderator, guest, "even geduld");
      await guest.take(hears("even geduld"));
      say(guest, other, "psst");
      await guest.ping();
      await other.ping();
      expect(other.seen.filter(hears("psst"))).toEqual([]);
    },
  );

  lobby(
    "[jitsi-modules] a moderator opens breakouts, for members of the meeting alone",
    async () => {
      const moderator = await worlds.both.meeting();
      const guest = await worlds.both.client(moderator.room, "guest");
      const open = (by: GateClient) =>
        by.send(
          `<message to='breakout.${domain}'><breakout_rooms type='features/breakout-rooms/add' subject='Groep 1'/></message>`,
        );
      open(guest);
      open(moderator);
      const told = await moderator.take(
        ({ name, attributes }) => name === "message" && attributes["from"] === `breakout.${domain}`,
      );
      const found = JSON.stringify(told).match(/[0-9a-f-]{36}@breakout\.[a-z.]+/g) ?? [];
      expect(new Set(found).size).toBe(1);
      const [breakout = ""] = found;
      expect(await worlds.both.focus.openRoom(breakout)).toBe("joined");
      expect(await moderator.join(breakout)).toBe("joined");
      expect(await guest.join(breakout, undefined, NAME)).toBe("cancel service-unavailable");
      await moderator.setAffiliation(guest.bareJid, "member");
      expect(await named(guest)).toBe("joined");
      expect(await guest.join(breakout, undefined, NAME)).toBe("joined");
    },
  );
});
