import { randomBytes } from "node:crypto";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { ALPHABET, makeRoom } from "../../meetings/rooms/index.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { programText } from "../configuration/index.ts";

/** A browser's document with what the page has of the script's: no more than it asks for. */
function typeInto(): (typed: string) => string {
  const lines = ["short", "wrong", "right"].map((when) => ({ hidden: true, dataset: { when } }));
  let typing = () => {};
  const field = {
    value: "",
    addEventListener: (_: string, handler: () => void) => {
      typing = handler;
    },
  };
  const document = {
    getElementById: (id: string) => (id === "name" ? field : {}),
    querySelectorAll: () => lines,
  };
  runInNewContext(programText(loadPrograms(), "nginx/programs/name.js"), { document });
  return (typed) => {
    field.value = typed;
    typing();
    return lines.flatMap(({ hidden, dataset }) => (hidden ? [] : [dataset.when])).join();
  };
}

const room = (): string =>
  makeRoom(
    "meet.example",
    Math.floor(Date.now() / 1000),
    { index: 0, key: randomBytes(32) },
    randomBytes,
  ).name;

it("tells a name that is typed well from one with a mistyped character, as the command line does", () => {
  const says = typeInto();
  for (let i = 0; i < 200; i++) {
    const name = room();
    expect([name, says(name)]).toEqual([name, "right"]);
    const at = i % name.length;
    const other = ALPHABET[(ALPHABET.indexOf(name[at] ?? "") + 1 + (i % 31)) % 32];
    const wrong = name.slice(0, at) + other + name.slice(at + 1);
    expect([wrong, says(wrong)]).toEqual([wrong, "wrong"]);
  }
});

it("reads it as it was meant, and says nothing of no name", () => {
  const says = typeInto();
  const name = room();
  const read = name.toUpperCase().replaceAll("0", "O").replaceAll("1", "l");
  expect(says(read.replace(/.{4}/g, "$& - "))).toBe("right");
  expect(says(name.slice(0, -1))).toBe("short");
  expect(says(`${name}0`)).toBe("wrong");
  expect(says("u".repeat(47))).toBe("wrong");
  expect(says(" ")).toBe("");
});
