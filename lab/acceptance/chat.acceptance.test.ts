import { afterEach, beforeAll, expect, it } from "vitest";
import type { Person } from "./browser.ts";
import { Acceptance } from "./meeting.ts";

// What people write, by real browsers: `make acceptance` where `chat` is off, INSTANCE=lab-direct where it is on.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

const isOn = () => acceptance.loaded.blueprint.meetings.chat === "on";
const BUTTON = "!!document.querySelector('[aria-label*=\"chat\" i]')";
/** What the client shows of messages, and what it keeps of them. */
const WRITTEN =
  "document.body.innerText + JSON.stringify(APP.store.getState()['features/chat'].messages)";

it("a guest's words reach a moderator, who reads them beside the guest's name", async ({
  skip,
}) => {
  skip(!isOn(), "chat is off");
  const { moderator, guests } = await acceptance.meeting(["Kees"]);
  const [kees] = guests as [Person];
  await kees.press(/chat/i);
  await kees.page.waitForSelector("#chat-input-messagebox");
  await kees.page.type("#chat-input-messagebox", "Goedemorgen, allemaal");
  await kees.page.keyboard.press("Enter");
  await moderator.press(/chat/i);
  await moderator.until("/Goedemorgen, allemaal/.test(document.body.innerText)", 15_000);
  await moderator.picture(`${acceptance.lab}/acceptance-chat.png`);
  expect(await moderator.text()).toMatch(/Kees[\s\S]*Goedemorgen, allemaal/);
});

it("with chat off nobody is offered it, and a client that sends all the same is heard by nobody", async ({
  skip,
}) => {
  skip(isOn(), "chat is on");
  const { moderator, guests } = await acceptance.meeting(["Kees"]);
  const [kees] = guests as [Person];
  for (const person of [moderator, kees]) expect(await person.run(BUTTON)).toBe(false);
  await kees.run("APP.conference._room.sendTextMessage('Goedemorgen, allemaal')");
  // What is sent after it has arrived: so it has, or never will.
  await kees.press(/hand op/i);
  await moderator.until("/hand/i.test(document.body.innerText)", 15_000);
  expect(await moderator.run(WRITTEN)).not.toContain("Goedemorgen");
});
