import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dump } from "js-yaml";
import { afterEach, beforeAll, expect, it } from "vitest";
import { until } from "../cloud/process.ts";
import { linkOf } from "../testing/links.ts";
import { loadRecorded, type RecordedStanza } from "../testing/recorded.ts";
import type { Person } from "./browser.ts";
import { Acceptance } from "./meeting.ts";
import { kindsOf, Recording } from "./recording.ts";

// What a real client sends to the gate in a meeting, kind by kind. CI asks its gate the same (gate-recorded.debian.test.ts).

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

const ROOM = "APP.conference._room";
const other = (name: string) =>
  `${ROOM}.getParticipants().find((one) => (one.getDisplayName() ?? "").endsWith("${name}"))`;
/** Whether this person shares a screen. */
const SHARES =
  "APP.store.getState()['features/base/tracks'].some((one) => one.local && one.videoType === 'desktop' && !one.muted)";
const own = async (person: Person): Promise<string> =>
  String(await person.run("APP.connection.getJid()"));

/** The kind of a message between two people's encryption, as it stands in a frame. */
const olm = (kind: string) => `&quot;${kind}&quot;`;

/** Some messages have no id by which an answer could be known: it comes before the next is sent. */
const answered = () => sleep(1_000);

/** What a reader of the file must know. @param browser its name and version */
const headOf = (browser: string): string => {
  const packages = acceptance.loaded.blueprint.jitsi ?? [];
  const versions = packages.map(({ name, version }) => `${name} ${version}`).join(", ");
  return `# What real browsers sent to the gate in a meeting, the first of each kind, and what it made of that.
# lab/acceptance/recorded.acceptance.test.ts writes this file, ${new Date().toISOString().slice(0, 10)}: ${browser};
# ${versions}.
# Rows at the end are of another run: what a client sends at times.
# lab/gate-recorded.debian.test.ts sends all of it to the gate again.
`;
};

/** One person of each role through all that a meeting has here. */
async function meet(): Promise<RecordedStanza[]> {
  const links = acceptance.invite();
  const moderator = await acceptance.person("Wilhelmina");
  const ofModerator = await Recording.begin("moderator", moderator.page);
  await moderator.join(links.moderator);
  const rejected = await acceptance.person("Piet");
  await rejected.join(links.guest);
  await moderator.press(/afwijzen/i, 60_000);
  await rejected.close();
  const guest = await acceptance.person("Kees");
  const ofGuest = await Recording.begin("guest", guest.page);
  await guest.join(links.guest);
  await moderator.press(/toelaten/i, 60_000);
  await guest.seesVideo(90_000);
  await moderator.seesVideo(90_000);
  for (const [person, name] of [
    [guest, "Wilhelmina"],
    [moderator, "Kees"],
  ] as const) {
    await person.press(/hand op/i);
    await person.run("APP.conference.muteAudio(true)");
    await person.run("APP.conference.muteVideo(true)");
    await person.run("APP.conference.muteVideo(false)");
    await person.press(/schermdeling in- of uitschakelen/i);
    await person.until(SHARES, 30_000);
    await person.press(/schermdeling stoppen/i);
    await person.run(`${ROOM}.sendTextMessage("Goedemorgen")`);
    await answered();
    await person.run(`${ROOM}.muteParticipant(${other(name)}.getId(), "audio")`);
    await person.run(`${ROOM}.setStartMutedPolicy({ audio: true, video: false })`);
    await person.run(`${ROOM}.setSubject("Begroting")`);
    await answered();
  }
  await moderator.run("APP.store.dispatch({ type: 'TOGGLE_E2EE', enabled: true })");
  await guest.until(`${ROOM}.isE2EEEnabled()`, 30_000);
  await moderator.run("APP.store.dispatch({ type: 'TOGGLE_E2EE', enabled: false })");
  await guest.until(`!${ROOM}.isE2EEEnabled()`, 30_000);
  for (const [one, other] of [
    [ofModerator, ofGuest],
    [ofGuest, ofModerator],
  ] as const) {
    // The client asks the server each 10 s.
    expect(await until(() => one.count("urn:xmpp:ping") > 0, 30)).toBe(true);
    // Whoever is removed before the answer to the other's key is refused it, or not, by a moment.
    const isAnswered = () => {
      const sent = one.count(olm("key-info"));
      return sent > 0 && sent <= other.count(olm("key-info-ack")) + other.count(olm("error"));
    };
    expect(await until(isAnswered, 30)).toBe(true);
  }
  const jids = { moderator: await own(moderator), guest: await own(guest) };
  const { domain } = acceptance.loaded.blueprint;
  await guest.run(`${ROOM}.kickParticipant(${other("Wilhelmina")}.getId())`).catch(() => undefined);
  await moderator.run(`${ROOM}.kickParticipant(${other("Kees")}.getId())`);
  await guest.until("!APP.conference._room || !APP.conference.isJoined()", 30_000);
  await moderator.run("APP.conference.hangup(false)");
  await moderator.until("!APP.conference.isJoined()", 30_000);
  await answered();
  const names = (person: string, link: string) => ({
    token: linkOf(link).token,
    "other-jid": person,
    "other-bare": person.split("/")[0] ?? "",
    other: person.slice(0, 8),
    room: linkOf(links.guest).room,
    domain,
  });
  return [
    ...ofModerator.kinds(names(jids.guest, links.moderator)),
    ...ofGuest.kinds(names(jids.moderator, links.guest)),
  ];
}

it("a moderator's and a guest's client send what was recorded of them, and the gate decides as then", async ({
  skip,
}) => {
  skip(acceptance.loaded.blueprint.meetings.chat === "on", "it was recorded with chat off");
  const found = await meet();
  const kept = join(acceptance.lab, "recorded.yaml");
  const browser = await (await acceptance.person("nobody")).page.browser().version();
  const kinds = new Set(found.flatMap(kindsOf));
  // What a client sends at times, such as its answer to a question that Jicofo asks once in its life, stays.
  const former = loadRecorded().filter((row) => kindsOf(row).some((kind) => !kinds.has(kind)));
  const stanzas = [...found, ...former];
  writeFileSync(kept, `${headOf(browser)}${dump({ stanzas }, { lineWidth: -1 })}`);
  const recorded = new Set(loadRecorded().flatMap(kindsOf));
  const fresh = found.flatMap(kindsOf).filter((kind) => !recorded.has(kind));
  expect(fresh, `what is new stands in ${kept}`).toEqual([]);
});
