// What goes wrong at night with a cluster that runs, and how it is put right: drift, loss, reboots, a rotation of the
// relays' secret with a relay in use. It takes long, and leaves hosts rebooted and made anew.
import { afterAll, beforeAll } from "vitest";
import { driftTests } from "./cluster/drift.ts";
import { relayTests } from "./cluster/relays.ts";
import { cluster } from "./testing/cluster.ts";
import { setup } from "./testing/shared-lab.ts";

let down: () => Promise<void>;

beforeAll(async () => {
  down = setup();
  // It waits until the lab is up.
  await import("./testing/await-lab.ts");
  await cluster.bringUp();
  await cluster.converge();
});
afterAll(async () => {
  await cluster.takeDown();
  await down();
});

driftTests();
relayTests();
