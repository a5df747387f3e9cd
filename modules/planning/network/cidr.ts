import { Address4, Address6 } from "ip-address";

/** A range of addresses: `203.0.113.0/24` or `2001:db8::/32`. */
export interface Cidr {
  readonly family: 4 | 6;
  readonly text: string;
  readonly prefix: number;
  readonly first: bigint;
  readonly last: bigint;
}

const parse = (text: string): Address4 | Address6 | undefined => {
  // What isn't valid costs the library an error with its stack.
  if (!text.includes(":")) return Address4.isValid(text) ? new Address4(text) : undefined;
  return Address6.isValid(text) && !text.includes("%") ? new Address6(text) : undefined;
};

/**
 * Reads a range in CIDR notation; undefined when it is none, has no prefix length or has bits set
 * behind the prefix (`10.0.0.1/24` is an address, and almost always a slip).
 */
export function parseCidr(text: string): Cidr | undefined {
  const address = text.includes("/") ? parse(text) : undefined;
  if (!address) return undefined;
  const first = address.startAddress().bigInt();
  if (first !== address.bigInt()) return undefined;
  return {
    family: address instanceof Address4 ? 4 : 6,
    text: formatAddress(address instanceof Address4 ? 4 : 6, first).concat(
      `/${address.subnetMask}`,
    ),
    prefix: address.subnetMask,
    first,
    last: address.endAddress().bigInt(),
  };
}

/** The usual text of an address: dotted for IPv4, RFC 5952 for IPv6. */
export function formatAddress(family: 4 | 6, value: bigint): string {
  return family === 4
    ? Address4.fromBigInt(value).correctForm()
    : Address6.fromBigInt(value).correctForm();
}

/** Whether two ranges share an address. */
export const overlaps = (a: Cidr, b: Cidr): boolean =>
  a.family === b.family && a.first <= b.last && b.first <= a.last;

/** Whether `inner` lies wholly within `outer`. */
export const contains = (outer: Cidr, inner: Cidr): boolean =>
  outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;

/** The `index`-th range of length `prefix` inside `range`. @throws RangeError when there is none. */
export function subnet(range: Cidr, prefix: number, index: number): Cidr {
  const bits = range.family === 4 ? 32 : 128;
  const size = 1n << BigInt(bits - prefix);
  const first = range.first + BigInt(index) * size;
  if (prefix < range.prefix || first + size - 1n > range.last) {
    throw new RangeError(`${range.text} has no ${index}th /${prefix}`);
  }
  const text = `${formatAddress(range.family, first)}/${prefix}`;
  return { family: range.family, text, prefix, first, last: first + size - 1n };
}

/** The address `offset` above the first one of a range. @throws RangeError outside the range. */
export function addressAt(range: Cidr, offset: number): string {
  const value = range.first + BigInt(offset);
  if (value > range.last) throw new RangeError(`${range.text} has no address ${offset}`);
  return formatAddress(range.family, value);
}

/** A range that a program itself wrote, so a failure is a bug. */
export function cidr(text: string): Cidr {
  const range = parseCidr(text);
  if (!range) throw new RangeError(`${text} is no CIDR range`);
  return range;
}

/** Everything: what no admin network may be. */
export const INTERNET = { 4: cidr("0.0.0.0/0"), 6: cidr("::/0") } as const;
