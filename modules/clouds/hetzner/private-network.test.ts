import fc from "fast-check";
import { expect, test } from "vitest";
import { addressAt, cidr, contains } from "../../planning/network/index.ts";
import { spanning } from "./private-network.ts";

test("the narrowest range around the zones", () => {
  expect(spanning(["10.84.0.0/24", "10.84.1.0/24"])).toBe("10.84.0.0/23");
  expect(spanning(["10.84.1.0/24", "10.84.2.0/24"])).toBe("10.84.0.0/22");
  expect(() => spanning(["10.0.0.0/24", "192.168.0.0/24"])).toThrow(/no range holds/);
});

test("holds every zone, and half of it doesn't", () => {
  const zone = fc.nat({ max: 65_535 }).map((n) => `10.${n >> 8}.${n & 255}.0/24`);
  fc.assert(
    fc.property(zone, zone, (a, b) => {
      const range = cidr(spanning([a, b]));
      expect([a, b].every((one) => contains(range, cidr(one)))).toBe(true);
      if (a === b) return;
      const half = range.prefix + 1;
      const halves = [0, 2 ** (32 - half)].map((at) => cidr(`${addressAt(range, at)}/${half}`));
      expect(halves.some((one) => [a, b].every((x) => contains(one, cidr(x))))).toBe(false);
    }),
  );
});
