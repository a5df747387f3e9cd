import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "./browser.ts";
import { Acceptance } from "./meeting.ts";

// A shared screen, by real browsers at the deployed cluster. Chromium's made-up devices have a screen, too.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

/** The screen that somebody else shares, as the client knows it. */
const SHARED =
  "APP.store.getState()['features/base/tracks'].filter((one) => !one.local && one.videoType === 'desktop' && !one.muted)";
/** The element in which that screen plays: nothing else plays its track. */
const PLAYER = `(() => {
  const tracks = ${SHARED}.map(({ jitsiTrack }) => jitsiTrack.getTrack());
  return [...document.querySelectorAll("video")].find((video) =>
    video.videoWidth > 0 && video.srcObject?.getVideoTracks().some((one) => tracks.includes(one)));
})()`;
/** Other people's pictures that play: a camera stays beside a screen. */
const CAMERA =
  "APP.store.getState()['features/base/tracks'].some((one) => !one.local && one.mediaType === 'video' && one.videoType === 'camera' && !one.muted)";

const startSharing = (person: Person) => person.press(/schermdeling in- of uitschakelen/i);
const stopSharing = (person: Person) => person.press(/schermdeling stoppen/i);

/** Waits until somebody else's screen plays, in one more picture each time that one looks. */
async function seesScreen(person: Person): Promise<number> {
  const ms = await person.until(`!!${PLAYER}`, 60_000);
  const frames = `${PLAYER}.getVideoPlaybackQuality().totalVideoFrames`;
  const before = await person.run(frames);
  await person.until(`${frames} > ${before}`, 15_000);
  expect(await person.run(CAMERA)).toBe(true);
  return ms;
}

const seesNoScreen = (person: Person) =>
  person.until(`${SHARED}.length === 0 && !${PLAYER}`, 30_000);

describe("a shared screen", () => {
  it.each([
    ["a moderator", 0],
    ["a guest", 1],
  ] as const)(
    "of %s plays at the other beside the camera, and is gone when it stops",
    async (who, sharer) => {
      const { moderator, guests } = await acceptance.meeting(["Kees"]);
      const people = [moderator, guests[0]] as [Person, Person];
      const [from, to] = [people[sharer] as Person, people[1 - sharer] as Person];
      await startSharing(from);
      const seen = await seesScreen(to);
      await to.picture(`${acceptance.lab}/acceptance-screen-of-${who.split(" ")[1]}.png`);
      await stopSharing(from);
      const gone = await seesNoScreen(to);
      process.stdout.write(`the screen of ${who}: seen after ${seen} ms, gone after ${gone} ms\n`);
      // Nobody's camera went with it.
      await to.seesVideo();
      await from.seesVideo();
    },
  );

  it("of a guest is ended by a moderator, and by no other guest; the guest can share again", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees", "Piet"]);
    const [kees, piet] = guests as [Person, Person];
    await startSharing(kees);
    await seesScreen(moderator);
    const end =
      "APP.conference._room.getParticipants().filter((one) => one.getDisplayName()?.includes('Kees')).forEach((one) => APP.conference._room.muteParticipant(one.getId(), 'desktop'))";
    await piet.run(end);
    await expect(seesNoScreen(moderator)).rejects.toThrow(/exceeded/);
    await moderator.run(end);
    await seesNoScreen(moderator);
    await seesNoScreen(piet);
    await startSharing(kees);
    await seesScreen(moderator);
  });
});
