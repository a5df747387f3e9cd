/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array(b.length).fill(0)]);
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let j = 0; j <= b.length; j++) (rows[0] as number[])[j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replace = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, cell(i - 2, j - 2) + 1);
      }
      (rows[i] as number[])[j] = best;
    }
  }
  return cell(a.length, b.length);
}

/**
 * The allowed name that `got` was most likely meant to be, or undefined when none is near: at most
 * a third of its letters may differ, so that a wild guess is never offered.
 */
export function nearest(got: string, allowed: readonly string[]): string | undefined {
  const ranked = allowed
    .map((name) => ({ name, edits: distance(got.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits || a.name.localeCompare(b.name));
  const best = ranked[0];
  if (!best) return undefined;
  const length = Math.max(got.length, best.name.length);
  // One letter of two is half the word: "no" is not a slip for "on".
  const most = length < 3 ? 0 : Math.max(1, Math.floor(length / 3));
  return best.edits <= most ? best.name : undefined;
}

/** The nearest name as a question, or `otherwise` when none is near. */
export function didYouMean(
  got: string,
  names: readonly string[],
  otherwise = `allowed: ${names.join(", ")}`,
): string {
  const near = nearest(got, names);
  return near ? `did you mean "${near}"?` : otherwise;
}
