import { availableParallelism } from "node:os";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildBlueprint } from "../modules/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/blueprint/testing.ts";
import { judge } from "../modules/enumeration/index.ts";
import { startWorker, type Worker, workerCommand } from "../modules/probes/index.ts";
import { Instance } from "./testing/clean-instance.ts";

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
      const findings = judge(observed, instance.door.domain).filter(
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
