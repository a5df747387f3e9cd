import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { buildBlueprint, type Host } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { bridgePart } from "./index.ts";
import { standIn } from "./stand-in.ts";

const python = (test: string) =>
  execFileSync(
    "python3",
    ["-c", `${standIn(10000, ["10.0.0.1"], "#").replace(/^if __name__[\s\S]*/m, "")}\n${test}`],
    {
      encoding: "utf8",
    },
  );

it("answers peers alone, and none that would answer back for ever", () => {
  expect(
    python(
      'print(may_answer(("10.0.0.1", 49152), PEERS), may_answer(("10.0.0.2", 49152), PEERS), may_answer(("10.0.0.1", 10000), PEERS))',
    ),
  ).toBe("True False False\n");
});

it("answers so many a second, no more", () => {
  expect(
    python("a = Allowance(3, 0); print([a.take(0) for _ in range(4)], a.take(0.1), a.take(1))"),
  ).toBe("[True, True, True, False] False True\n");
});

it("knows the turn and bridge hosts of its instance, no others", () => {
  const blueprint = buildBlueprint(inputOf(someInstance()));
  const host = blueprint.hosts.find(({ role }) => role === "bridge") as Host;
  const program = bridgePart(blueprint, host).files?.find(({ mode }) => mode === "0755")?.content;
  for (const { role, ipv4, ipv6 } of blueprint.hosts) {
    const known = role === "turn" || role === "bridge";
    expect(program?.includes(`"${ipv4}"`)).toBe(known);
    expect(program?.includes(`"${ipv6}"`)).toBe(known);
  }
});
