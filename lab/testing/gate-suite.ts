import { afterAll, beforeAll } from "vitest";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import type { Change } from "./gate-server.ts";
import { World } from "./gate-world.ts";

/**
 * A world that stands while the tests beside this call run, given by a call since it is started later.
 *
 * @param change of what is rendered; none given: only limits are raised
 */
export function worldOfSuite(blueprint: Blueprint, change?: Change): () => World {
  let world: World | undefined;
  beforeAll(async () => {
    world = await World.start(blueprint, change);
  });
  afterAll(() => world?.stop());
  return () => {
    if (!world) throw new Error("asked before the suite's beginning");
    return world;
  };
}
