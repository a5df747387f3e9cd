import { oneOf, type Random } from "./random.ts";
import { isShifted, median } from "./randomisation-test.ts";

/** Pairs of a sample, at most: what needs more is too noisy for a probe of bounded load. */
export const MOST_PAIRS = 512;
/**
 * Sizes of samples that are weighed, in pairs. Of 24, two that point wholly the other way are borne at
 * the level of one test; of 16 not even one, and a few pairs of a pilot can't tell how often such come.
 */
const SIZES = [24, 32, 48, 64, 96, 128, 192, 256, 384, MOST_PAIRS];
/** Experiments that a power is estimated from: at 95 % its standard error is 1.5 %. */
const EXPERIMENTS = 200;
/** Times at most that pairs are added to a sample. */
export const LOOKS = Math.ceil(MOST_PAIRS / (SIZES[0] ?? 1));

/** Experiments in which a shift of some ms is looked for in a sample that is drawn from measured noise. */
function* experiments(
  noise: readonly number[],
  pairs: number,
  shift: number,
  alpha: number,
  random: Random,
): Generator<boolean> {
  const middle = median(noise);
  const one = () => (oneOf(noise, random) - middle) * (random() < 0.5 ? -1 : 1) + shift;
  for (let i = 0; i < EXPERIMENTS; i++) yield isShifted(Array.from({ length: pairs }, one), alpha);
}

/**
 * How often a shift would be seen in a sample of pairs.
 *
 * @param noise differences within pairs, ms; their median is taken out, their signs are tossed
 * @param shift ms
 * @param alpha two-sided level of the one test
 */
export const powerOf = (...about: Parameters<typeof experiments>): number =>
  [...experiments(...about)].filter(Boolean).length / EXPERIMENTS;

/** Whether a shift is seen often enough; ends as soon as it can't be any more. */
function suffices(power: number, ...about: Parameters<typeof experiments>): boolean {
  let missed = 0;
  for (const seen of experiments(...about))
    if (!seen && ++missed > (1 - power) * EXPERIMENTS) return false;
  return true;
}

/** The least number of pairs with which a shift is seen with a power; absent: 512 don't do. */
export const pairsNeeded = (
  noise: readonly number[],
  shift: number,
  alpha: number,
  power: number,
  random: Random,
): number | undefined => SIZES.find((pairs) => suffices(power, noise, pairs, shift, alpha, random));

/** Times of one pair, ms: the name that is looked at, and the one that was never issued. */
export interface Times {
  readonly asked: readonly number[];
  readonly never: readonly number[];
}

/**
 * Differences in the soonest answers: of a few, one had luck on its way, and what is left is the
 * server's own time.
 *
 * @param tries how many of each side's are looked at
 */
export const differences = (times: readonly Times[], tries: number): number[] =>
  times.map(
    ({ asked, never }) => Math.min(...asked.slice(0, tries)) - Math.min(...never.slice(0, tries)),
  );

/** A sample: so many pairs, each side asked so many times. */
export interface Sample {
  readonly pairs: number;
  readonly tries: number;
}

/** The cheapest sample that shows a shift through the noise that was measured; absent: none does. */
export function plan(
  times: readonly Times[],
  shift: number,
  alpha: number,
  power: number,
  random: Random,
): Sample | undefined {
  const most = times[0]?.asked.length ?? 0;
  let best: Sample | undefined;
  const cost = ({ pairs, tries }: Sample): number => pairs * tries;
  for (let tries = 1; tries <= most; tries++) {
    if (best && cost({ pairs: SIZES[0] ?? 0, tries }) >= cost(best)) break;
    const pairs = pairsNeeded(differences(times, tries), shift, alpha, power, random);
    if (pairs !== undefined && (!best || cost({ pairs, tries }) < cost(best)))
      best = { pairs, tries };
  }
  return best;
}
