import { describe, expect, it } from "vitest";
import { z } from "zod";
import { BadInput, nearest, parseYaml, validate } from "./index.ts";

const schema = z.strictObject({
  colour: z.enum(["red", "green"]),
  count: z.int().min(1).max(9),
  on: z.boolean().default(false),
  list: z.array(z.string()).min(1).max(2).default(["x"]),
  level: z.literal([1, 2]).default(1),
  shares: z.partialRecord(z.enum(["VP8", "AV1"]), z.number()).default({}),
  place: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("here") }),
      z.strictObject({ kind: z.literal("there"), address: z.string() }),
    ])
    .prefault({ kind: "here" }),
});

function refusal(text: string): string[] {
  try {
    validate(parseYaml(text, "f"), schema);
    return [];
  } catch (error) {
    if (error instanceof BadInput) return error.message.split("\n");
    throw error;
  }
}

describe("what a schema refuses", () => {
  it.each<[string, string[]]>([
    ["text", ['f:1:1: got "text", a block of keys is allowed']],
    ["- a", ['f:1:1: got ["a"], a block of keys is allowed']],
    [
      "on: true",
      [
        "f:1:1: colour: missing, required: one of red, green",
        "f:1:1: count: missing, a number is required",
      ],
    ],
    [
      "colour: gren\ncount: 1",
      ['f:1:9: colour: got "gren", allowed: red, green; did you mean "green"?'],
    ],
    ["colour: blue\ncount: 1", ['f:1:9: colour: got "blue", allowed: red, green']],
    ["color: red\ncount: 1", ['f:1:1: unknown key "color"; did you mean "colour"?']],
    [
      "colour: red\ncount: 1\nzzzz: 1",
      ['f:3:1: unknown key "zzzz", allowed here: colour, count, on, list, level, shares, place'],
    ],
    ["colour: red\ncount: 0", ["f:2:8: count: got 0, at least 1 is allowed"]],
    ["colour: red\ncount: 10", ["f:2:8: count: got 10, at most 9 is allowed"]],
    ["colour: red\ncount: 1.5", ["f:2:8: count: got 1.5, a whole number is allowed"]],
    ["colour: red\ncount: .nan", ["f:2:8: count: got .nan, a number is allowed"]],
    ["colour: red\ncount: -.inf", ["f:2:8: count: got -.inf, a number is allowed"]],
    ["colour: red\ncount:", ["f:2:1: count: got nothing, a number is allowed"]],
    ["colour: red\ncount: 1\non: yes", ['f:3:5: on: got "yes", true or false is allowed']],
    [
      "colour: red\ncount: 1\nlist: []",
      ["f:3:7: list: got a list of 0 entries, at least 1 is needed"],
    ],
    [
      "colour: red\ncount: 1\nlist: [a, b, c]",
      ["f:3:7: list: got a list of 3 entries, at most 2 are allowed"],
    ],
    ["colour: red\ncount: 1\nlist: [a, 5]", ["f:3:11: list[1]: got 5, a text is allowed"]],
    ["colour: red\ncount: 1\nlist: a", ['f:3:7: list: got "a", a list is allowed']],
    ["colour: red\ncount: 1\nlevel: 3", ["f:3:8: level: got 3, allowed: 1, 2"]],
    [
      'colour: red\ncount: 1\nlevel: "2"',
      ['f:3:8: level: got "2", write it without quotes; allowed: 1, 2'],
    ],
    ["colour: red\ncount: 1\nshares: {vp8: 1}", ['f:3:10: unknown key "vp8"; did you mean "VP8"?']],
    [
      "colour: red\ncount: 1\nshares: {H265: 1}",
      ['f:3:10: unknown key "H265", allowed here: VP8, AV1'],
    ],
    [
      "colour: red\ncount: 1\nplace: {kind: ther}",
      ['f:3:15: place.kind: got "ther", allowed: here, there; did you mean "there"?'],
    ],
    [
      "colour: red\ncount: 1\nplace: {}",
      ["f:3:8: place.kind: missing, required: one of here, there"],
    ],
    [
      "colour: red\ncount: 1\nplace: {kind: there}",
      ["f:3:8: place.address: missing, a text is required"],
    ],
    [
      "colour: red\ncount: 1\nplace: {kind: there, adres: x}",
      ['f:3:22: unknown key "adres"; did you mean "address"?'],
    ],
    [
      "colour: red\ncount: 1\nplace: {kind: here, adres: x}",
      ['f:3:21: unknown key "adres", allowed here: kind'],
    ],
    [
      "colour: red\ncount: 1\n__proto__: {on: true}",
      [
        'f:3:1: unknown key "__proto__", allowed here: colour, count, on, list, level, shares, place',
      ],
    ],
  ])("%j", (text, lines) => {
    expect(refusal(text)).toEqual(lines);
  });

  it("tells everything at once, in the order of the file", () => {
    expect(refusal("zzzz: 1\ncount: 0\ncolour: blue\n")).toEqual([
      'f:1:1: unknown key "zzzz", allowed here: colour, count, on, list, level, shares, place',
      "f:2:8: count: got 0, at least 1 is allowed",
      'f:3:9: colour: got "blue", allowed: red, green',
    ]);
  });
});

describe("the nearest name", () => {
  it.each([
    ["residencie", ["residency", "retention"], "residency"],
    ["cluod", ["cloud", "chat"], "cloud"],
    ["LAB", ["lab", "lab-direct"], "lab"],
    ["zebra", ["lab", "cloud"], undefined],
    ["adres", ["address"], "address"],
    ["no", ["on", "off"], undefined],
    ["", ["a"], undefined],
  ])("of %j in %j is %j", (got, allowed, near) => {
    expect(nearest(got, allowed)).toBe(near);
  });
});
