import { createHmac } from "node:crypto";
import { sumOf } from "../../meetings/issue-log/index.ts";
import { bitsAsText } from "../../meetings/rooms/index.ts";

/**
 * What the security log calls a room: 130 bits of a keyed digest of its name's own digest.
 *
 * @param key `gate/pseudonym.key`, in hex
 */
export const pseudonymOf = (key: string, room: string): string =>
  bitsAsText(
    createHmac("sha256", Buffer.from(key, "hex"))
      .update(`polder pseudonym 1\0${sumOf(room)}`)
      .digest(),
    26,
  );
