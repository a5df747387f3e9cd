import { afterAll, beforeAll } from "vitest";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import type { Change } from "./gate-server.ts";
import { World } from "./gate-world.ts";

/** Prosody and its clients beside other suites, ms. */
const STARTS_WITHIN = 120_000;

/**
 * A world that stands while the tests beside this call run, given by a call since it is started later.
 *
 * @param change of what is rendered; none given: only limits are raised
 */
export function worldOfSuite(blueprint: Blueprint, change?: Change): () => World {
  let world: World | undefined;
  beforeAll(async () => {
    world = await World.start(blueprint, change);
  }, STARTS_WITHIN);
  afterAll(() => world?.stop());
  return () => {
    if (!world) throw new Error("asked before the suite's beginning");
    return world;
  };
}
