import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildFolder } from "../modules/common/toolkit/index.ts";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { testFolder } from "../modules/secrets/vaults/testing.ts";
import { evaluate, type Invitation } from "../modules/verification/enumeration/index.ts";
import { startWorker, type Worker, workerCommand } from "../modules/verification/probes/index.ts";
import { loadInstance } from "../modules/workspace/index.ts";
import { Instance } from "./testing/clean-instance.ts";
import { polder } from "./testing/polder.ts";
import { tlsFront } from "./testing/tls-front.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const RUNS = Number(process.env["POLDER_SOAK_RUNS"] ?? 300);
/** Runs side by side: each has an instance and a process of its own, and works by turns with its server. */
const LANES = Math.min(availableParallelism(), RUNS);
/** What must have seen all that it asks for: no alarm of runs that saw nothing would be worth nothing. */
const WHOLE = 0.9;

interface Lane {
  readonly instance: Instance;
  readonly worker: Worker;
}
const lanes: Lane[] = [];
beforeAll(async () => {
  for (let i = 1; i <= LANES; i++) {
    const instance = await Instance.start(blueprint);
    lanes.push({ instance, worker: startWorker(`lane ${i}`, workerCommand, () => undefined) });
  }
}, 120_000);
afterAll(async () => {
  for (const { instance, worker } of lanes) {
    await worker.close();
    await instance.stop();
  }
});

// With limits raised, so that a run takes seconds; else each is what `polder probe enumeration` does.
it(`a clean instance alarms in none of ${RUNS} runs`, async () => {
  const began = performance.now();
  let [next, done, whole] = [1, 0, 0];
  const work = async ({ instance, worker }: Lane): Promise<void> => {
    while (next <= RUNS) {
      const seed = next++;
      const observed = await worker.ask("enumerate", instance.question({ seed }));
      // Who is hidden is asked from inside, by another test.
      const findings = evaluate(observed, instance.door.domain).filter(
        ({ id }) => id !== "enumeration-hidden",
      );
      const of = (verdict: string) => findings.filter((one) => one.verdict === verdict);
      expect(of("fail"), `seed ${seed}`).toEqual([]);
      // An oracle that wasn't found makes all else not-tested, too: the oracle is the reason.
      const missed = of("not-tested")
        .map(({ id, subject, message }) => `${id} ${subject}: ${message}`)
        .filter((line) => !line.includes("oracle wasn't found"));
      if (missed.length === 0) whole++;
      done++;
      const seconds = ((performance.now() - began) / 1_000).toFixed(0);
      process.stderr.write(
        `enumeration: ${done} of ${RUNS} runs in ${seconds} s, no alarm, ${whole} whole; seed ${seed} took ${observed.seconds.toFixed(1)} s${missed.map((one) => `\n  ${one}`).join("")}\n`,
      );
    }
  };
  await Promise.all(lanes.map(work));
  expect(whole / RUNS).toBeGreaterThan(WHOLE);
}, 7_200_000);

it("asks all ten thousand likely names, once somebody says so", async () => {
  const [{ instance, worker }] = lanes as [Lane];
  const limits = { handshakes: 2_000, stanzas: 5_000, seconds: 0 };
  const observed = await worker.ask("enumerate", instance.question({ limits, allLikely: true }));
  const findings = evaluate(observed, instance.door.domain);
  expect(observed.likely).toBe(10_000);
  expect(findings.filter(({ verdict }) => verdict === "fail")).toEqual([]);
  const { message } = findings.find(({ subject }) => subject === "likely") ?? {};
  expect(message).toContain("10000 pairs, each answered alike");
});

describe("polder probe enumeration", () => {
  const place = testFolder("eea-voorbeeld", undefined, "t-telling");
  const file = (name: string): string => join(place.folder, "..", name);
  // Of this process alone: suites run side by side.
  const address = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) & 255}.7`;
  let instance: Instance;
  let front: Awaited<ReturnType<typeof tlsFront>>;
  beforeAll(async () => {
    const { blueprint: bare, instance: named } = loadInstance(place.folder);
    const addresses = Object.fromEntries(
      bare.hosts
        .filter(({ exposure }) => exposure.addressed)
        .map(({ id, role }, i) => [
          id,
          { id: `${i}`, ipv4: role === "control" ? address : `192.0.2.${i + 1}` },
        ]),
    );
    const { name, cloud, location } = named;
    writeFileSync(
      join(place.folder, "addresses.yaml"),
      JSON.stringify({ instance: name, cloud, location, addresses }),
    );
    instance = await Instance.start(loadInstance(place.folder).blueprint);
    front = await tlsFront(instance.door, { address, port: 443 });
    writeFileSync(file("ca.pem"), front.certificate);
    const { moderator, guest, attacker } = instance.question();
    const link = ({ room, token }: Invitation): string =>
      `https://${instance.door.domain}/${room}#jwt=%22${token}%22`;
    writeFileSync(
      file("links.yaml"),
      JSON.stringify({ moderator: link(moderator), guest: link(guest), attacker: link(attacker) }),
      { mode: 0o600 },
    );
  }, 60_000);
  afterAll(async () => {
    front.close();
    await instance.stop();
    place.remove();
    rmSync(buildFolder("t-telling"), { recursive: true, force: true });
  });

  /** All processes below one. */
  const below = (pid: number): number[] => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return children === ""
      ? []
      : children
          .split(" ")
          .map(Number)
          .flatMap((one) => [one, ...below(one)]);
  };
  const lives = (pid: number): boolean => existsSync(`/proc/${pid}`);

  it("ends by Ctrl-C within two seconds, says what was seen, and leaves nothing running", async () => {
    let [told, started] = [0, [] as number[]];
    const ran = await polder(
      ["probe", "enumeration", place.folder, "--links", file("links.yaml"), "--rate", "1000"],
      {
        env: { NODE_EXTRA_CA_CERTS: file("ca.pem") },
        onLine: (line, child) => {
          // A little later, amid a kind of names.
          if (line.includes("guesses near"))
            setTimeout(() => {
              started = below(child.pid ?? 0);
              told = performance.now();
              child.kill("SIGINT");
            }, 1_000);
        },
      },
    );
    const took = performance.now() - told;
    expect([ran.code, ran.stderr]).toEqual([130, expect.stringMatching(/^interrupted: /m)]);
    expect(took).toBeLessThan(2_000);
    expect(started.length).toBeGreaterThan(0);
    expect(started.filter(lives)).toEqual([]);
    expect(ran.stdout).toMatch(/^interrupted after \d+ s, at: guesses near a live name$/m);
    expect(ran.stdout).toMatch(/^pass +enumeration-state +live: 16 pairs/m);
    expect(ran.stdout).toMatch(
      /^not-tested +enumeration-timing +live, by presence: the run was interr/m,
    );
    expect(ran.stdout).toMatch(
      /^not-tested +enumeration-guess +near: the run was .*; so far: \d+ pairs/m,
    );
    expect(ran.stdout).toMatch(/^not-tested +enumeration-entry +.*: the run was interrupted/m);
  }, 300_000);
});
