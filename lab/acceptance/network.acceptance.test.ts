import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { hostOf } from "../../modules/planning/blueprint/index.ts";
import type { Person } from "./browser.ts";
import { Acceptance } from "./meeting.ts";

// What a person's own network does to a meeting, by real browsers at the deployed cluster.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

/** Milliseconds from the network's return until pictures come again. */
const CALL_BACK = 20_000;
const CUT = 20_000;

describe("a network that is cut", () => {
  it.each([1, 2])(
    "for 20 s costs a guest neither the meeting nor another question to a moderator (%i)",
    async (turn) => {
      const { moderator, guests } = await acceptance.meeting(["Kees"], {
        network: ["ipv4", "ipv6"],
      });
      const [kees] = guests as [Person];
      const both = [moderator, kees];
      // Not at the same moment between two of the client's questions, which come each 10 s.
      await sleep(turn * 4_000);
      for (const person of both) await person.beginWatching();
      await kees.network.cut(CUT);
      const back = await Promise.all(
        both.map(async (person) => {
          const now = await person.run("performance.now()");
          return person.until(`recorder.last > ${now}`, 60_000);
        }),
      );
      process.stdout.write(
        `a network cut for 20 s: pictures again after ${back.join(" and ")} ms\n`,
      );
      expect(Math.max(...back)).toBeLessThan(CALL_BACK);
      // A session that ended would be found out within 46 s of the last sign of life.
      await sleep(25_000);
      expect(both.map(({ loads }) => loads)).toEqual([1, 1]);
      for (const person of both) expect(await person.run("APP.conference.isJoined()")).toBe(true);
      expect(await moderator.text()).not.toMatch(/toelaten/i);
    },
  );
});

describe("a connection that is lost", () => {
  /** Ways that end it. */
  const losses: Readonly<Record<string, (kees: Person) => Promise<void>>> = {
    "is reset, as by a firewall that restarts": async ({ network }) => network.reset(),
    "stays behind in a network that the person has left": async ({ network }) => network.renumber(),
  };

  it.each(Object.entries(losses))(
    "and %s costs a guest no other question to a moderator",
    async (_, lose) => {
      const network = ["ipv4", "ipv6"] as const;
      const { moderator, guests } = await acceptance.meeting(["Kees"], { network });
      const [kees] = guests as [Person];
      await lose(kees);
      const began = Date.now();
      await kees.loadedAgain();
      const loaded = Date.now() - began;
      await kees.ask();
      await kees.seesVideo(90_000);
      process.stdout.write(
        `page loaded again after ${loaded} ms, picture after ${Date.now() - began} ms\n`,
      );
      await moderator.seesVideos(1);
      expect(await moderator.text()).not.toMatch(/toelaten/i);
      expect(moderator.loads).toBe(1);
      // The former session is gone from everybody's picture.
      await moderator.until("APP.conference._room.getParticipants().length === 1", 60_000);
    },
  );
});

describe("a network without IPv4", () => {
  it.for([
    ["a call, signalling and media, and every pair of addresses is IPv6", undefined],
    ["a call by a relay alone, by UDP", "turn:"],
    ["a call by a relay alone, by TLS", "turns:"],
  ] as const)("has %s", async ([, relay], { skip }) => {
    const control = hostOf(acceptance.loaded.blueprint, "control-1");
    // Floating addresses are IPv4 alone; lab-direct has both.
    skip(!control.publicAddress?.ipv6, "the instance has no public IPv6 address");
    const network = ["ipv6"] as const;
    const { moderator, guests } = await acceptance.meeting(["Kees"], { network, relay });
    const { hosts } = acceptance.loaded.blueprint;
    const own = hosts.flatMap(({ publicAddress }) => publicAddress?.ipv6 ?? []);
    for (const person of [moderator, ...guests]) {
      const paths = await person.paths();
      process.stdout.write(`${person.name}: ${JSON.stringify(paths)}\n`);
      expect(paths.length).toBeGreaterThan(0);
      for (const { remote, url } of paths) {
        // Behind a relay the bridge has its private IPv4 address: this network reaches the relay alone, by IPv6.
        if (relay) expect(url.startsWith(relay)).toBe(true);
        else expect(own).toContain(remote.replace(/:\d+$/, ""));
      }
    }
  });
});
