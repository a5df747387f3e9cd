/** IPv4 as numbers, enough for a private network. */

export interface Range {
  readonly first: number;
  readonly last: number;
  readonly text: string;
}

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

export function toNumber(address: unknown): number | undefined {
  const parts = String(address).split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

export const toText = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");

export function range(text: unknown): Range | undefined {
  const [, address, prefix] = /^([\d.]+)\/(\d+)$/.exec(String(text)) ?? [];
  const first = toNumber(address);
  const size = 2 ** (32 - Number(prefix));
  if (first === undefined || Number(prefix) > 32 || first % size !== 0) return undefined;
  return { first, last: first + size - 1, text: String(text) };
}

export const within = (outer: Range | undefined, inner: Range): boolean =>
  outer !== undefined && outer.first <= inner.first && inner.last <= outer.last;

export const isPrivate = (one: Range): boolean =>
  PRIVATE.some((outer) => within(range(outer), one));
