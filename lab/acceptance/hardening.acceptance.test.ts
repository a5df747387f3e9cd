import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { median } from "../../modules/verification/enumeration/index.ts";
import { Acceptance } from "./meeting.ts";

// What hardening costs a person: the time from an opened link to a picture, with it and without it, in one run.

const SOFTEN = readFileSync(join(import.meta.dirname, "programs/soften.sh"), "utf8");

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));
// Nobody keeps a cluster without its hardening, whatever came between.
afterAll(async () => {
  if (soft) await soften("back");
  acceptance.polder("converge", acceptance.instance, "--restart");
});

/** Whether the cluster stands without its hardening. */
let soft = false;

/** Has sandboxes, packet filters, the policy of the page and nginx's limits taken away, or back. */
async function soften(...words: readonly ["back"] | readonly []): Promise<void> {
  soft = true;
  for (const host of ["control-1", "bridge-1", "bridge-2"]) {
    const run = (...given: readonly string[]) =>
      acceptance.on(host, "sh", "-c", SOFTEN, "soften", ...given);
    const hardened = async () => (await run("count")).trim().split("\n").map(Number);
    const before = await hardened();
    await run(...words);
    const after = await hardened();
    const [more, less] = words.length > 0 ? [after, before] : [before, after];
    for (const [i, value] of more.entries()) expect(value).toBeGreaterThan(less[i] ?? value);
  }
  soft = words.length === 0;
  await acceptance.bridgesUsable();
}

/** Milliseconds that each of some guests needs from the opened link, admission included, until the moderator's picture. */
async function opened(guests: number, policed = true): Promise<number[]> {
  const links = acceptance.invite();
  const moderator = await acceptance.person("Wilhelmina");
  await moderator.join(links.moderator);
  const policy = "fetch('/').then(({ headers }) => headers.has('content-security-policy'))";
  expect(await moderator.run(policy)).toBe(policed);
  const taken: number[] = [];
  for (let i = 0; i < guests; i++) {
    const guest = await acceptance.person("Kees");
    const began = Date.now();
    await guest.join(links.guest);
    await moderator.press(/toelaten/i, 90_000);
    await guest.seesVideo(90_000);
    taken.push(Date.now() - began);
    await guest.close();
    await moderator.until("APP.conference._room.getParticipantCount() === 1", 60_000);
  }
  await acceptance.end();
  // The first one meets programs that were just started.
  return taken.slice(1);
}

describe("from an opened link to a picture", () => {
  it("hardening takes a tenth of the time at most", async () => {
    const hardened = await opened(5);
    await soften();
    const bare = await opened(9, false);
    await soften("back");
    hardened.push(...(await opened(5)));
    const ratio = median(hardened) / median(bare);
    process.stdout.write(
      `hardened ${hardened.join(" ")}: median ${median(hardened)} ms\nwithout ${bare.join(" ")}: median ${median(bare)} ms\nratio ${ratio.toFixed(3)}\n`,
    );
    expect(ratio).toBeLessThan(1.1);
  });
});
