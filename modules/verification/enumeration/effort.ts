import { BITS_OF_A_NAME, BITS_OF_A_PROOF } from "./names.ts";

/** What guessing costs somebody who may try at a rate. */
export interface Effort {
  /** Powers of two: tries that are expected until a live room is hit, and until a room is forged. */
  readonly findBits: number;
  readonly forgeBits: number;
  /** Years to the first hit at that rate. */
  readonly findYears: number;
  readonly forgeYears: number;
}

const SECONDS_A_YEAR = 365.25 * 86_400;

/**
 * @param rooms live ones; the expected place of the first of them among 2^n names in random order is
 *   (2^n + 1) / (rooms + 1)
 * @param triesPerSecond all addresses together
 */
export function effort(rooms: number, triesPerSecond: number): Effort {
  const findBits = BITS_OF_A_NAME - Math.log2(rooms + 1);
  // A proof is right or wrong by itself: half of all are tried, on the average.
  const forgeBits = BITS_OF_A_PROOF - 1;
  const years = (bits: number): number => 2 ** bits / triesPerSecond / SECONDS_A_YEAR;
  return {
    findBits,
    forgeBits,
    findYears: years(findBits),
    forgeYears: years(forgeBits),
  };
}
