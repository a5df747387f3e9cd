import { afterAll, expect, it } from "vitest";
import { PythonFolder } from "../../modules/hosts/host/testing.ts";
import { buildBlueprint, type Host } from "../../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../modules/planning/blueprint/testing.ts";
import { loadPrograms } from "../../modules/workspace/index.ts";
import { bridgeFragment } from "./bridge.ts";
import { standInPrograms } from "./programs.ts";

const folder = new PythonFolder();
const settings = { port: 10000, peers: ["10.0.0.1"] };
folder.add("stand_in", "programs/bridge.py", settings, standInPrograms());
afterAll(() => folder.remove());
const python = (test: string) => folder.run(`from stand_in import *\n${test}`);

it("answers peers alone, and none that would answer back for ever", () => {
  expect(
    python(
      'print(json.dumps([may_answer(("10.0.0.1", 49152), PEERS), may_answer(("10.0.0.2", 49152), PEERS), may_answer(("10.0.0.1", 10000), PEERS)]))',
    ),
  ).toEqual([true, false, false]);
});

it("answers so many a second, no more", () => {
  expect(
    python(
      "a = Allowance(3, 0); print(json.dumps([[a.take(0) for _ in range(4)], a.take(0.1), a.take(1)]))",
    ),
  ).toEqual([[true, true, true, false], false, true]);
});

it("knows the turn and bridge hosts of its instance, no others", () => {
  const blueprint = buildBlueprint(inputOf(someInstance()));
  const host = blueprint.hosts.find(({ role }) => role === "bridge") as Host;
  const program = bridgeFragment(blueprint, host, loadPrograms()).files?.find(({ path }) =>
    path.endsWith(".json"),
  )?.content;
  for (const { role, ipv4, ipv6 } of blueprint.hosts) {
    const known = role === "turn" || role === "bridge";
    expect(program?.includes(`"${ipv4}"`)).toBe(known);
    expect(program?.includes(`"${ipv6}"`)).toBe(known);
  }
});
