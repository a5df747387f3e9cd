import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import {
  JITSI_PROGRAMS,
  readHocon,
  renderedHocon,
  typeOf,
} from "../modules/hosts/jitsi/testing.ts";

/** What stands at the end of a path. */
interface Leaf {
  readonly path: string;
  /** Typesafe Config's word: its ConfigValueType. */
  readonly type: string;
  readonly value: unknown;
}
type Verdict = { readonly found: readonly Leaf[] } | { readonly refused: string };

/** The parser that Jitsi's programs have, asked about all files in one go. */
function askTypesafeConfig(files: readonly string[]): Verdict[] {
  const folder = mkdtempSync(join(tmpdir(), "hocon-"));
  try {
    const paths = files.map((text, i) => {
      const path = join(folder, `${i}.conf`);
      writeFileSync(path, text);
      return path;
    });
    const jar = join(TOOLKIT, "build/typesafe-config/config-1.4.3.jar");
    const program = join(import.meta.dirname, "testing/ReadHocon.java");
    const printed = execFileSync("java", ["-cp", jar, program, ...paths], { encoding: "utf8" });
    return printed
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const WORDS = { BOOLEAN: "boolean", NUMBER: "number", STRING: "text", LIST: "list", OBJECT: "map" };

/** Each path with its type and value, as our own tests read a file. */
function ours(value: unknown, path = ""): [string, string, unknown][] {
  const inner = typeOf(value) === "map" ? Object.entries(value as object) : [];
  return inner.length === 0
    ? [[path, typeOf(value), value]]
    : inner.flatMap(([key, one]) => ours(one, path ? `${path}.${key}` : key));
}

/** Faults in a file, each of which JSON.parse or HOCON alone would let through, or leave to what else is on the host. */
const FAULTS: readonly (readonly [string, string, RegExp])[] = [
  ["a key twice", '"logging": 1, "logging": 2', /duplicate fields/],
  ["two values that are joined", '"logging": "a" "b"', /Expecting close brace/],
  ["an object that is joined to another", '"logging": {"a": 1} {"b": 2}', /Expecting close brace/],
  ["a text without quotes", '"logging": on and off', /not allowed in valid JSON/],
  ["a value that another place must give", '"logging": $'.concat("{nowhere}"), /Unresolved/],
  ["a value that another place may give", '"logging": $'.concat("{?HOME}"), /not allowed in JSON/],
  ["another file", 'include "other.conf"', /includes other\.conf/],
  ["a file by its path", 'include file("/etc/other.conf")', /includes \/etc\/other\.conf/],
];

describe.each(JITSI_PROGRAMS)("what is rendered for %s, read by Typesafe Config", (program) => {
  const files = renderedHocon(program);
  const planted = (line: string) => (files[0] as string).replace("{\n", `{\n  ${line},\n`);
  let verdicts: Verdict[];
  beforeAll(() => {
    verdicts = askTypesafeConfig([...files, ...FAULTS.map(([, line]) => planted(line))]);
  });
  const foundIn = (i: number): readonly Leaf[] => {
    const verdict = verdicts[i] as Verdict;
    if ("refused" in verdict) throw new Error(verdict.refused);
    return verdict.found;
  };

  it("has the paths, types and values that our own tests see", () => {
    expect(files.length).toBeGreaterThan(1);
    for (const [i, file] of files.entries()) {
      const theirs = foundIn(i).map(({ path, type, value }) => [
        path,
        WORDS[type as keyof typeof WORDS],
        value,
      ]);
      expect(theirs.sort()).toEqual(ours(readHocon(file)).sort());
    }
  });

  it.each(FAULTS.map(([what, , why], i) => [what, why, i] as const))(
    "is refused with %s",
    (_, why, i) => {
      expect(verdicts[files.length + i]).toEqual({ refused: expect.stringMatching(why) });
    },
  );
});
