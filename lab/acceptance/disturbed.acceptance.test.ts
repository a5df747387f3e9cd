import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../cloud/process.ts";
import type { Person } from "./browser.ts";
import { Acceptance } from "./meeting.ts";

// What a meeting lives through: a relay as the only way, two bridges, and the end of a program or of a person's network.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

/** Milliseconds without a picture that a loss of a bridge may cost. */
const CALL_BACK = 10_000;

/** The bridge that carries a meeting, and the other one: once nobody of a meeting before counts any more. */
async function bridgesInUse(): Promise<{ readonly used: string; readonly spare: string }> {
  const counts = async () =>
    Object.entries(await acceptance.people()).toSorted(([, a], [, b]) => b - a);
  expect(
    await until(async () => (await counts()).map(([, n]) => n > 0).join() === "true,false", 60),
  ).toBe(true);
  const [[used], [spare]] = (await counts()) as [[string, number], [string, number]];
  return { used, spare };
}

/** Milliseconds without a picture that the restart of the only relay may cost: the client waits until ICE has failed. */
const RELAY_BACK = 40_000;

const stillest = async (everybody: readonly Person[]): Promise<number> =>
  Math.max(...(await Promise.all(everybody.map((person) => person.longestStill()))));

describe("a meeting whose people may use a relay alone", () => {
  it.each([
    ["by UDP", "turn:"],
    ["by TLS", "turns:"],
  ] as const)("has media %s", async (_by, relay) => {
    const { moderator, guests } = await acceptance.meeting(["Kees"], { relay });
    for (const person of [moderator, ...guests]) {
      const paths = await person.paths();
      expect(paths.length).toBeGreaterThan(0);
      for (const { url } of paths) expect(url.startsWith(relay)).toBe(true);
    }
  });
});

describe("a meeting on two bridges", () => {
  it("shows everybody to everybody", async () => {
    const { links, moderator, guests } = await acceptance.meeting(["Kees"]);
    const { used, spare } = await bridgesInUse();
    await acceptance.drain(used, true);
    try {
      // Until Jicofo knows, which nobody can ask it: it lists its bridges at /debug alone, which is off.
      await sleep(12_000);
      const late = await acceptance.person("Piet");
      await late.join(links.guest);
      await moderator.press(/toelaten/i, 90_000);
      await late.seesVideo(90_000);
      for (const person of [moderator, ...guests, late]) await person.seesVideos(2);
      expect(await acceptance.people()).toEqual({ [used]: 2, [spare]: 1 });
    } finally {
      await acceptance.drain(used, false);
    }
  });
});

describe("a meeting goes on", () => {
  it("when its bridge is killed: the call is back within 10 s, and no page is loaded again", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    const everybody = [moderator, ...guests];
    const { used, spare } = await bridgesInUse();
    for (const person of everybody) await person.beginWatching();
    await acceptance.on(used, "systemctl", "kill", "--signal=KILL", "polder-videobridge");
    await sleep(CALL_BACK + 10_000);
    expect((await acceptance.people())[spare]).toBe(2);
    const still = await stillest(everybody);
    process.stdout.write(`a killed bridge: ${Math.round(still)} ms without a picture\n`);
    expect(still).toBeGreaterThan(0);
    expect(still).toBeLessThan(CALL_BACK);
    expect(everybody.map(({ loads }) => loads)).toEqual([1, 1]);
  });

  it("when the relay that is its only way restarts: the call is back within 40 s, and no page is loaded again", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"], { relay: "turn:" });
    const everybody = [moderator, ...guests];
    for (const person of everybody) await person.beginWatching();
    await acceptance.on("turn-1", "systemctl", "restart", "coturn");
    await sleep(RELAY_BACK + 10_000);
    for (const person of everybody) await person.seesVideo();
    const still = await stillest(everybody);
    process.stdout.write(`a relay's restart: ${Math.round(still)} ms without a picture\n`);
    expect(still).toBeGreaterThan(0);
    expect(still).toBeLessThan(RELAY_BACK);
    expect(everybody.map(({ loads }) => loads)).toEqual([1, 1]);
  });

  it("without a browser that was killed, within 60 s", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    guests[0]?.kill();
    const gone = await moderator.until("APP.conference._room.getParticipantCount() === 1", 60_000);
    process.stdout.write(`a killed browser: gone after ${gone} ms\n`);
  });
});

describe("each page is loaded again, each person joins again, and guests are admitted again", () => {
  it.each([
    ["Jicofo restarts", ["restart", "polder-jicofo"]],
    ["Jicofo is killed", ["kill", "--signal=KILL", "polder-jicofo"]],
    ["Prosody restarts", ["restart", "prosody"]],
  ] as const)("when %s", async (what, words) => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    const began = Date.now();
    const seconds = () => Math.round((Date.now() - began) / 1000);
    await acceptance.on("control-1", "systemctl", ...words);
    for (const person of [moderator, ...guests]) await person.loadedAgain();
    process.stdout.write(`${what}: both pages loaded again after ${seconds()} s, `);
    await acceptance.comeAgain(moderator, guests);
    process.stdout.write(`both see each other after ${seconds()} s\n`);
  });
});
