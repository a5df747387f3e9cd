import { KEY_INDEXES, type RoomKey } from "./name.ts";

/**
 * The keys of rooms' names, a line each: `<index> <64 hex>`. The first one issues, all of them
 * count; there are two during a rotation.
 */
export const roomKeysText = (keys: readonly RoomKey[]): string =>
  keys.map(({ index, key }) => `${index} ${Buffer.from(key).toString("hex")}\n`).join("");

/** @throws Error, without the text, when it is none: only polder writes it. */
export function readRoomKeys(text: string): [RoomKey, ...RoomKey[]] {
  const keys = [...text.matchAll(/^(\d|[12]\d|3[01]) ([0-9a-f]{64})\n/gm)].map(
    ([, index, hex]) => ({ index: Number(index), key: Buffer.from(hex as string, "hex") }),
  );
  const [first, ...others] = keys;
  if (first === undefined || roomKeysText(keys) !== text) throw new Error("no keys of rooms");
  return [first, ...others];
}

/**
 * One step of three in a rotation, so that at each moment every name that is issued counts: the
 * next key counts, too; the next one issues; the old one is gone. The order of the keys tells which
 * step comes.
 *
 * @param bytes 32 random bytes, which the first step makes a key of
 */
export function rotateRoomKeys(
  keys: readonly [RoomKey, ...RoomKey[]],
  bytes: Uint8Array,
): { readonly step: 1 | 2 | 3; readonly keys: readonly RoomKey[] } {
  const [first, second] = keys;
  const after = (key: RoomKey) => (key.index + 1) % KEY_INDEXES;
  if (second === undefined) return { step: 1, keys: [first, { index: after(first), key: bytes }] };
  return second.index === after(first)
    ? { step: 2, keys: [second, first] }
    : { step: 3, keys: [first] };
}
