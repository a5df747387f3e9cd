import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { Cookies, type GateClient } from "./testing/gate-client.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { raised, type World } from "./testing/gate-world.ts";

const WAITS = "auth registration-required";

const world = worldOfSuite(buildBlueprint(inputOf(someInstance())));

/** A guest's browser with one link, from one address or another. */
class Browser {
  readonly cookies = new Cookies();
  private readonly moderator: GateClient;
  private readonly of: World;
  private readonly token: Promise<string>;

  constructor(moderator: GateClient, of = world()) {
    this.moderator = moderator;
    this.of = of;
    this.token = of.issuer.token(moderator.room);
  }

  async open(address = "203.0.113.30", cookies = this.cookies): Promise<GateClient> {
    const { room } = this.moderator;
    return this.of.client(room, "guest", await this.token, address, cookies);
  }

  /** In the meeting, let in by its moderator. */
  async admitted(): Promise<GateClient> {
    const guest = await this.open();
    await this.moderator.setAffiliation(guest.bareJid, "member");
    expect(await guest.join()).toBe("joined");
    return guest;
  }

  /** What comes of a new session of the same page. */
  async comesAgain(address?: string): Promise<string> {
    return (await this.open(address)).join();
  }
}

/** The room shows that somebody is gone. */
const isGone = (moderator: GateClient, guest: GateClient) =>
  moderator.take(
    ({ name, attributes }) =>
      name === "presence" &&
      attributes["type"] === "unavailable" &&
      attributes["from"] === `${guest.at("conference")}/${guest.nick}`,
  );

/** Lost, as when a phone leaves a network: the server sees the end of the connection. */
async function lose(moderator: GateClient, guest: GateClient): Promise<void> {
  guest.close();
  await isGone(moderator, guest);
}

/** A guest who came back by the cookie, and whom the moderator then removed. */
async function backAndRemoved(moderator: GateClient, browser: Browser): Promise<GateClient> {
  await lose(moderator, await browser.admitted());
  const back = await browser.open();
  expect(await back.join()).toBe("joined");
  await moderator.setRole(back.nick, "none");
  await isGone(moderator, back);
  return back;
}

describe("a guest who was let in and lost the connection", () => {
  it("waits for a moderator again without the cookie, by the same link and address: another may hold both", async () => {
    const moderator = await world().meeting();
    const browser = new Browser(moderator);
    await lose(moderator, await browser.admitted());
    expect(await (await browser.open(undefined, new Cookies())).join()).toBe(WAITS);
  });

  it("is in again with it, from another network, as often as it happens", async () => {
    const moderator = await world().meeting();
    const browser = new Browser(moderator);
    let guest = await browser.admitted();
    for (const address of ["198.51.100.40", "198.51.100.41", "2001:db8:7::1"]) {
      await lose(moderator, guest);
      guest = await browser.open(address);
      expect(await guest.join()).toBe("joined");
    }
    const back = world()
      .server.decisions()
      .filter(({ action }) => action === "come back");
    expect(back.map(({ address }) => address)).toEqual([
      "198.51.100.40",
      "198.51.100.41",
      "2001:db8:7::1",
    ]);
    expect(back[0]).toMatchObject({ result: "admitted", role: "guest" });
    expect(back[0]?.["room"]).toHaveLength(26);
  });

  it("has a cookie that no script reads, that goes nowhere else, and that ends with the link", async () => {
    const browser = new Browser(await world().meeting());
    await browser.open();
    expect(browser.cookies.set).toMatch(
      /^__Secure-polder-[0-9a-f]{16}=[0-9a-f]{64}; Path=\/xmpp-websocket; Secure; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    );
    const age = Number(browser.cookies.set?.split("Max-Age=")[1]);
    expect([age > 0, age <= 24 * 3600]).toEqual([true, true]);
  });

  it("keeps its cookie where another handshake was lost on the way", async () => {
    const moderator = await world().meeting();
    const browser = new Browser(moderator);
    await lose(moderator, await browser.admitted());
    (await browser.open()).close();
    (await browser.open()).close();
    expect(await browser.comesAgain()).toBe("joined");
  });

  it("comes back while the old connection still stands, and that one ends", async () => {
    const moderator = await world().meeting();
    const browser = new Browser(moderator);
    const old = await browser.admitted();
    old.deafen();
    const back = await browser.open("198.51.100.42");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await back.join()).toBe("joined");
    await isGone(moderator, old);
    await lose(moderator, back);
    expect(await browser.comesAgain()).toBe("joined");
  });
});

