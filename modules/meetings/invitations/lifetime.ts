/** Seconds that a token may count: one meeting, at most a day. */
export const LONGEST = 86_400;

/** Seconds that the door is open before a meeting begins. Assumed. */
const EARLY = 900;

/** Seconds that a token of a meeting of so many minutes counts, the time before it begins included. */
export const lifeOf = (minutes: number): number => Math.min(LONGEST, minutes * 60 + EARLY);
