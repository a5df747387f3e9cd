import { describe, expect, it } from "vitest";
import { type Random, seeded } from "./random.ts";
import { chanceOfAtMost, isShifted, shiftTest, signFlip } from "./randomisation-test.ts";

describe("the exact chances", () => {
  // Darwin's fifteen pairs of maize, in eighths of an inch; Fisher counted 863 of 2^15 signs that make
  // at least as much (The Design of Experiments, 21).
  it("are Fisher's for Darwin's plants", () => {
    const darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    expect(signFlip(darwin, (size) => size).p * 2 ** 15).toBe(2 * 863);
  });

  // With ranks for scores it is Wilcoxon's signed-rank test: critical values of OEIS A226330, one-sided
  // 2.5 %, from 6 pairs on.
  it("are those of Wilcoxon's published table", () => {
    const published = [
      0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 29, 34, 40, 46, 52, 58, 65, 73, 81, 89, 98, 107, 116, 126,
      137, 147, 159, 170, 182, 195, 208, 221, 235, 249, 264, 279, 294, 310, 327, 343, 361, 378, 396,
      415, 434, 453, 473, 494, 514, 536, 557, 579, 602, 625, 648, 672, 697,
    ];
    for (const [i, critical] of published.entries()) {
      const ranks = Array.from({ length: i + 6 }, (_, rank) => rank + 1);
      expect(chanceOfAtMost(ranks, critical)).toBeLessThanOrEqual(0.025);
      expect(chanceOfAtMost(ranks, critical + 1)).toBeGreaterThan(0.025);
    }
  });

  it("are exact far out, too", () => {
    expect(shiftTest(Array.from({ length: 30 }, () => 5)).p).toBe(2 ** -29);
    expect(shiftTest(Array.from({ length: 512 }, () => 0.3)).p).toBe(2 ** -511);
  });
});

it("a pair without a difference tells nothing, and neither does nothing", () => {
  expect(shiftTest([0, 1, 0])).toMatchObject({ pairs: 1, p: 1 });
  expect(shiftTest([])).toMatchObject({ pairs: 0, p: 1 });
});

it("a few very late packets don't hide a shift", () => {
  const shifted = Array.from({ length: 40 }, () => 2);
  const late = [90, -80, 200, -150, -60, 75, -300, 40, -55, 120];
  expect(shiftTest([...shifted, ...late]).p).toBeLessThan(1e-7);
});

/** Noise of networks: never early, sometimes very late. */
const late = (random: Random): number =>
  Math.exp(1.2 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));

describe("false alarms", () => {
  // 4,000 experiments at 1 %: 40 expected, at most 65 but once in 10,000 times (binomial).
  it.each([
    ["late packets", (random: Random) => late(random) - late(random)],
    ["a server that slows down", (random: Random, i: number) => i * (random() - 0.5)],
    ["clocks of whole milliseconds", (random: Random) => Math.round(3 * (random() - random()))],
    ["almost no noise", (random: Random) => (random() - random()) / 100],
  ])("come no more often than the level says: %s", (_, noise) => {
    const random = seeded(2024);
    let alarms = 0;
    for (let experiment = 0; experiment < 4_000; experiment++)
      if (shiftTest(Array.from({ length: 32 }, (_, i) => noise(random, i))).p <= 0.01) alarms++;
    expect(alarms).toBeLessThanOrEqual(65);
    expect(alarms).toBeGreaterThan(10);
  });
});

it("decides at once as it does by all tosses", () => {
  const random = seeded(11);
  let shifted = 0;
  for (let i = 0; i < 1_500; i++) {
    const [pairs, noise, shift] = [16 + Math.floor(80 * random()), 8 * random(), 3 * random()];
    const some = Array.from({ length: pairs }, () => shift + noise * (random() + random() - 1));
    for (const alpha of [0.0001, 0.001, 0.05]) {
      const is = shiftTest(some).p <= alpha;
      if (is) shifted++;
      expect(isShifted(some, alpha)).toBe(is);
    }
  }
  expect(shifted).toBeGreaterThan(500);
  expect(shifted).toBeLessThan(4_000);
});
