import type { Blueprint } from "../../planning/blueprint/index.ts";

/** Tags on whatever can carry them: whose it is, and which part of the Blueprint explains it. */
export const tags = (blueprint: Blueprint, part: string): string[] => [
  "polder",
  `polder-instance=${blueprint.instance}`,
  `polder-part=${part}`,
];
