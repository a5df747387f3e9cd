import { expect, it } from "vitest";
import { nearest } from "./nearest.ts";

const names = ["name", "network", "network_id", "flavor_id", "flavor_name"];

it("finds the name that was meant", () => {
  expect(nearest("flavour_name", names)).toBe("flavor_name");
  expect(nearest("netwrok", names)).toBe("network");
  expect(nearest("networkid", names)).toBe("network_id");
  expect(nearest("nmae", names)).toBe("name");
  expect(nearest("mane", names)).toBe("name");
  expect(nearest("xxname", names)).toBe("name");
  expect(nearest("namexx", names)).toBe("name");
  expect(nearest("name", ["xxname"])).toBe("xxname");
  expect(nearest("name", ["namexx"])).toBe("namexx");
  expect(nearest("ork_id", ["network_id", "abcork_i"])).toBe(undefined);
});

it("finds none where none comes near", () => {
  expect(nearest("xyzzy", names)).toBe(undefined);
  expect(nearest("ab", names)).toBe(undefined);
  expect(nearest("name", [])).toBe(undefined);
  expect(nearest("d", ["a"])).toBe(undefined);
  expect(nearest("", ["a"])).toBe(undefined);
});

it("allows a third of the letters to differ, and at least two", () => {
  expect(nearest("abc", ["axy"])).toBe("axy");
  expect(nearest("abc", ["xyz"])).toBe(undefined);
  expect(nearest("abcdefghijkl", ["xxxxefghijkl"])).toBe("xxxxefghijkl");
  expect(nearest("abcdefghijkl", ["xxxxxfghijkl"])).toBe(undefined);
});

it("takes the first of two that are as near", () => {
  expect(nearest("aaaa", ["aaab", "aaac"])).toBe("aaab");
});
