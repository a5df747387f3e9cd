import { expect, it } from "vitest";
import { ALPHA } from "./plan.ts";
import { differences, pairsNeeded, plan, powerOf } from "./power.ts";
import { type Random, seeded } from "./random.ts";
import { SHIFT, shiftTest } from "./randomisation-test.ts";

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const noiseOf = (deviation: number, count: number): number[] => {
  const random = seeded(7);
  return Array.from({ length: count }, () => deviation * normal(random));
};

it("says what happens: a planned sample sees 2 ms as often as promised", () => {
  const pairs = pairsNeeded(noiseOf(4, 500), SHIFT, ALPHA, 0.99, seeded(1)) ?? 0;
  const random = seeded(3);
  let seen = 0;
  for (let i = 0; i < 500; i++)
    if (shiftTest(Array.from({ length: pairs }, () => 4 * normal(random) + SHIFT)).p <= ALPHA)
      seen++;
  expect(seen / 500).toBeGreaterThan(0.97);
});

// Where noise is far above the shift, differences weigh as signs alone: the sign test, which is
// 2/pi as good as the t-test (Lehmann, Nonparametrics), for which
// (z(alpha/2) + z(power))^2 (deviation/shift)^2 pairs do.
it("agrees with the normal theory of the sign test", () => {
  const deviation = 8;
  const theory = ((1.96 + 0.8416) ** 2 * (deviation / SHIFT) ** 2) / (2 / Math.PI);
  const power = powerOf(noiseOf(deviation, 2_000), Math.round(theory), SHIFT, 0.05, seeded(9));
  expect(power).toBeGreaterThan(0.74);
  expect(power).toBeLessThan(0.88);
});

it("asks for more pairs where it is noisier, and gives up where none do", () => {
  const needed = [0.1, 2, 5, 80].map((deviation) =>
    pairsNeeded(noiseOf(deviation, 40), SHIFT, ALPHA, 0.99, seeded(1)),
  );
  expect(needed[0]).toBe(24);
  expect(needed[1]).toBeGreaterThan(24);
  expect(needed[2]).toBeGreaterThan(needed[1] ?? 0);
  expect(needed[3]).toBeUndefined();
});

it("has no power at all without a shift", () => {
  expect(powerOf(noiseOf(1, 40), 64, 0, 0.001, seeded(2))).toBeLessThan(0.01);
});

it("asks more often where answers are late now and then, once where they are steady", () => {
  const random = seeded(4);
  const answer = (late: number) => 5 + random() / 10 + (random() < late ? 20 * random() : 0);
  const pilot = (late: number) =>
    Array.from({ length: 24 }, () => ({
      asked: [answer(late), answer(late), answer(late)],
      never: [answer(late), answer(late), answer(late)],
    }));
  expect(plan(pilot(0), SHIFT, ALPHA, 0.999, seeded(1))).toEqual({ pairs: 24, tries: 1 });
  const busy = plan(pilot(0.5), SHIFT, ALPHA, 0.999, seeded(1));
  expect(busy?.tries).toBeGreaterThan(1);
  expect(differences([{ asked: [7, 5, 6], never: [9, 4, 8] }], 2)).toEqual([1]);
});

it("takes no sample in which two late packets would hide 2 ms", () => {
  const [pairs = 0] = [pairsNeeded(noiseOf(0.1, 40), SHIFT, ALPHA, 0.99, seeded(1))];
  const seen = (late: number) =>
    shiftTest(Array.from({ length: pairs }, (_, i) => (i < late ? -30 : SHIFT))).p <= ALPHA;
  expect([seen(2), seen(5)]).toEqual([true, false]);
});
