import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { CLIENT_KEYS } from "../../modules/hosts/client/testing.ts";
import type { Person } from "./browser.ts";
import { Acceptance } from "./meeting.ts";

// Real browsers at the cluster that `make lab PACKAGES=folder` has deployed. docs/acceptance.md says what was seen, and when.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

/** What the page's policy stopped, and what was asked of somebody else's server. */
const leaks = ({ elsewhere, errors }: Person): string[] => [
  ...elsewhere,
  ...errors.filter((text) => /content security policy/i.test(text)),
];

/** The client's own name for somebody else in the meeting. */
const participant = (name: string) =>
  `APP.conference._room.getParticipants().find((one) => (one.getDisplayName() ?? "").includes("${name}"))`;

describe("a meeting of real browsers", () => {
  it("a guest waits, is shown with the mark, is let in, and both see each other", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    for (const person of [moderator, ...guests]) expect(leaks(person)).toEqual([]);
    await guests[0]?.picture(join(acceptance.lab, "acceptance-guest.png"));
  });

  it("who has the meeting's name and no token stays outside, as does who was revoked", async () => {
    const { moderator: link, guest: guestLink, guestId } = acceptance.invite();
    const moderator = await acceptance.person("Wilhelmina");
    await moderator.join(link);
    acceptance.polder("revoke", "lab", guestId);
    for (const bad of [link.replace(/#.*/, ""), guestLink]) {
      const outsider = await acceptance.person("Piet");
      await outsider.join(bad).catch(() => undefined);
      await expect(moderator.press(/toelaten/i, 20_000)).rejects.toThrow(/exceeded/);
      await expect(outsider.seesVideo(5_000)).rejects.toThrow(/exceeded/);
    }
  });

  it("a moderator rejects one guest, and removes another, who is out", async () => {
    const { links, moderator, guests } = await acceptance.meeting(["Kees"]);
    const [kees] = guests as [Person];
    const rejected = await acceptance.person("Piet");
    await rejected.join(links.guest);
    await moderator.press(/afwijzen/i, 60_000);
    await rejected.until("/afgewezen|geweigerd|rejected/i.test(document.body.innerText)", 30_000);
    await rejected.picture(join(acceptance.lab, "acceptance-rejected.png"));
    await moderator.run(`APP.conference._room.kickParticipant(${participant("Kees")}.getId())`);
    await kees.until("!APP.conference._room || !APP.conference.isJoined()", 30_000);
    await kees.picture(join(acceptance.lab, "acceptance-removed.png"));
  });

  it("a moderator mutes a guest, and sees a raised hand", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    const [kees] = guests as [Person];
    await kees.until("!APP.conference.isLocalAudioMuted()");
    const id = `${participant("Kees")}.getId()`;
    await moderator.run(`APP.conference._room.muteParticipant(${id}, "audio")`);
    await kees.until("APP.conference.isLocalAudioMuted()", 15_000);
    await kees.press(/hand op|raise/i);
    await moderator.until("/hand/i.test(document.body.innerText)", 15_000);
    await moderator.picture(join(acceptance.lab, "acceptance-hand.png"));
  });

  it("a guest can mute, remove and admit nobody", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    const [kees] = guests as [Person];
    await moderator.until("!APP.conference.isLocalAudioMuted()");
    const id = `${participant("Wilhelmina")}.getId()`;
    await kees.run(`APP.conference._room.muteParticipant(${id}, "audio")`).catch(() => undefined);
    await kees.run(`APP.conference._room.kickParticipant(${id})`).catch(() => undefined);
    await expect(
      moderator.until("APP.conference.isLocalAudioMuted() || !APP.conference.isJoined()", 10_000),
    ).rejects.toThrow(/exceeded/);
  });

  it("a link that switches third parties on leads to nobody's server but the own", async () => {
    const more =
      "&config.gravatar.disabled=false&config.disableThirdPartyRequests=false&config.analytics.disabled=false&config.giphy.enabled=true";
    const { moderator, guests } = await acceptance.meeting(["Kees"], { more });
    for (const { elsewhere } of [moderator, ...guests]) expect(elsewhere).toEqual([]);
  });

  it("a link that switches calls between two browsers on teaches nobody the other's address", async () => {
    const more = "&config.p2p.enabled=true&config.p2p.stunServers=%5B%5D";
    const { moderator, guests } = await acceptance.meeting(["Kees"], { more });
    const { hosts } = acceptance.loaded.blueprint;
    const own = hosts.flatMap(({ publicAddress }) => publicAddress?.ipv4 ?? []);
    // Longer than a client waits before it tries without the bridge (p2p.backToP2PDelay, 5 s).
    await moderator.beginWatching();
    await sleep(15_000);
    for (const person of [moderator, ...guests]) {
      const paths = await person.paths();
      expect(paths.length).toBeGreaterThan(0);
      for (const { remote } of paths) expect(own).toContain(remote.replace(/:\d+$/, ""));
    }
    expect(await moderator.longestStill()).toBeLessThan(5_000);
  });
});

describe("every setting that a link may set", () => {
  /** Something else than the client's own choice. An address is nobody's, and would be asked if anybody's were. */
  const crafted: Readonly<Record<string, readonly unknown[]>> = {
    boolean: [true, false],
    number: [1],
    text: ["https://elsewhere.example/x"],
    list: [["https://elsewhere.example/x"]],
    map: [{ url: "https://elsewhere.example/x" }],
    any: ["https://elsewhere.example/x"],
  };
  const settings = Object.entries(CLIENT_KEYS.config)
    .filter(([, { link }]) => link)
    .flatMap(([key, { type }]) => (crafted[type] ?? []).map((value) => ({ key, value })));
  const SIZE = 40;
  const groups = Array.from({ length: Math.ceil(settings.length / SIZE) }, (_, i) =>
    settings.slice(i * SIZE, (i + 1) * SIZE),
  );

  it("leads to nobody's server but the own", async () => {
    expect(settings.length).toBeGreaterThan(300);
    for (const group of groups) {
      const { moderator: link } = acceptance.invite();
      const more = group.map(
        ({ key, value }) => `&config.${key}=${encodeURIComponent(JSON.stringify(value))}`,
      );
      const person = await acceptance.person("Wilhelmina");
      // Some of them leave no page to join by: what it asked for until then counts.
      await person.join(`${link}${more.join("")}`, 20_000).catch(() => undefined);
      await sleep(3_000);
      expect(person.elsewhere, group.map(({ key }) => key).join(" ")).toEqual([]);
      await acceptance.end();
    }
  });
});
