const DAY = 24 * 60 * 60 * 1000;

const time = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** The day that lies `days` after `day` (both `YYYY-MM-DD`). */
export const addDays = (day: string, days: number): string =>
  new Date(time(day) + days * DAY).toISOString().slice(0, 10);

/** Days from one day to another; negative when it lies before. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((time(to) - time(from)) / DAY);
