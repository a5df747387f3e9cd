import { expect, it } from "vitest";
import { effort } from "./effort.ts";

it("counts what a first hit costs", () => {
  // 2^130 names, 1,023 rooms, 32 tries a second: 2^115 s.
  const { findBits, findYears, forgeYears } = effort(1_023, 32);
  expect(findBits).toBe(120);
  expect(findYears / (2 ** 115 / 31_557_600)).toBeCloseTo(1, 9);
  expect(forgeYears / (2 ** 74 / 31_557_600)).toBeCloseTo(1, 9);
});
