import type { Dial } from "../dial.ts";

/** The head of a TLS record that announces a ClientHello of 512 bytes, and its first byte. No more comes. */
const HALF = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);

/**
 * Begins handshakes and doesn't go on.
 *
 * @param count how many at once
 * @param patience ms after which those that are still open are given up
 * @returns ms until each was ended by the other side, or null for one that never was
 */
export async function halfHandshakes(
  dial: Dial,
  count: number,
  patience: number,
): Promise<(number | null)[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const stream = await dial();
      const began = performance.now();
      return new Promise<number | null>((resolve) => {
        const end = (took: number | null) => {
          clearTimeout(timer);
          stream.destroy();
          resolve(took);
        };
        const timer = setTimeout(() => end(null), patience);
        const ended = () => end(performance.now() - began);
        stream.on("error", ended).on("end", ended).on("close", ended).resume();
        stream.write(HALF);
      });
    }),
  );
}
