import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BadInput } from "../../common/input/index.ts";
import { cloudsFile, readCloud } from "./clouds.ts";

const folder = mkdtempSync(join(tmpdir(), "polder-clouds-"));
const file = join(folder, "clouds.yaml");
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = "geheim-4711";
const GOOD = `clouds:
  haven:
    auth: { auth_url: "https://iam.example/v3", username: polder, password: ${SECRET} }
`;

function refusal(text: string, name = "haven"): string {
  writeFileSync(file, text);
  try {
    readCloud(file, name);
    return "";
  } catch (error) {
    if (error instanceof BadInput) return error.message.replace(`${file}`, "clouds.yaml");
    throw error;
  }
}

describe("clouds.yaml", () => {
  test("gives an entry", () => {
    writeFileSync(file, GOOD);
    expect(readCloud(file, "haven").auth.password).toBe(SECRET);
  });

  test.each([
    ["another name", GOOD, "havn", /^clouds\.yaml\S*: no entry "havn"; did you mean "haven"\?$/],
    ["no such name", GOOD, "rijk", /^clouds\.yaml\S*: no entry "rijk", there are: haven$/],
    [
      "no auth_url",
      GOOD.replace("auth_url", "url"),
      "haven",
      /^clouds\.yaml:3:5: entry "haven" has no usable auth\.auth_url$/,
    ],
    [
      "an auth_url that is none",
      GOOD.replace("https://iam.example/v3", SECRET),
      "haven",
      /no usable auth\.auth_url$/,
    ],
    [
      "a password that is a list",
      GOOD.replace(`password: ${SECRET}`, `password: [${SECRET}]`),
      "haven",
      /no usable auth\.password$/,
    ],
    ["an entry that is a text", `clouds: { haven: ${SECRET} }\n`, "haven", /no usable/],
    ["no clouds", `haven: { auth: { password: ${SECRET} } }\n`, "haven", /holds no `clouds:`/],
    ["clouds that are a text", `clouds: ${SECRET}\n`, "haven", /holds no `clouds:`/],
    ["a list", `- ${SECRET}\n`, "haven", /holds no `clouds:`/],
    ["a text", `${SECRET}\n`, "haven", /holds no `clouds:`/],
    ["a tab", GOOD.replace("  haven", "\thaven"), "haven", /^clouds\.yaml:2:1: /],
    [
      "a key twice",
      GOOD.replace("username: polder", `password: ${SECRET}`),
      "haven",
      /^clouds\.yaml:3:/,
    ],
    ["an open quote", GOOD.replace(SECRET, `"${SECRET}`), "haven", /^clouds\.yaml:/],
    ["an open bracket", GOOD.replace(" }", ""), "haven", /^clouds\.yaml:/],
    ["a bad escape", GOOD.replace(SECRET, `"\\q${SECRET}"`), "haven", /^clouds\.yaml:/],
    ["an alias of nothing", GOOD.replace(SECRET, `*${SECRET}`), "haven", /^clouds\.yaml:/],
    ["a tag", GOOD.replace(SECRET, `!${SECRET} x`), "haven", /^clouds\.yaml:/],
    ["nothing", "", "haven", /the file is empty/],
  ] as const)("with %s is refused, without a value of it", (_, text, name, line) => {
    const message = refusal(text, name);
    expect(message).toMatch(line);
    expect(message).not.toContain("geheim");
  });

  test("that isn't there: how to get it", () => {
    expect(() => cloudsFile({ OS_CLIENT_CONFIG_FILE: "/nonexistent" })).toThrow(
      /^\/nonexistent: no clouds\.yaml: .*OS_CLIENT_CONFIG_FILE.*`polder lab up`/,
    );
  });
});
