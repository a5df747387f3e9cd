import { afterAll, beforeAll } from "vitest";
import { convergeTests } from "./cluster/converge.ts";
import { meetingTests } from "./cluster/meeting.ts";
import { probeTests } from "./cluster/probes.ts";
import { cluster } from "./testing/cluster.ts";

// One cluster, and all that is asked of running hosts, in this order: each part finds it whole and
// leaves it so.
beforeAll(() => cluster.bringUp());
afterAll(() => cluster.takeDown());

convergeTests();
probeTests();
meetingTests();
