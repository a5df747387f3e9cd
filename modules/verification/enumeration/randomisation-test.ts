/** The shift that must be found, ms. */
export const SHIFT = 2;

/** What a randomisation test says of differences within pairs. */
export interface Test {
  /** Pairs that differ at all; the others tell nothing. */
  readonly pairs: number;
  /** Two-sided, exact: how likely signs at least this one-sided are when each is a coin. */
  readonly p: number;
  /** The median difference, in the differences' own unit. */
  readonly median: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const at = (i: number): number => sorted[i] ?? Number.NaN;
  return sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2;
}

const total = (numbers: Iterable<number>): number => {
  let sum = 0;
  for (const one of numbers) sum += one;
  return sum;
};

/**
 * The chance that scores, each of which counts or doesn't by the toss of a coin, make at most `most`:
 * all 2^n tosses, by one step of convolution a score.
 */
export function chanceOfAtMost(scores: readonly number[], most: number): number {
  const chance = new Float64Array(most + 1);
  chance[0] = 1;
  for (const score of scores)
    for (let sum = most; sum >= 0; sum--)
      chance[sum] = ((chance[sum] ?? 0) + (sum >= score ? (chance[sum - score] ?? 0) : 0)) / 2;
  return total(chance);
}

/**
 * Fisher's randomisation test of paired differences (The Design of Experiments, 1935, 21), exact at
 * any tail. It holds whatever the noise, when the order within each pair was tossed: if the name
 * makes no difference, each sign is a coin.
 *
 * @param scoreOf a whole number from 1 for the size of a difference: what it weighs
 */
export function signFlip(differences: readonly number[], scoreOf: (size: number) => number): Test {
  const some = differences.filter((one) => one !== 0);
  const scores = some.map((one) => scoreOf(Math.abs(one)));
  const above = total(scores.filter((_, i) => (some[i] ?? 0) > 0));
  const lesser = Math.min(above, total(scores) - above);
  return {
    pairs: some.length,
    p: Math.min(1, 2 * chanceOfAtMost(scores, lesser)),
    median: median(differences),
  };
}

/** Within so many standard deviations no sum is as rare as such a level asks for: about 0.01. */
const ORDINARY = 2.5;
const RARE = 0.001;

/** Steps in which a difference up to {@link SHIFT} weighs more the larger it is. */
const STEPS = 50;

const scoreOfShift = (size: number): number => Math.ceil((STEPS * Math.min(size, SHIFT)) / SHIFT);

/**
 * Whether one name is answered later than another: differences weigh by their size up to the shift
 * that is looked for, and no more beyond it. A network's late packets, which are of any size, then
 * can't hide it, as they do among ranks.
 *
 * @param differences within pairs, ms
 */
export const shiftTest = (differences: readonly number[]): Test =>
  signFlip(differences, scoreOfShift);

/**
 * Whether {@link shiftTest} would be significant, for experiments by the hundred: most are decided without
 * all tosses. Far out, Hoeffding's bound (Journal of the American Statistical Association 58, 1963, theorem 2)
 * says that it is; near the middle, and at fine levels, it isn't by far.
 *
 * @param alpha two-sided
 */
export function isShifted(differences: readonly number[], alpha: number): boolean {
  let [all, above, squares] = [0, 0, 0];
  for (const one of differences) {
    const score = scoreOfShift(Math.abs(one));
    all += score;
    squares += score ** 2;
    if (one > 0) above += score;
  }
  const off = Math.abs(above - all / 2);
  if (2 * Math.exp((-2 * off ** 2) / squares) <= alpha) return true;
  if (alpha <= RARE && off < (ORDINARY * Math.sqrt(squares)) / 2) return false;
  return shiftTest(differences).p <= alpha;
}
