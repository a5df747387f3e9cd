import { afterEach, beforeAll, expect, it } from "vitest";
import { barriersBeside, UPSTREAM } from "../testing/barriers.ts";
import type { Person } from "./browser.ts";
import { Acceptance } from "./meeting.ts";

// What axe finds on Jitsi's pages in a meeting, which CI's browser doesn't reach.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

/** What it finds in a meeting that is Jitsi's own, too. */
const JITSIS = {
  ...UPSTREAM,
  "aria-command-name": "the button for the menu of one's own video has no name",
  "aria-dialog-name": "the dialog that says who removed one has no name",
  "empty-heading": "that dialog's heading is empty",
};

/** What the pages say in each language. */
const WORDS = {
  nl: {
    waits: /zodra iemand uw verzoek accepteert/,
    admit: /toelaten/i,
    removed: /uit de vergadering verwijderd/,
  },
  en: {
    waits: /as soon as someone accepts your request/,
    admit: /\badmit\b/i,
    removed: /kicked you out of the meeting/,
  },
} as const;

it.each(["nl", "en"] as const)(
  "who waits, who is in a call, and who was removed read their language (%s), and meet no barrier that axe finds but Jitsi's own",
  async (language) => {
    const { waits, admit, removed } = WORDS[language];
    const links = acceptance.invite();
    const moderator = await acceptance.person("Wilhelmina", { language });
    await moderator.join(links.moderator);
    const kees = await acceptance.person("Kees", { language });
    await kees.join(links.guest);
    const found: Record<string, readonly string[]> = {};
    const look = async (what: string, person: Person) => {
      found[what] = await barriersBeside(JITSIS, person.page);
      await person.picture(`${acceptance.lab}/acceptance-page-${what}-${language}.png`);
    };
    const reads = (person: Person, words: RegExp) =>
      person.until(`${words}.test(document.body.innerText)`, 60_000);
    await reads(moderator, admit);
    await reads(kees, waits);
    await look("lobby", kees);
    await look("asked", moderator);
    await moderator.press(admit);
    await kees.seesVideo(90_000);
    await look("call", kees);
    await moderator.run(
      "APP.conference._room.kickParticipant(APP.conference._room.getParticipants()[0].getId())",
    );
    await kees.until("!APP.conference._room || !APP.conference.isJoined()", 30_000);
    await reads(kees, removed);
    await look("removed", kees);
    expect(found).toEqual({ lobby: [], asked: [], call: [], removed: [] });
  },
);
