/**
 * Crockford's alphabet in lower case: digits and letters without i, l, o (taken for 1 and 0) and u
 * (an accidental word less). A character's value is its place. Lower case, since XMPP's string
 * preparation makes it so; 32 of them, so that each is 5 bits and no draw is biased.
 * https://www.crockford.com/base32.html (read 2026-11-25)
 */
export const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Values, 0 to 31, as text. */
export const textOf = (values: Iterable<number>): string =>
  Array.from(values, (value) => ALPHABET[value]).join("");

/** The first `length` × 5 bits of some bytes as text, most significant first. */
export function bitsAsText(bytes: Uint8Array, length: number): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return textOf(Array.from({ length }, (_, i) => Number.parseInt(bits.slice(i * 5, i * 5 + 5), 2)));
}

/** Random characters: the low five bits of one random byte each, so that none is likelier. */
export const randomText = (random: (bytes: number) => Uint8Array, length: number): string =>
  textOf(random(length).map((byte) => byte & 31));

/** The check character of a text: Luhn's sum modulo 32. */
export function checkOf(text: string): string {
  const sum = Array.from(text)
    .reverse()
    .reduce((total, character, i) => {
      const value = ALPHABET.indexOf(character) * (i % 2 === 0 ? 2 : 1);
      // Digits of the product in base 32, added up: 0 to 31 keep apart.
      return total + Math.floor(value / 32) + (value % 32);
    }, 0);
  return textOf([(32 - (sum % 32)) % 32]);
}
