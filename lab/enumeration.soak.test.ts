import { afterAll, beforeAll, expect, it } from "vitest";
import { judge } from "../modules/enumeration/index.ts";
import { enumerate } from "../modules/probes/index.ts";
import { questionOf, startInstance } from "./testing/clean-instance.ts";
import type { MeetingServer } from "./testing/meeting-server.ts";

const RUNS = 300;

let server: MeetingServer;
beforeAll(async () => {
  server = await startInstance(true);
});
afterAll(() => server.close());

// With limits raised, so that all of them take an hour and not a day.
it(`a clean instance alarms in none of ${RUNS} runs`, async () => {
  let tested = 0;
  for (let seed = 1; seed <= RUNS; seed++) {
    const findings = judge(
      await enumerate(questionOf(server, { seed }), () => undefined),
      server.door.domain,
    );
    expect(
      findings.filter(({ verdict }) => verdict === "fail"),
      `seed ${seed}`,
    ).toEqual([]);
    if (findings.every(({ verdict }) => verdict === "pass")) tested++;
    process.stderr.write(`enumeration: ${seed} runs, no alarm, ${tested} whole\n`);
  }
  // A busy machine makes some too noisy; no alarm of runs that saw nothing would be worth nothing.
  expect(tested).toBeGreaterThan(RUNS / 2);
}, 7_200_000);
