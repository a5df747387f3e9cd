// What goes wrong with a cluster that runs, and how it is put right: converges that are cut short, each planted fault,
// each alarm, drift, loss, reboots, a rotation of the relays' secret with a relay in use, and its end. It takes long, and
// leaves hosts rebooted and made anew.
import { afterAll, beforeAll } from "vitest";
import { moreAlarmTests } from "./cluster/alarms.ts";
import { auditToolTests } from "./cluster/audit-tools.ts";
import { convergeChangeTests, convergeFaultTests } from "./cluster/converge.ts";
import { endTests } from "./cluster/deploy.ts";
import { driftTests } from "./cluster/drift.ts";
import { plantedFaultTests } from "./cluster/planted-faults.ts";
import { relayTests } from "./cluster/relays.ts";
import { cluster } from "./testing/cluster.ts";

beforeAll(async () => {
  await cluster.bringUp();
  await cluster.converge();
});
afterAll(() => cluster.takeDown());

convergeChangeTests();
convergeFaultTests();
plantedFaultTests();
moreAlarmTests();
auditToolTests();
driftTests();
relayTests();
endTests();
