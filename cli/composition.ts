import type { Composition } from "../modules/operations/working-folder/index.ts";
import { synthesis } from "../stacks/instance-stacks.ts";
import { standIns } from "./testbed.ts";

/** What the use cases are handed: the stacks, which know constructs, and the lab's stand-ins for Jitsi. */
export const composition: Composition = { synthesis, standIns };
