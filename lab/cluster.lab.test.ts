import { setPriority } from "node:os";
import { afterAll, beforeAll } from "vitest";
import { alarmTests } from "./cluster/alarms.ts";
import { convergeTests } from "./cluster/converge.ts";
import { deployTests } from "./cluster/deploy.ts";
import { meetingTests } from "./cluster/meeting.ts";
import { probeTests } from "./cluster/probes.ts";
import { cluster } from "./testing/cluster.ts";
import { labIsOurs } from "./testing/shared-lab.ts";

// One cluster from its first plan on, and all that is asked of running hosts, in this order: each part
// finds it whole and leaves it so. What takes long of the same stands in nights.soak.test.ts, and so does its end.
beforeAll(() => {
  // By far the longest suite: when it ends, all do. What it starts is as eager.
  setPriority(-5);
});
afterAll(async () => cluster.takeDown(await labIsOurs()));

deployTests();
convergeTests();
probeTests();
alarmTests();
meetingTests();
