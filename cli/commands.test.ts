import { expect, test } from "vitest";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { polderFrom, processFrom } from "./commands/testing.ts";
import { COMMANDS } from "./commands.ts";

const polder = polderFrom(TOOLKIT);

test("the list of commands and the help of one are there without an instance", async () => {
  const list = processFrom(TOOLKIT)("--help");
  expect(list.status).toBe(0);
  for (const { name } of COMMANDS) expect(list.stdout).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
  for (const asked of [
    ["show", "--help"],
    ["help", "show"],
  ]) {
    const help = await polder(...asked);
    expect(help.status).toBe(0);
    expect(help.stdout).toContain("Usage: polder show [options] <instance>");
    expect(help.stdout).toContain(COMMANDS.find(({ name }) => name === "show")?.does);
  }
});

test("a mistyped command is answered by the nearest one", async () => {
  const { status, stderr } = await polder("sho");
  expect(status).toBe(2);
  expect(stderr).toContain("Did you mean show?");
});