it("who came back, was removed and is let in again stays in", async () => {
  const moderator = await world().meeting();
  const browser = new Browser(moderator);
  const back = await backAndRemoved(moderator, browser);
  await moderator.setAffiliation(back.bareJid, "member");
  expect(await back.join()).toBe("joined");
  expect((await back.ping()).attributes["type"]).toBe("result");
  await lose(moderator, back);
  expect(await browser.comesAgain()).toBe("joined");
});

describe("a second window of the browser, while the first one answers", () => {
  it("waits as everybody, and the first is neither ended nor shut out", async () => {
    const moderator = await world().meeting();
    const browser = new Browser(moderator);
    const first = await browser.admitted();
    const second = await browser.open();
    expect(await second.join()).toBe(WAITS);
    for (const _ of [1, 2]) {
      // It has answered by now.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await second.join()).toBe(WAITS);
    }
    expect((await first.ping()).attributes["type"]).toBe("result");
    await moderator.setAffiliation(second.bareJid, "member");
    expect(await second.join()).toBe("joined");
    second.leave();
    await isGone(moderator, second);
    await lose(moderator, first);
    expect(await browser.comesAgain()).toBe("joined");
  });
});

describe("a cookie is worth nothing", () => {
  const lets = async (end: (moderator: GateClient, guest: GateClient) => Promise<void>) => {
    const moderator = await world().meeting();
    const browser = new Browser(moderator);
    await end(moderator, await browser.admitted());
    return browser.comesAgain();
  };

  it("to who was removed", async () => {
    const end = async (moderator: GateClient, guest: GateClient) => {
      await moderator.setRole(guest.nick, "none");
      await isGone(moderator, guest);
    };
    expect(await lets(end)).toBe(WAITS);
  });

  it("to whose membership was taken after the connection was lost", async () => {
    const end = async (moderator: GateClient, guest: GateClient) => {
      await lose(moderator, guest);
      await moderator.setAffiliation(guest.bareJid, "none");
    };
    expect(await lets(end)).toBe(WAITS);
  });

  it("to who was removed after coming back by it", async () => {
    const moderator = await world().meeting();
    const browser = new Browser(moderator);
    await backAndRemoved(moderator, browser);
    expect(await browser.comesAgain()).toBe(WAITS);
  });

  it("to who has left", async () => {
    const end = async (moderator: GateClient, guest: GateClient) => {
      guest.leave();
      await isGone(moderator, guest);
      guest.close();
    };
    expect(await lets(end)).toBe(WAITS);
  });

  it("to who was never let in", async () => {
    const browser = new Browser(await world().meeting());
    const guest = await browser.open();
    expect(await guest.join()).toBe(WAITS);
    guest.close();
    expect(await browser.comesAgain()).toBe(WAITS);
  });

  it("in the next meeting of the same name", async () => {
    const moderator = await world().meeting();
    const browser = new Browser(moderator);
    await lose(moderator, await browser.admitted());
    moderator.leave();
    await isGone(moderator, moderator);
    world().focus.leave(moderator.at("conference"));
    const next = await world().meeting(moderator.room);
    expect(await browser.comesAgain()).toBe(WAITS);
    next.close();
  });

  it("with another link, and in another meeting", async () => {
    const moderator = await world().meeting();
    const browser = new Browser(moderator);
    await lose(moderator, await browser.admitted());
    const shown = Object.assign(new Cookies(), browser.cookies);
    const other = new Browser(moderator);
    expect(await (await other.open(undefined, shown)).join()).toBe(WAITS);
    // Also under the name that the other meeting's cookie has.
    const elsewhere = new Browser(await world().meeting());
    await elsewhere.open();
    const [name = ""] = elsewhere.cookies.kept?.split("=") ?? [];
    const [, secret = ""] = browser.cookies.kept?.split("=") ?? [];
    for (const kept of [`${name}=${secret}`, browser.cookies.kept]) {
      const both = Object.assign(new Cookies(), { kept });
      expect(await (await elsewhere.open(undefined, both)).join()).toBe(WAITS);
    }
    expect(await browser.comesAgain()).toBe("joined");
  });

  it("where it is made up, or cut short", async () => {
    const moderator = await world().meeting();
    const browser = new Browser(moderator);
    await lose(moderator, await browser.admitted());
    const own = browser.cookies.kept ?? "";
    const upper = own.replace(/=.*/, (secret) => secret.toUpperCase());
    for (const kept of [own.slice(0, -1), `${own}0`, upper, `x${own}`, "; ;=;", ""]) {
      const shown = Object.assign(new Cookies(), { kept });
      expect(await (await browser.open(undefined, shown)).join(), kept).toBe(WAITS);
      expect(shown.set, kept).toBeDefined();
    }
  });
});

