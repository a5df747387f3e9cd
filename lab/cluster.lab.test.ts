import { setPriority } from "node:os";
import { afterAll, beforeAll } from "vitest";
import { convergeTests } from "./cluster/converge.ts";
import { meetingTests } from "./cluster/meeting.ts";
import { probeTests } from "./cluster/probes.ts";
import { cluster } from "./testing/cluster.ts";

// One cluster, and all that is asked of running hosts, in this order: each part finds it whole and
// leaves it so.
beforeAll(() => {
  // By far the longest suite: when it ends, all do. What it starts is as eager.
  setPriority(-5);
  return cluster.bringUp();
});
afterAll(() => cluster.takeDown());

convergeTests();
probeTests();
meetingTests();
