/** Today as `YYYY-MM-DD`, UTC: the `asOf` of a real plan or apply. */
export const today = (): string => new Date().toISOString().slice(0, 10);
