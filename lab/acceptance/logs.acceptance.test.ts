import { afterEach, beforeAll, expect, it } from "vitest";
import { linkOf } from "../testing/links.ts";
import { searchHost } from "../testing/log-search.ts";
import type { Person } from "./browser.ts";
import { Acceptance } from "./meeting.ts";

// What Jitsi's own programs write down of a meeting, on the deployed cluster.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

it("no host's logs have anybody's name, the meeting's, a token or an account after a meeting", async () => {
  const { links, moderator, guests } = await acceptance.meeting(["Quirinuszoon"]);
  const [guest] = guests as [Person];
  // The bridge and Jicofo write most when people come and go.
  await moderator.run("APP.conference.toggleAudioMuted()");
  guest.kill();
  await moderator.until("APP.conference._room.getParticipantCount() === 1", 60_000);
  const { room, token } = linkOf(links.moderator);
  const [, claims, signature] = token.split(".") as [string, string, string];
  const account = String(await moderator.run("APP.conference._room.room.myroomjid"));
  const wanted = {
    "the guest's name": "Quirinuszoon",
    "the moderator's name": "Wilhelmina",
    "the room": room,
    "the token's claims": claims,
    "the token's signature": signature,
    "the moderator's nick": account.split("/")[1] ?? "",
  };
  for (const value of Object.values(wanted)) expect(value.length).toBeGreaterThan(7);
  const { lab, instance, loaded } = acceptance;
  for (const { id } of loaded.blueprint.hosts) {
    const { hits, entries, files } = await searchHost(lab, `${instance}-${id}`, wanted);
    expect([entries > 100, files > 0], id).toEqual([true, true]);
    expect(hits, id).toEqual([]);
  }
});
