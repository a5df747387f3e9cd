import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { CLIENT_KEYS } from "../../modules/hosts/client/testing.ts";
import { hostsWith } from "../../modules/planning/blueprint/index.ts";
import { linkOf } from "../testing/links.ts";
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

/** Public addresses of the cluster. */
const own = (): string[] =>
  acceptance.loaded.blueprint.hosts.flatMap(({ publicAddress }) => publicAddress?.ipv4 ?? []);

/** A link whose token is signed by nobody: one character of its signature is another. */
const forged = (link: string): string =>
  link.replace(/.(?=[^.]{20}$)/, (one) => (one === "A" ? "B" : "A"));

/** The client's own name for somebody else in the meeting. */
const participant = (name: string) =>
  `APP.conference._room.getParticipants().find((one) => (one.getDisplayName() ?? "").includes("${name}"))`;

/**
 * Settings in a link, which the page's own script takes out of it, and given to the client all the same: what must not
 * happen doesn't hang on that script.
 */
const crafted = (settings: Readonly<Record<string, unknown>>) => ({
  more: Object.entries(settings)
    .map(([key, value]) => `&config.${key}=${encodeURIComponent(JSON.stringify(value))}`)
    .join(""),
  settings,
});

describe("a meeting of real browsers", () => {
  it("a guest waits, is shown with the mark, is let in, and both see each other", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    for (const person of [moderator, ...guests]) expect(leaks(person)).toEqual([]);
    await guests[0]?.picture(join(acceptance.lab, "acceptance-guest.png"));
  });

  it("who has the meeting's name and no token stays outside, as does who has a forged or a revoked one", async () => {
    const { moderator: link, guest: guestLink, guestId } = acceptance.invite();
    const moderator = await acceptance.person("Wilhelmina");
    await moderator.join(link);
    acceptance.polder("revoke", acceptance.instance, guestId);
    for (const bad of [link.replace(/#.*/, ""), forged(link), guestLink]) {
      const outsider = await acceptance.person("Piet");
      await outsider.join(bad).catch(() => undefined);
      await expect(moderator.press(/toelaten/i, 20_000)).rejects.toThrow(/exceeded/);
      await expect(outsider.seesVideo(5_000)).rejects.toThrow(/exceeded/);
    }
  });

  it("who comes after its end reads that it has ended, and the gate refuses the token, too", async () => {
    const { moderator: link, guest: guestLink } = acceptance.invite(1);
    const { room, token } = linkOf(link);
    const person = await acceptance.person("Wilhelmina");
    await person.join(link);
    const address = `"wss://" + location.host + "/xmpp-websocket?room=${room}&token=${token}"`;
    const opens = (by: Person) =>
      by.run(`new Promise((resolve) => {
        const socket = new WebSocket(${address}, "xmpp");
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
      })`);
    await person.until("APP.conference.isJoined()", 60_000);
    expect(await opens(person)).toBe(true);
    // A session ends 60 s after its token (gate_grace); the token is valid for a minute from its start, 20 s from now.
    await person.until("!APP.conference._room || !APP.conference.isJoined()", 240_000);
    const late = await acceptance.person("Kees");
    await late.page.goto(guestLink, { waitUntil: "load" });
    await late.until("/De vergadering is afgelopen/.test(document.body.innerText)");
    expect(await opens(late)).toBe(false);
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

  it("a guest who loads the page again is in again, and who hangs up is asked for again", async () => {
    const { links, moderator, guests } = await acceptance.meeting(["Kees"]);
    const [kees] = guests as [Person];
    await kees.page.reload();
    await kees.ask();
    await kees.seesVideo(60_000);
    expect(await moderator.text()).not.toMatch(/toelaten/i);
    await kees.press(/gesprek verlaten|ophangen/i);
    await kees.until("!APP.conference.isJoined()");
    await kees.join(links.guest);
    await moderator.press(/toelaten/i, 60_000);
    await kees.seesVideo(60_000);
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

  it("a moderator has those who come later start muted", async () => {
    const { links, moderator } = await acceptance.meeting(["Kees"]);
    await moderator.run("APP.conference._room.setStartMutedPolicy({ audio: true, video: true })");
    const later = await acceptance.person("Piet");
    await later.join(links.guest);
    await moderator.press(/toelaten/i, 60_000);
    await later.until("APP.conference.isJoined()", 60_000);
    await later.until(
      "APP.conference.isLocalAudioMuted() && APP.conference.isLocalVideoMuted()",
      15_000,
    );
  });

  it("a guest without camera and microphone is let in, sees the others, and is seen by name", async () => {
    const { links, moderator } = await acceptance.meeting(["Kees"]);
    const piet = await acceptance.person("Piet", { hasDevices: false });
    await piet.join(links.guest);
    await moderator.press(/toelaten/i, 60_000);
    await piet.seesVideos(2, 60_000);
    await piet.picture(join(acceptance.lab, "acceptance-no-camera.png"));
    await moderator.until("/Piet/.test(document.body.innerText)", 15_000);
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

  it("third parties that are switched on by a link, or by anybody, are asked nothing", async () => {
    const settings = {
      "gravatar.disabled": false,
      disableThirdPartyRequests: false,
      "analytics.disabled": false,
      "giphy.enabled": true,
    };
    const { moderator, guests } = await acceptance.meeting(["Kees"], crafted(settings));
    for (const { elsewhere } of [moderator, ...guests]) expect(elsewhere).toEqual([]);
  });

  it("calls between two browsers that are switched on teach nobody the other's address", async () => {
    const settings = { "p2p.enabled": true, "p2p.stunServers": [] };
    const { moderator, guests } = await acceptance.meeting(["Kees"], crafted(settings));
    // Longer than a client waits before it tries without the bridge (p2p.backToP2PDelay, 5 s).
    await moderator.beginWatching();
    await sleep(15_000);
    for (const person of [moderator, ...guests]) {
      const paths = await person.paths();
      expect(paths.length).toBeGreaterThan(0);
      for (const { remote } of paths) expect(own()).toContain(remote.replace(/:\d+$/, ""));
    }
    expect(await moderator.longestStill()).toBeLessThan(5_000);
  });
});

describe("every setting that a link may set", () => {
  /** Something else than the client's own choice. An address is nobody's, and would be asked if anybody's were. */
  const values: Readonly<Record<string, readonly unknown[]>> = {
    boolean: [true, false],
    number: [1],
    text: ["https://elsewhere.example/x"],
    list: [["https://elsewhere.example/x"]],
    map: [{ url: "https://elsewhere.example/x" }],
    any: ["https://elsewhere.example/x"],
  };
  const keys = Object.entries(CLIENT_KEYS.config).filter(([, { link }]) => link);
  // A key's second value long after its first: of two in one link the client takes the last.
  const settings = [0, 1].flatMap((nth) =>
    keys.flatMap(([key, { type }]) => {
      const some = values[type] ?? [];
      return nth < some.length ? [{ key, value: some[nth] }] : [];
    }),
  );
  /**
   * What one of them does all the same: the client puts this address in the place of its bridge's, to see ICE fail, and no page's
   * policy reaches ICE. The page's own script takes the setting out of links (docs/jitsi.md).
   */
  const sent = ({ key, value }: (typeof settings)[number]): string[] =>
    key === "testing.failICE" && value === true ? ["1.1.1.1 udp 10000"] : [];
  const SIZE = 40;
  const groups = Array.from({ length: Math.ceil(settings.length / SIZE) }, (_, i) =>
    settings.slice(i * SIZE, (i + 1) * SIZE),
  );

  it("leads to nobody's server but the own, and teaches nobody the other's address", async () => {
    expect(settings.length).toBeGreaterThan(500);
    // Two people alone, whose clients would try without a bridge where a link makes them.
    const links = acceptance.invite();
    const moderator = await acceptance.person("Wilhelmina");
    await moderator.join(links.moderator);
    // Bridges offer their private addresses, too, which lead nowhere from outside but by a relay (docs/services.md).
    const offered = hostsWith(acceptance.loaded.blueprint, "bridge").map(({ ipv4 }) => ipv4);
    const clusters = [...own(), ...offered];
    let calls = 0;
    for (const group of groups) {
      const keys = group.map(({ key }) => key).join(" ");
      const { more, settings } = crafted(
        Object.fromEntries(group.map(({ key, value }) => [key, value])),
      );
      const kees = await acceptance.person("Kees", { settings, network: ["ipv4"] });
      kees.network.watch(clusters);
      // Some of them leave no page to join by: what was asked for until then counts.
      await kees.join(`${links.guest}${more}`, 20_000).catch(() => undefined);
      await moderator.press(/toelaten/i, 10_000).catch(() => undefined);
      const isIn = await kees.seesVideo(20_000).then(
        () => true,
        () => false,
      );
      if (isIn) calls++;
      process.stdout.write(`${isIn ? "in a call" : "no call"}: ${keys}\n`);
      await sleep(3_000);
      expect(kees.elsewhere, keys).toEqual([]);
      expect(kees.network.elsewhere(), keys).toEqual(group.flatMap(sent));
      for (const person of [moderator, kees])
        for (const { remote } of await person.paths())
          expect(clusters, keys).toContain(remote.replace(/:\d+$/, ""));
      await kees.close();
    }
    expect(calls).toBeGreaterThan(groups.length / 2);
  });
});
