import type { Issued, Line } from "./line.ts";

/** The tokens that were issued, in order. */
export const issuedIn = (lines: readonly Line[]): Issued[] =>
  lines.flatMap(({ entry }) => (entry.kind === "token" ? [entry] : []));

/**
 * What the gate reads: `token <id> <until>` and `room <SHA-256 of its name> <until>`, a line each.
 * What ended by itself needs no line any more.
 *
 * @param now seconds since 1970
 */
export function revokedText(lines: readonly Line[], now: number): string {
  const revoked = lines.flatMap(({ entry }) => {
    if (entry.kind === "token-revoked") return [{ what: `token ${entry.id}`, until: entry.until }];
    if (entry.kind === "room-revoked") return [{ what: `room ${entry.room}`, until: entry.until }];
    return [];
  });
  const counting = revoked.filter(({ until }) => until > now);
  return [...new Set(counting.map(({ what, until }) => `${what} ${until}\n`))].sort().join("");
}

/**
 * Until when each key is needed by what was issued: a rotation's third step waits for that.
 *
 * @param now seconds since 1970
 * @returns pairs of a key's name and seconds since 1970
 */
export function keysInUse(lines: readonly Line[], now: number): [name: string, until: number][] {
  const last = new Map<string, number>();
  for (const { until, tokenKey, roomKey } of issuedIn(lines))
    for (const name of [`token key ${tokenKey}`, `room key ${roomKey}`])
      last.set(name, Math.max(until, last.get(name) ?? 0));
  return [...last].filter(([, until]) => until > now).sort();
}
