import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { COMMANDS } from "../commands.ts";
import { ROOT } from "../root.ts";
import { polderFrom } from "./testing.ts";

const { stdout: script } = await polderFrom(ROOT)("completion", "bash");

/** What bash offers for the last of some words, after the others; asked in the checkout. */
function offered(...words: string[]): string[] {
  const line = ["polder", ...words].map((word) => `'${word}'`).join(" ");
  const ask = `eval "$SCRIPT"; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _polder; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { ...process.env, SCRIPT: script };
  const text = execFileSync("bash", ["-uc", ask], { encoding: "utf8", cwd: ROOT, env });
  return text.split("\n").filter(Boolean);
}

it("offers every command, and those that begin so", () => {
  expect(offered("")).toEqual([...COMMANDS.map(({ name }) => name), "--version", "--help"]);
  expect(offered("de")).toEqual(["decommission"]);
});

it("offers the commands below one, its options, and an option's values", () => {
  expect(offered("keys", "rot")).toEqual(["rotate"]);
  expect(offered("converge", "lab", "--ch")).toEqual(["--check"]);
  expect(offered("schema", "--of", "")).toEqual(["instance", "location", "overrides"]);
});

it("offers instances where one is asked for, also behind an option", () => {
  expect(offered("show", "ministerie")).toEqual(["ministerie-groot"]);
  expect(offered("keys", "rotate", "gemeente")).toEqual(["gemeente-klein"]);
  expect(offered("schema", "ministerie")).toEqual([]);
});
