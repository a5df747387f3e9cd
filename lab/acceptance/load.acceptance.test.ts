import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Host, hostsWith } from "../../modules/planning/blueprint/index.ts";
import type { MeetingKind } from "../../modules/planning/instance/index.ts";
import {
  coreModel,
  coresFor,
  type Load,
  loadOf,
  weightOf,
} from "../../modules/planning/sizing/index.ts";
import { loadCalibration, loadFigures } from "../../modules/workspace/index.ts";
import { Acceptance } from "./meeting.ts";

// What one meeting does to its bridge, person by person, beside what the plan takes it to do.

let acceptance: Acceptance;
beforeAll(() => {
  acceptance = new Acceptance();
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));

/**
 * Questions of one measurement, and the seconds between them: a bridge renews what it says every 5. What a join costs, whole
 * pictures and the browser's probes of its line, passes within some 10 s, and the plan is of what comes after.
 */
const TIMES = 8;
const PACE = 5;

/** Milliseconds without a picture at which the browsers themselves have too little of the processor. */
const CARRIED = 3000;

/** What a bridge does in a second. */
interface Done {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly kilobytesIn: number;
  readonly kilobytesOut: number;
  readonly cores: number;
}

/** Seconds of the processor that a bridge has used. */
async function processorTime(bridge: string): Promise<number> {
  const ticks =
    "awk '{ print $14 + $15 }' /proc/$(systemctl show -P MainPID polder-videobridge)/stat";
  return Number(await acceptance.on(bridge, "sh", "-c", ticks)) / 100;
}

/** What a bridge does in a second, as a mean of some. */
async function measured(bridge: string): Promise<Done> {
  const [from, began] = [await processorTime(bridge), performance.now()];
  const sums: Record<string, number> = {};
  for (let i = 0; i < TIMES; i++) {
    await sleep(PACE * 1000);
    for (const [name, value] of Object.entries(await acceptance.metrics(bridge)))
      sums[name] = (sums[name] ?? 0) + value;
  }
  const seconds = (performance.now() - began) / 1000;
  const cores = ((await processorTime(bridge)) - from) / seconds;
  const mean = (name: string) => (sums[`jitsi_jvb_${name}`] ?? Number.NaN) / TIMES;
  return {
    packetsIn: mean("incoming_packet_rate"),
    packetsOut: mean("outgoing_packet_rate"),
    kilobytesIn: mean("incoming_bitrate") / 8000,
    kilobytesOut: mean("outgoing_bitrate") / 8000,
    cores,
  };
}

const figures = loadFigures();
const model = coreModel(loadCalibration(), figures);

/** What the plan takes a meeting of these browsers for: all cameras on with 180 lines, all microphones, Chromium's AV1. */
function planned(participants: number): { readonly load: Load; readonly cores: number } {
  const meeting: MeetingKind = {
    kind: "acceptance",
    simultaneous: 1,
    participants,
    cameras: "all",
    screenShare: false,
    layout: "stage",
    lastN: 25,
    microphones: participants,
    resolution: 180,
  };
  const load = loadOf(meeting, { AV1: 1 }, figures);
  const kilobytes = load.bitsOutPerSecond / 8000;
  return { load, cores: coresFor(model, weightOf(model, { kilobytes, videos: load.streams })) };
}

describe("a meeting that grows", () => {
  it("has its bridge send no more than planned, as far as the machine carries the browsers", async () => {
    const [{ participants = 0 } = {}] = acceptance.loaded.instance.demand.meetings;
    // The gate lets in a quarter more than were planned.
    const most = Math.floor(participants * 1.25);
    const { links, moderator, guests } = await acceptance.meeting(["Gast 1"]);
    const everybody = [moderator, ...guests];
    // By its traffic of now: people and packets of a meeting that has just ended count on their bridge for a while.
    const packets = async ({ id }: Host) => {
      const { jitsi_jvb_outgoing_packet_rate: rate } = await acceptance.metrics(id);
      if (rate === undefined) throw new Error(`${id} tells no rate of packets`);
      return [id, rate] as const;
    };
    const used = async () => {
      await sleep(2 * PACE * 1000);
      const rates = await Promise.all(
        hostsWith(acceptance.loaded.blueprint, "bridge").map(packets),
      );
      return rates.toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? "";
    };
    for (;;) {
      const people = everybody.length;
      for (const person of everybody) await person.seesVideos(people - 1);
      for (const person of everybody) await person.beginWatching();
      const done = await measured(await used());
      const still = Math.max(...(await Promise.all(everybody.map((one) => one.longestStill()))));
      const { load, cores } = planned(people);
      const row = [
        `${people} people: packets/s in ${done.packetsIn.toFixed(0)} of ${load.packetsInPerSecond}`,
        `out ${done.packetsOut.toFixed(0)} of ${load.packetsOutPerSecond}`,
        `kB/s in ${done.kilobytesIn.toFixed(0)} of ${(load.bitsInPerSecond / 8000).toFixed(0)}`,
        `out ${done.kilobytesOut.toFixed(0)} of ${(load.bitsOutPerSecond / 8000).toFixed(0)}`,
        `cores ${done.cores.toFixed(2)} of ${cores.toFixed(2)}`,
        `longest still ${Math.round(still)} ms`,
      ];
      process.stdout.write(`${row.join(", ")}\n`);
      if (still > CARRIED) {
        process.stdout.write(
          `${people} people are more than this machine carries beside its browsers\n`,
        );
        expect(people).toBeGreaterThan(2);
        break;
      }
      expect(done.packetsOut).toBeGreaterThan(0);
      expect(done.packetsIn).toBeLessThan(load.packetsInPerSecond);
      expect(done.packetsOut).toBeLessThan(load.packetsOutPerSecond);
      expect(done.kilobytesOut).toBeLessThan(load.bitsOutPerSecond / 8000);
      if (people === most) break;
      const guest = await acceptance.person(`Gast ${people}`);
      await guest.join(links.guest);
      await moderator.press(/toelaten/i, 90_000);
      await guest.seesVideo(90_000);
      everybody.push(guest);
    }
  });
});
