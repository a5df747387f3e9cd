import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { ALPHABET, LENGTH, makeRoom } from "../../meetings/rooms/index.ts";

// Pages load it as it is; what they do with it, lab/pages.debian.test.ts sees in a browser.
const file = new URL("programs/name.js", import.meta.url).href;
const { isWellTyped, length, meant } = await import(file);

const room = (): string =>
  makeRoom(
    "meet.example",
    Math.floor(Date.now() / 1000),
    { index: 0, key: randomBytes(32) },
    randomBytes,
  ).name;

it("tells a name that is typed well from one with a mistyped character, as the command line does", () => {
  expect(length).toBe(LENGTH);
  for (let i = 0; i < 200; i++) {
    const name = room();
    expect([name, isWellTyped(name)]).toEqual([name, true]);
    const at = i % name.length;
    const other = ALPHABET[(ALPHABET.indexOf(name[at] ?? "") + 1 + (i % 31)) % 32];
    const wrong = name.slice(0, at) + other + name.slice(at + 1);
    expect([wrong, isWellTyped(wrong)]).toEqual([wrong, false]);
  }
});

it("reads it as it was meant", () => {
  const name = room();
  const read = name.toUpperCase().replaceAll("0", "O").replaceAll("1", "l");
  expect(meant(read.replace(/.{4}/g, "$& - "))).toBe(name);
  for (const wrong of [`${name}0`, name.slice(0, -1), "u".repeat(LENGTH), ""])
    expect([wrong, isWellTyped(meant(wrong))]).toEqual([wrong, false]);
});
