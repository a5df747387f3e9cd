import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadInput, MAX_BYTES, type Path, parseYaml } from "./index.ts";

/** The lines that a person would see. */
function refusal(text: string): string[] {
  try {
    parseYaml(text, "f.yaml");
    return [];
  } catch (error) {
    if (error instanceof BadInput) return error.message.split("\n");
    throw error;
  }
}

const place = (text: string, path: Path): string => {
  const { line, column } = parseYaml(text, "f.yaml").at(path);
  return `${line}:${column}`;
};

describe("text that is no YAML of ours", () => {
  it.each<[string, string, string[]]>([
    ["nothing", "", ["f.yaml: the file is empty"]],
    ["only a remark", "# later\n", ["f.yaml: the file is empty"]],
    [
      "an open list",
      "a: [1, 2",
      ["f.yaml:1:9: no valid YAML: unexpected end of the stream within a flow collection"],
    ],
    [
      "a colon in a text",
      "a: b: c",
      [
        'f.yaml:1:5: no valid YAML: bad indentation of a mapping entry (a text with ": " in it, or one that starts with @ ` % & * ! | > { [ }, needs quotes)',
      ],
    ],
    [
      "lines that don't stand under each other",
      " a: 1\nb: 2",
      [
        "f.yaml:2:1: no valid YAML: end of the stream or a document separator is expected (the lines before have another indent)",
      ],
    ],
    [
      "a tab",
      "a:\n\tb: 1\n",
      ["f.yaml:2:1: a tab indents this line, only spaces are allowed there"],
    ],
    [
      "a tab behind spaces",
      "a:\n  b: 1\n  \tc: 1\n",
      ["f.yaml:3:3: a tab indents this line, only spaces are allowed there"],
    ],
    [
      "two keys twice",
      "a: 1\nb: 1\na: 2\nb: 2\n",
      [
        'f.yaml:3:1: key "a" stands here a second time',
        'f.yaml:4:1: key "b" stands here a second time',
      ],
    ],
    [
      "a key twice, once in quotes",
      'a: 1\n"a": 2\n',
      ['f.yaml:2:1: key "a" stands here a second time'],
    ],
    ["a key twice in one line", "{a: 1, a: 2}", ['f.yaml:1:8: key "a" stands here a second time']],
    [
      "two documents",
      "a: 1\n---\nb: 2\n",
      ["f.yaml:2:1: a second YAML document starts here, exactly one is allowed"],
    ],
    [
      "two documents, both marked",
      "---\na: 1\n---\nb: 2\n",
      ["f.yaml:3:1: a second YAML document starts here, exactly one is allowed"],
    ],
    [
      "an end and more behind it",
      "a: 1\n...\nb: 2\n",
      ["f.yaml:2:1: a second YAML document starts here, exactly one is allowed"],
    ],
    [
      "a list as key",
      "? [a, b]\n: c\n",
      ["f.yaml:1:3: a key is one word here, not a list, a block or an alias"],
    ],
    ["an alias of nothing", "a: *b\n", ['f.yaml:1:5: no valid YAML: unidentified alias "b"']],
    [
      "an alias inside itself",
      "a: &x {b: *x}\n",
      ['f.yaml:1:11: the alias "*x" stands inside what it repeats'],
    ],
    [
      "a tag that makes objects",
      "a: !!js/function x\n",
      ["f.yaml:1:4: no valid YAML: unknown scalar tag !<tag:yaml.org,2002:js/function>"],
    ],
    ["a null byte", "a: \0\n", ["f.yaml:1:4: no valid YAML: null byte is not allowed in input"]],
    ["30 levels", "[".repeat(30), ["f.yaml:1:24: no valid YAML: nesting exceeded maxDepth (24)"]],
  ])("refuses %s", (_, text, lines) => {
    expect(refusal(text)).toEqual(lines);
  });

  it("refuses 10 MB without parsing it", () => {
    expect(refusal(`a: ${"x".repeat(10_000_000)}`)).toEqual([
      `f.yaml: 10000003 bytes, at most ${MAX_BYTES} are read: this is not a file of ours`,
    ]);
  });

  it("refuses more aliases than a person writes, at the first one too many", () => {
    const bomb = `a: &a x\nb: [${Array(40).fill("*a").join(", ")}]\n`;
    expect(refusal(bomb)).toEqual(["f.yaml:2:133: more than 32 aliases, at most 32 are allowed"]);
  });

  it("refuses a few aliases that stand for very much", () => {
    const levels = ["a0: &a0 ", "x".repeat(1000), "\n"];
    for (let i = 1; i <= 10; i++)
      levels.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}, *a${i - 1}]\n`);
    expect(refusal(levels.join(""))).toEqual([
      "f.yaml:7:9: with its aliases written out this has over 524288 characters",
    ]);
  });

  it("shows what a terminal would obey written out, in one line of bounded length", () => {
    expect(refusal('"\\e[31m\\n": 1\n"\\e[31m\\n": 2\n')).toEqual([
      'f.yaml:2:1: key "\\u001b[31m\\u000a" stands here a second time',
    ]);
    const [line] = refusal(`${"x".repeat(900)}: 1\n${"x".repeat(900)}: 2\n`);
    expect(line?.length).toBeLessThan(700);
  });
});

describe("places", () => {
  const text = 'a: 1\nb:\n  c: "two"\n  d: [1, {x: y}]\ne:\nf: &n [1]\ng: *n\n';

  it.each<[Path, string]>([
    [["a"], "1:4"],
    [["b", "c"], "3:6"],
    [["b", "d", 1, "x"], "4:14"],
    [["e"], "5:1"],
    [["g"], "7:4"],
    [["b", "absent"], "3:3"],
  ])("finds the value at %j at %s", (path, at) => {
    expect(place(text, path)).toBe(at);
  });

  it("counts the same behind a byte order mark and with Windows line ends", () => {
    expect(place("\uFEFFa: 1\r\nb: 2\r\n", ["a"])).toBe("1:4");
    expect(place("\uFEFFa: 1\r\nb: 2\r\n", ["b"])).toBe("2:4");
  });

  it("keeps words that older YAML reads as booleans, dates and octal numbers", () => {
    const { value } = parseYaml("a: off\nb: no\nc: 2027-01-31\nd: 012\n", "f.yaml");
    expect(value).toEqual({ a: "off", b: "no", c: "2027-01-31", d: 12 });
  });
});

describe("any text", () => {
  const yamlish = fc
    .array(
      fc.constantFrom(
        ..."a b : - ? [ ] { } , & * ! | > ' \" % @ ` # ~ \n \t & << --- ... 1 null \\ é \u2028 \uFEFF".split(
          " ",
        ),
        " ",
        "\n  ",
        "&x ",
        "*x ",
        ": ",
        "- ",
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join(""));

  /** Any character, as fast-check's own "binary", which lists all million of them first. */
  const [HALVES, AFTER] = [0xd800, 0xe000];
  const character = fc.nat({ max: 0x10ffff - (AFTER - HALVES) }).map(
    (n) => String.fromCodePoint(n < HALVES ? n : n + AFTER - HALVES),
    (value) => {
      const [one = "", ...more] = String(value);
      const n = one.codePointAt(0);
      if (n === undefined || more.length > 0) throw new Error("not one character");
      return n < HALVES ? n : n - (AFTER - HALVES);
    },
  );

  it("is parsed or refused with a place inside the text, and never anything else", () => {
    fc.assert(
      fc.property(fc.oneof(yamlish, fc.string({ unit: character, maxLength: 60 })), (text) => {
        try {
          parseYaml(text, "f.yaml");
        } catch (error) {
          if (!(error instanceof BadInput)) throw error;
          expect(error.problems.length).toBeGreaterThan(0);
          for (const { at } of error.problems) {
            expect(at?.line ?? 1).toBeLessThanOrEqual(text.split("\n").length);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});
