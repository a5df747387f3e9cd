/** Numbers in [0, 1) that look random and come again with the same seed. */
export type Random = () => number;

/**
 * Doty-Humphrey's sfc32 (PractRand), seeded by a whole number: draws and orders of a run can be
 * repeated by its seed. Not for secrets.
 */
export function seeded(seed: number): Random {
  let [a, b, c, counter] = [0, seed | 0, (seed / 2 ** 32) | 0, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

export const oneOf = <T>(list: readonly T[], random: Random): T => {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error("nothing to choose from");
  return one;
};

/** `count` of a list, none twice, in random order (Fisher and Yates). */
export function drawn<T>(list: readonly T[], count: number, random: Random): T[] {
  const left = [...list];
  const taken: T[] = [];
  while (taken.length < count && left.length > 0)
    taken.push(...left.splice(Math.floor(random() * left.length), 1));
  return taken;
}
