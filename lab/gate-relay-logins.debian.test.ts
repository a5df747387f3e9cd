import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import type { Element } from "../modules/verification/probes/index.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { raised } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const { domain } = blueprint;

describe("short logins for TURN", () => {
  const LIFE = 4;
  const world = worldOfSuite(blueprint, {
    config: (text) => raised(text).replace(/login = \d+/, `login = ${LIFE}`),
  });

  it("come anew to who may be in the meeting, to nobody who was put out, and leave one line a session", async () => {
    const moderator = await world().meeting();
    const guest = await world().client(moderator.room, "guest");
    await moderator.setAffiliation(guest.bareJid, "member");
    await guest.join();
    const comes = ({ children }: Element) => children.some(({ name }) => name === "json-message");
    const next = async () => {
      const told = (await guest.take(comes)).children[0]?.text ?? "";
      const [expires, name] = (/"(\d+:[0-9a-f]{16})"/.exec(told)?.[1] ?? "").split(":");
      return { expires: Number(expires), name };
    };
    const first = await next();
    const second = await next();
    expect(second.name).toBe(first.name);
    expect(second.expires).toBeGreaterThan(first.expires);
    expect(first.expires - Date.now() / 1000).toBeLessThanOrEqual(LIFE);
    const asks = `<iq type='get' to='${domain}' ID><services xmlns='urn:xmpp:extdisco:2'/></iq>`;
    for (let i = 0; i < 200; i++) guest.send(asks.replace("ID", `id='x${i}'`));
    await guest.ping();
    await moderator.setRole(guest.nick, "none");
    await guest.ping();
    guest.seen.length = 0;
    await new Promise((resolve) => setTimeout(resolve, LIFE * 1000));
    await guest.ping();
    expect(guest.seen.filter(comes)).toEqual([]);
    // The moderator's go on.
    await moderator.take(comes);
    const lines = world()
      .server.decisions()
      .filter(({ action }) => action === "relay login");
    expect(lines).toHaveLength(2);
  });
});
