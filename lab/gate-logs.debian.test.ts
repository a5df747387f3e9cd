import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { attemptEntry, queryOf } from "./testing/gate-client.ts";
import { Issuer, pseudonymOf } from "./testing/gate-issuer.ts";
import { PSEUDONYM_KEY } from "./testing/gate-server.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { raised, World } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance({ chat: "on" })));
const { domain } = blueprint;

const world = worldOfSuite(blueprint);

describe("what is written down", () => {
  it("holds nobody's name, room, address or token in operations, and each decision in security", async () => {
    const from = "203.0.113.77";
    const room = world().issuer.room();
    const token = await world().issuer.token(room, "moderator");
    const moderator = await world().client(room, "moderator", token, from);
    await moderator.request();
    await moderator.join();
    const guest = await world().client(room, "guest", undefined, from);
    await guest.join();
    // Another signature of the right form.
    const forged = token.replace(/.{40}$/, (end) => end.replaceAll(/[A-M]/g, "z"));
    await attemptEntry(world().server, queryOf(room, forged), from);
    const probed = new Issuer(domain).room();
    await guest.features(`${probed}@conference.${domain}`);
    // What Prosody itself logs about what it can't read.
    guest.send(`<iq type='get' to='@@${room}' id='x'><query xmlns='a'/></iq>`);
    // Somebody who holds a link and tries another room's name, and a moderator's acts.
    await attemptEntry(world().server, queryOf(probed, token), from);
    await moderator.setAffiliation(guest.bareJid, "member");
    await guest.join();
    await moderator.setRole(guest.nick, "none");
    guest.send("<a></b>");
    await guest.untilEnded();
    moderator.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const logged = world().server.logged();
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
    const decisions = world()
      .server.decisions()
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
    const mine = world()
      .server.decisions()
      .filter((one) => one["address"] === from);
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

  it("names whose link it was where it was issued and counts no more, and nobody where it is forged", async () => {
    const { issuer, server } = world();
    const room = issuer.room();
    const now = Math.floor(Date.now() / 1000);
    const ended = { ...issuer.claims(room), iat: now - 7200, nbf: now - 7200, exp: now - 60 };
    const token = await issuer.sign(ended);
    const from = "203.0.113.78";
    await attemptEntry(server, queryOf(room, token), from);
    await attemptEntry(server, queryOf(room, token.replace(/.{40}$/, "A".repeat(40))), from);
    const told = () =>
      server
        .decisions()
        .flatMap(({ address, why, actor }) => (address === from ? [[why, actor]] : []));
    await expect.poll(told).toEqual([
      ["expired", ended.context.user.id],
      ["signature", undefined],
    ]);
  });

  it("is nothing of the rooms by which Jicofo looks after itself, and all of a meeting's", async () => {
    const opened = async (room: string) => {
      const address = `${room}@conference.${domain}`;
      expect(await world().focus.openRoom(address)).toBe("joined");
      world().focus.leave(address);
      return () =>
        world()
          .server.decisions()
          .filter((one) => one["room"] === pseudonymOf(PSEUDONYM_KEY, room))
          .map(({ action, result }) => `${action} ${result}`);
    };
    const check = await opened(`__jicofo-health-check-${"0123456789abcdef".repeat(2)}`);
    // Opened and left later: its lines are there, so those of the check would be.
    const meeting = await opened(world().issuer.room());
    await expect.poll(meeting).toContain("join admitted");
    expect(check()).toEqual([]);
  });

  it("isn't what each client of Jitsi's asks at each login, which is refused like all else", async () => {
    const from = "203.0.113.79";
    const room = world().issuer.room();
    const guest = await world().client(room, "guest", undefined, from);
    const services = (form: string, name = "services") =>
      `<iq type='get' to='${domain}' ID><${name} xmlns='urn:xmpp:extdisco:${form}'/></iq>`;
    const lobbies = (node: string) =>
      `<iq type='get' to='lobby.${domain}' ID><query xmlns='http://jabber.org/protocol/disco#info' node='${node}'/></iq>`;
    const refused = () =>
      world()
        .server.decisions()
        .filter((one) => one["address"] === from && one["action"] === "stanza").length;
    const ask = async (xml: string) =>
      expect(JSON.stringify(await guest.ask(xml))).toContain("service-unavailable");
    for (const xml of [services("2"), services("1"), lobbies("lobbyrooms")]) await ask(xml);
    // What is near to it has its line.
    const near = [services("3"), services("2", "credentials"), lobbies("rooms")];
    for (const xml of near) await ask(xml);
    await expect.poll(refused).toBe(near.length);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(refused()).toBe(near.length);
    guest.close();
  });

  it("is an error when the security log has no field for it, and written without it", async () => {
    const code = `module:depends("gate").security { action = "plant", result = "done", colour = "red" }\n`;
    const other = await World.start(blueprint, {
      config: (text) => raised(text).replace('"gate_rooms"', '"gate_rooms"; "planted"'),
      files: { "/usr/local/lib/polder/prosody/mod_planted.lua": code },
    });
    const [planted] = other.server.decisions().filter(({ action }) => action === "plant");
    expect(planted).toEqual({ at: planted?.["at"], action: "plant", result: "done" });
    await expect(other.stop()).rejects.toThrow("the security log doesn't know: colour");
  });
});
