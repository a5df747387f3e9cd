import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressAt, cidr, contains, formatAddress, overlaps, parseCidr, subnet } from "./index.ts";

const anyV4 = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), fc.integer({ min: 0, max: 32 }))
  .map(([address, prefix]) => {
    const size = 2n ** BigInt(32 - prefix);
    return `${formatAddress(4, (address / size) * size)}/${prefix}`;
  });

describe("a range", () => {
  it.each([
    "192.0.2.1/24",
    "2001:db8::1/32",
    "192.0.2.0",
    "192.0.2.0/33",
    "2001:db8::/129",
    "256.0.0.0/8",
    "010.0.0.0/8",
    "fe80::%eth0/64",
    "192.0.2.0/255.255.255.0",
    "",
    "/",
    "text/8",
  ])("is not %j", (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it("has its first and last address, and one spelling", () => {
    expect(parseCidr("2001:DB8:0::/32")).toMatchObject({
      family: 6,
      text: "2001:db8::/32",
      prefix: 32,
    });
    const { first, last } = cidr("192.0.2.0/30");
    expect(last - first).toBe(3n);
  });

  it("reads back what it writes", () => {
    fc.assert(
      fc.property(anyV4, (text) => {
        expect(cidr(text).text).toBe(text);
      }),
    );
  });

  it("shares addresses with another just when the parts say so", () => {
    fc.assert(
      fc.property(anyV4, anyV4, (a, b) => {
        const [x, y] = [cidr(a), cidr(b)];
        // Two CIDR ranges are nested or apart, never half over each other.
        expect(overlaps(x, y)).toBe(contains(x, y) || contains(y, x));
        expect(overlaps(x, y)).toBe(overlaps(y, x));
      }),
    );
  });

  it("of one family never overlaps one of the other", () => {
    expect(overlaps(cidr("0.0.0.0/0"), cidr("::/0"))).toBe(false);
    expect(contains(cidr("::/0"), cidr("192.0.2.0/24"))).toBe(false);
  });

  it("is cut into parts and addresses, and no further than it reaches", () => {
    expect(subnet(cidr("10.80.0.0/22"), 24, 3).text).toBe("10.80.3.0/24");
    expect(() => subnet(cidr("10.80.0.0/22"), 24, 4)).toThrow(RangeError);
    expect(() => subnet(cidr("10.80.0.0/24"), 22, 0)).toThrow(RangeError);
    expect(addressAt(cidr("fd00:0:0:1::/64"), 0x1f)).toBe("fd00:0:0:1::1f");
    expect(() => addressAt(cidr("192.0.2.0/30"), 4)).toThrow(RangeError);
  });
});
