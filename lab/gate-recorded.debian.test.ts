import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { conditionOf, type GateClient } from "./testing/gate-client.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { REFUSED, raised } from "./testing/gate-world.ts";
import { loadRecorded, type RecordedStanza } from "./testing/recorded.ts";

// What real browsers sent (modules/hosts/gate/recorded.yaml), sent again to Prosody with the gate.

const blueprint = buildBlueprint(inputOf(someInstance({ chat: "off" })));
const { domain } = blueprint;

/** What Jitsi's module would do, on core MUC: a meeting has a lobby of its name. */
const LOBBIES = `
module:hook("muc-room-created", function (event)
	local node = require "prosody.util.jid".node(event.room.jid)
	prosody.hosts["lobby.${domain}"].modules.muc.create_room(node .. "@lobby.${domain}")
end)
`;
const world = worldOfSuite(blueprint, {
  config: (text) => raised(text).replace('"gate_rooms"', '"gate_rooms"; "planted_lobbies"'),
  files: { "/usr/local/lib/polder/prosody/mod_planted_lobbies.lua": LOBBIES },
});

/** Brings somebody as far as the sender was. */
async function arrive(moderator: GateClient, one: GateClient, state: RecordedStanza["state"]) {
  if (state === "waiting") expect(await one.join(one.at("lobby"), "0a1b2c3d")).toBe("joined");
  if (state !== "inside") return;
  await moderator.setAffiliation(one.bareJid, "member");
  expect(await one.join()).toBe("joined");
}

/** The sender in a new meeting, the other person, and the sender's token. */
async function cast({ who, state }: RecordedStanza) {
  const room = world().issuer.room();
  const token = await world().issuer.token(room, who);
  if (who === "guest") {
    const moderator = await world().meeting(room);
    const sender = await world().client(room, "guest", token);
    await arrive(moderator, sender, state);
    return { sender, other: moderator, token };
  }
  const colleague = await world().meeting(room);
  const other = await world().client(room, "guest");
  await arrive(colleague, other, "inside");
  const sender = await world().client(room, "moderator", token);
  if (state === "inside") expect(await sender.join()).toBe("joined");
  return { sender, other, token };
}

/** Whether the gate refuses it: its answer comes before that to what is asked next. */
async function verdictOf(row: RecordedStanza): Promise<string> {
  const { sender, other, token } = await cast(row);
  const places: Readonly<Record<string, string>> = {
    domain,
    token,
    room: sender.room,
    jid: sender.jid,
    bare: sender.bareJid,
    nick: sender.nick,
    "other-jid": other.jid,
    "other-bare": other.bareJid,
    other: other.nick,
  };
  sender.seen.splice(0);
  sender.send(row.xml.replace(/\{([a-z-]+)\}/g, (all, name: string) => places[name] ?? all));
  await sender.ping();
  const refused = sender.seen.some(
    (one) => one.attributes["type"] === "error" && conditionOf(one) === REFUSED,
  );
  for (const one of [sender, other]) one.close();
  return refused ? "refused" : "passes";
}

const recorded = loadRecorded();

/** The beginning of a stanza, without what says nothing to a reader. */
const words = (xml: string): string =>
  xml.replace(/ (id|from|xmlns|jid|initiator|machine-uid|token)="[^"]*"/g, "").slice(0, 120);

describe("what a real client sent", () => {
  it("was recorded of each role in each state", () => {
    const states = new Set(recorded.map(({ who, state }) => `${who} ${state}`));
    expect([...states].sort()).toEqual([
      "guest inside",
      "guest outside",
      "guest waiting",
      "moderator inside",
      "moderator outside",
    ]);
  });

  const seen = recorded
    .filter(({ verdict }) => verdict !== "unseen")
    .map((row, i) => ({ ...row, what: `${i}, ${words(row.xml)}` }));
  it.each(seen)("$verdict, a $who $state: $what", async ({ what: _, ...row }) => {
    expect(await verdictOf(row)).toBe(row.verdict);
  });
});
