/**
 * Finds CDK tokens in values that were rendered at synth. A token is a placeholder for something
 * that only Terraform will know. Code that treats it as a value gives silent nonsense: an upper-cased
 * name becomes `${TFTOKEN[TOKEN.2]}`, a number becomes -8.1095622125913805e+298.
 */

/** A token, or what is left of one, in a rendered value. */
export interface TokenLeak {
  /** Where: `hosts[0].address`; the empty string for the value itself. */
  readonly path: string;
  readonly message: string;
}

// No configuration holds such a number; what is made of a numeric token by arithmetic still does.
const IMPOSSIBLE_NUMBER = 1e200;
// JavaScript writes every number from 1e21 with one digit before the point and a plus: unlike a
// hexadecimal id that happens to look like 1234e567.
const NUMBER_TOKEN = /(?<![\w.])-?\d(?:\.\d+)?e(?:\+|%2b)\d{3}(?!\w)/i;
// The same number written out, plain or in groups of three.
const WRITTEN_OUT = /\d{200}|\d(?:[,.'_\s]\d{3}){66}/;
const MARKER = "${tftoken[";
const HIDDEN = base64Forms("TfToken[");

/**
 * Finds token leaks anywhere in `value`: its strings, keys, numbers, bytes and unresolved token
 * objects. Case, percent and base64 encoding, slugs, arithmetic and a cut end don't hide a token.
 */
export function findTokens(value: unknown): TokenLeak[] {
  const leaks: TokenLeak[] = [];
  visit(value, "", leaks, new Set());
  return leaks;
}

function visit(value: unknown, path: string, leaks: TokenLeak[], above: Set<unknown>): void {
  const leak = (message: string) => leaks.push({ path, message });
  if (typeof value === "string") {
    const found = inText(value);
    if (found !== undefined) leak(found);
  } else if (typeof value === "number") {
    if (!(Math.abs(value) < IMPOSSIBLE_NUMBER)) {
      leak(`got ${value}, a numeric token or what arithmetic made of one: use a planned value`);
    }
  } else if (typeof value === "object" && value !== null && !above.has(value)) {
    above.add(value);
    if (value instanceof Uint8Array) {
      visit(new TextDecoder().decode(value), path, leaks, above);
    } else if (Array.isArray(value)) {
      for (const [index, inner] of value.entries()) {
        visit(inner, `${path}[${index}]`, leaks, above);
      }
    } else if ("resolve" in value && typeof value.resolve === "function") {
      leak("got an unresolved token object: use a planned value");
    } else if ("node" in value && !isPlain(value)) {
      // Not walked: a construct leads to all the others.
      leak("got a construct, not a value of it: use a planned value");
    } else {
      for (const [key, inner] of value instanceof Map ? [...value] : Object.entries(value)) {
        const below = path === "" ? String(key) : `${path}.${String(key)}`;
        const inKey = inText(String(key));
        if (inKey !== undefined) leaks.push({ path: below, message: `in the key: ${inKey}` });
        visit(inner, below, leaks, above);
      }
    }
    above.delete(value);
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function inText(text: string): string | undefined {
  const lower = text.toLowerCase();
  const at = lower.indexOf("tftoken");
  if (at !== -1) {
    return `got the token ${JSON.stringify(text.slice(Math.max(0, at - 2), at + 30))}: use a planned value`;
  }
  for (let length = MARKER.length - 1; length > 2; length--) {
    if (lower.endsWith(MARKER.slice(0, length))) {
      return `got the beginning of a token, ${JSON.stringify(text.slice(-length))}: a token was cut`;
    }
  }
  const number = NUMBER_TOKEN.exec(text)?.[0];
  if (number !== undefined && Math.abs(Number(number.replace(/%2b/i, "+"))) >= IMPOSSIBLE_NUMBER) {
    return `got ${number}, a numeric token: use a planned value`;
  }
  if (WRITTEN_OUT.test(text)) {
    return "got a number of more than 200 digits, a numeric token written out: use a planned value";
  }
  if (HIDDEN.some((form) => text.includes(form))) {
    return "got a token encoded as base64: use a planned value";
  }
  return undefined;
}

/** What `text` looks like inside base64, at each of the three places where it can begin in a triple. */
function base64Forms(text: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = btoa("\0".repeat(offset) + text);
    // Letters that also hold bits of a neighbour are not the same everywhere.
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + text.length) * 8) / 6));
  });
}
