import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "./browser.ts";
import { Acceptance } from "./meeting.ts";

// End-to-end encryption, by real browsers at the deployed cluster.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

const ROOM = "APP.conference._room";
const ENCRYPTS = `${ROOM}.isE2EEEnabled()`;
const SWITCH = "document.querySelector('#e2ee-section-switch')";
/** Another person, as the client knows them. @param name also behind a guest's mark */
const known = (name: string) =>
  `${ROOM}.getParticipants().find((one) => one.getDisplayName().endsWith("${name}"))`;
/** Milliseconds in which pictures are counted. */
const COUNTED = 4000;
/** The part of all pictures that can be decoded on a busy machine. */
const MOST = 0.8;

const encrypts = (people: readonly Person[], on: boolean) =>
  Promise.all(people.map((one) => one.until(`${ENCRYPTS} === ${on}`)));

/** Begins or ends it as a moderator does. */
async function press(moderator: Person): Promise<void> {
  await moderator.press(/meer acties/i);
  await moderator.press(/beveiligingsopties/i);
  await moderator.until(`!!${SWITCH}`);
  await moderator.picture(`${acceptance.lab}/acceptance-encryption.png`);
  await moderator.run(`${SWITCH}.click()`);
  await moderator.press(/dialoog sluiten/i);
}

/** Says so as a guest's modified client would, and waits until a moderator has what the guest sent after it. */
async function say(guest: Person, on: boolean, moderator: Person): Promise<void> {
  await guest.run(`APP.store.dispatch({ type: "TOGGLE_E2EE", enabled: ${on} })`);
  await guest.until(`${ENCRYPTS} === ${on}`);
  const hand = Date.now();
  await guest.run(`${ROOM}.setLocalParticipantProperty("raisedHand", "${hand}")`);
  await moderator.until(
    `${ROOM}.getParticipants().some((one) => one.getProperty("raisedHand") === "${hand}")`,
  );
}

/** Of the pictures of others that come in a while, the part that can be decoded. */
async function decoded(person: Person): Promise<number> {
  const frames = () =>
    person.run("recorder.frames()") as Promise<{ received: number; decoded: number }>;
  for (let tries = 0; tries < 8; tries++) {
    const before = await frames();
    await sleep(COUNTED);
    const after = await frames();
    // A connection that begins anew counts from nought.
    const received = after.received - before.received;
    if (received > 20) return (after.decoded - before.decoded) / received;
  }
  throw new Error(`hardly any picture came to ${person.name}`);
}

/** Waits until nearly all can be: media begins anew with encryption, and a codec is agreed upon again. */
async function decodes(person: Person): Promise<void> {
  const parts: number[] = [];
  while (parts.length < 8 && !parts.some((part) => part > MOST)) parts.push(await decoded(person));
  expect(Math.max(...parts), `${person.name}: ${parts.join(", ")}`).toBeGreaterThan(MOST);
}

describe("end-to-end encryption", () => {
  it("is begun and ended by a moderator for everybody, and who has no key can decode no picture", async () => {
    const { links, moderator, guests } = await acceptance.meeting(["Kees"]);
    const [kees] = guests as [Person];
    // A browser that can't, as the client finds it.
    const piet = await acceptance.person("Piet", { settings: { "e2ee.disabled": true } });
    await piet.join(links.guest);
    await moderator.press(/toelaten/i, 90_000);
    await piet.seesVideos(2, 90_000);
    await decodes(piet);

    await press(moderator);
    await encrypts([moderator, kees], true);
    await decodes(kees);
    expect(await decoded(piet)).toBeLessThan(0.1);
    await piet.picture(`${acceptance.lab}/acceptance-encrypted.png`);

    await press(moderator);
    await encrypts([moderator, kees], false);
    await decodes(piet);
  });

  it("holds for who comes later", async () => {
    const { links, moderator, guests } = await acceptance.meeting(["Kees"]);
    const [kees] = guests as [Person];
    await press(moderator);
    await encrypts([moderator, kees], true);
    const piet = await acceptance.person("Piet");
    await piet.join(links.guest);
    await moderator.press(/toelaten/i, 90_000);
    await encrypts([piet], true);
    for (const one of [moderator, kees, piet]) {
      await one.seesVideos(2, 90_000);
      await decodes(one);
    }
  });

  it("holds between Chromium and Firefox", async () => {
    const links = acceptance.invite();
    const moderator = await acceptance.person("Wilhelmina");
    await moderator.join(links.moderator);
    const kees = await acceptance.person("Kees", { kind: "firefox" });
    await kees.join(links.guest, 90_000);
    await moderator.press(/toelaten/i, 90_000);
    for (const one of [kees, moderator]) await one.seesVideo(90_000);
    await press(moderator);
    await encrypts([moderator, kees], true);
    for (const one of [moderator, kees]) await decodes(one);
  });

  it("is begun and ended by no guest", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees", "Piet"]);
    const [kees, piet] = guests as [Person, Person];
    await say(kees, true, moderator);
    for (const one of [moderator, piet]) expect(await one.run(ENCRYPTS)).toBe(false);
    await press(moderator);
    await encrypts([moderator, piet], true);
    await say(kees, false, moderator);
    for (const one of [moderator, piet]) expect(await one.run(ENCRYPTS)).toBe(true);
  });

  it("is verified by two people who read the same signs to each other", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    const [kees] = guests as [Person];
    await press(moderator);
    await encrypts([moderator, kees], true);
    await kees.until(`!!${known("Wilhelmina")}?.getProperty("e2ee.idKey.ed25519")`);
    // They have keys of each other by then: until then the client begins nothing.
    for (const one of [moderator, kees]) await decodes(one);
    await kees.run(`${ROOM}.startVerification(${known("Wilhelmina")}.getId())`);
    const signs = async (person: Person) => {
      await person.until("/in dezelfde volgorde/.test(document.body.innerText)");
      const [, shown = ""] = (await person.text()).split("in dezelfde volgorde");
      return shown.split("Ze komen")[0];
    };
    const shown = await signs(kees);
    expect(shown?.split("\n").filter((one) => /^[A-Z][a-z]+/.test(one))).toHaveLength(7);
    expect(await signs(moderator)).toBe(shown);
    await kees.picture(`${acceptance.lab}/acceptance-verification.png`);
    for (const one of [kees, moderator]) await one.press(/ze komen overeen/i);
    const verified = (name: string) =>
      `APP.store.getState()["features/base/participants"].remote.get(${known(name)}.getId()).e2eeVerified === true`;
    await kees.until(verified("Wilhelmina"));
    await moderator.until(verified("Kees"));
  });
});
