import { afterEach, beforeAll, expect, it } from "vitest";
import { Acceptance } from "./meeting.ts";

// The other engine: Debian's Firefox at the deployed cluster, with a Chromium at the other end.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

it("a guest with Firefox waits, is let in, sees a moderator with Chromium, and comes back after a reset without a second question", async () => {
  const links = acceptance.invite();
  const moderator = await acceptance.person("Wilhelmina");
  await moderator.join(links.moderator);
  const kees = await acceptance.person("Kees", { kind: "firefox", network: ["ipv4"] });
  await kees.join(links.guest, 90_000);
  expect(await kees.run("location.hash")).toBe("");
  await moderator.press(/toelaten/i, 90_000);
  const seen = [await kees.seesVideo(90_000), await moderator.seesVideo(90_000)];
  process.stdout.write(
    `Firefox sees Chromium after ${seen[0]} ms, and is seen after ${seen[1]} ms more\n`,
  );
  await kees.picture(`${acceptance.lab}/acceptance-firefox.png`);
  const { hosts } = acceptance.loaded.blueprint;
  const own = hosts.flatMap(({ publicAddress }) => publicAddress?.ipv4 ?? []);
  const paths = await kees.paths();
  expect(paths.length).toBeGreaterThan(0);
  for (const { remote } of paths) expect(own).toContain(remote.replace(/:\d+$/, ""));
  for (const { elsewhere, errors } of [moderator, kees]) {
    expect(elsewhere).toEqual([]);
    expect(errors.filter((text) => /content.security.policy/i.test(text))).toEqual([]);
  }
  kees.network.reset();
  await kees.loadedAgain();
  await kees.ask();
  await kees.seesVideo(90_000);
  expect(await moderator.text()).not.toMatch(/toelaten/i);
});
