import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { randomText } from "./index.ts";

it("a name's chance repeats in no place of a million names", () => {
  const seen = new Set<string>();
  // The random part alone: what follows it is worked out from it.
  for (let i = 0; i < 1_000_000; i++) seen.add(randomText(randomBytes, 26));
  expect(seen.size).toBe(1_000_000);
});