it("costs no more where somebody shows a header full of nothing", async () => {
  const { room } = await world().meeting();
  const token = await world().issuer.token(room);
  const timed = async (kept: string) => {
    const began = performance.now();
    for (let i = 0; i < 5; i++)
      (
        await world().client(
          room,
          "guest",
          token,
          undefined,
          Object.assign(new Cookies(), { kept }),
        )
      ).close();
    return performance.now() - began;
  };
  const usual = await timed("a=b");
  // Of a pattern that goes back at each character, it was a hundred times.
  expect(await timed("x".repeat(8_000))).toBeLessThan(usual * 5 + 200);
});

describe("where Jitsi's lobby keeps the room, and another module may refuse", () => {
  const PLANTED = `
module:hook("muc-room-created", function (event) event.room:set_persistent(true) end)
module:hook("muc-occupant-pre-join", function (event)
	local name = event.stanza:get_child_text("nick", "http://jabber.org/protocol/nick") or ""
	if not name:find("Refused") then return end
	event.origin.send(require "prosody.util.stanza".error_reply(event.stanza, "modify", "not-acceptable"))
	return true
end, -4)
`;
  const REFUSED_NAME = "<nick xmlns='http://jabber.org/protocol/nick'>Refused</nick>";
  const kept = worldOfSuite(buildBlueprint(inputOf(someInstance())), {
    config: (text) => raised(text).replace('"gate_return"', '"gate_return"; "planted"'),
    files: { "/usr/local/lib/polder/prosody/mod_planted.lua": PLANTED },
  });
  const lost = async () => {
    const moderator = await kept().meeting();
    const browser = new Browser(moderator, kept());
    const guest = await browser.admitted();
    await lose(moderator, guest);
    return { moderator, guest, browser };
  };

  it("a cookie is worth nothing in the next meeting", async () => {
    const { moderator, browser } = await lost();
    kept().focus.leave(moderator.at("conference"));
    moderator.leave();
    await isGone(moderator, moderator);
    const next = await kept().meeting(moderator.room);
    expect(await browser.comesAgain()).toBe(WAITS);
    next.close();
  });

  it("who is refused by another module hasn't come back, and what is taken from them is taken", async () => {
    const { moderator, guest, browser } = await lost();
    const again = await browser.open();
    expect(await again.join(undefined, undefined, REFUSED_NAME)).toBe("modify not-acceptable");
    const back = () =>
      kept()
        .server.decisions()
        .filter(({ action }) => action === "come back").length;
    expect(back()).toBe(0);
    await moderator.setAffiliation(guest.bareJid, "none");
    expect(await again.join()).toBe(WAITS);
  });

  it("whose first window is heard again meanwhile keeps it, though somebody lets the second one in", async () => {
    const moderator = await kept().meeting();
    const browser = new Browser(moderator, kept());
    const first = await browser.admitted();
    first.deafen();
    const second = await browser.open();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await second.join(undefined, undefined, REFUSED_NAME)).toBe("modify not-acceptable");
    first.hear();
    expect((await first.ping()).attributes["type"]).toBe("result");
    await moderator.setAffiliation(second.bareJid, "member");
    expect(await second.join()).toBe("joined");
    expect((await first.ping()).attributes["type"]).toBe("result");
  });

  it("who was refused once comes back at the next try", async () => {
    const { browser } = await lost();
    const again = await browser.open();
    expect(await again.join(undefined, undefined, REFUSED_NAME)).toBe("modify not-acceptable");
    expect(await again.join()).toBe("joined");
  });
});

it("brings the last one in a room back into that room, and not into one that ended meanwhile", async () => {
  const moderator = await world().meeting();
  const browser = new Browser(moderator);
  const old = await browser.admitted();
  world().focus.leave(moderator.at("conference"));
  moderator.leave();
  await isGone(moderator, moderator);
  old.deafen();
  const back = await browser.open();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await back.join()).toBe("joined");
  const again = await world().meeting(moderator.room);
  await again.take(
    ({ attributes }) => attributes["from"] === `${back.at("conference")}/${back.nick}`,
  );
});

it("gives a moderator no cookie, who needs none, and writes none down", async () => {
  const moderator = await world().meeting();
  const cookies = new Cookies();
  const token = await world().issuer.token(moderator.room, "moderator");
  await world().client(moderator.room, "moderator", token, undefined, cookies);
  expect(cookies.set).toBeUndefined();
  const browser = new Browser(moderator);
  await lose(moderator, await browser.admitted());
  expect(await browser.comesAgain()).toBe("joined");
  const secret = browser.cookies.kept?.split("=")[1] ?? "";
  expect(secret).toHaveLength(64);
  const written = world()
    .server.logged()
    .map(({ text }) => text);
  expect(written.join("\n")).not.toContain(secret);
});
