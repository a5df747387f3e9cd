import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildBlueprint } from "../../modules/planning/blueprint/index.ts";
import { inputOf, onOneSize } from "../../modules/planning/blueprint/testing.ts";
import { instanceFolder, instanceNames, loadInstance } from "../../modules/workspace/index.ts";
import { ROOT } from "../root.ts";
import { describe as print } from "../text/describe.ts";
import { polderFrom, processFrom } from "./testing.ts";

const folder = mkdtempSync(join(tmpdir(), "polder-show-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const polder = polderFrom(folder);
const blueprintOf = (name: string) => loadInstance(instanceFolder(ROOT, name)).blueprint;

describe("polder show, for a person", () => {
  it.each(instanceNames(ROOT))("%s fits into 100 columns without colour", (name) => {
    for (const options of [{}, { why: true }, { all: true }]) {
      const lines = print(blueprintOf(name), options).split("\n");
      expect(lines.filter((line) => [...line].length > 100)).toEqual([]);
      expect(lines.filter((line) => line.endsWith(" "))).toEqual([]);
      expect(lines.join("\n")).not.toContain("\u001b");
    }
  });

  it("names every host, flow port, waiver and admin", () => {
    const blueprint = blueprintOf("uitvoerder");
    const text = print(blueprint, { all: true });
    for (const host of blueprint.hosts) {
      expect(text).toContain(`${host.id} `);
      expect(text).toContain(host.ipv4);
      expect(text).toContain(host.ipv6);
    }
    for (const flow of blueprint.flows) expect(text).toContain(`${flow.protocol} ${flow.ports[0]}`);
    for (const { waives, expires } of blueprint.waivers) {
      expect(text).toContain(`${waives}  ${expires}`);
    }
    for (const admin of blueprint.admins) expect(text).toContain(admin.name);
  });

  it("shortens a long row of alike hosts, and says how to see them", () => {
    const { instance } = loadInstance(instanceFolder(ROOT, "ministerie-groot"));
    const text = print(buildBlueprint(onOneSize(inputOf(instance))));
    expect(text).toContain("26 more, to");
    expect(text).toContain("--all shows them");
    expect(text).not.toContain("bridge-17 ");
  });

  it("tells what to run while addresses aren't allocated", () => {
    expect(print(blueprintOf("gemeente-klein"))).toContain(
      "not yet allocated: run `polder addresses gemeente-klein`",
    );
  });

  it("gives every constraint's source with --why", () => {
    const { instance } = loadInstance(instanceFolder(ROOT, "ministerie-groot"));
    const meetings = instance.demand.meetings.map((m) => ({
      ...m,
      simultaneous: m.simultaneous * 2,
    }));
    // Two shards, so that the constraints of shards are among them.
    const blueprint = buildBlueprint(
      inputOf({ ...instance, demand: { ...instance.demand, meetings } }),
    );
    const text = print(blueprint, { why: true }).replace(/\s+/g, " ");
    const constraints = blueprint.sizing.roles.flatMap((role) => role.constraints);
    expect(constraints.length).toBeGreaterThan(10);
    for (const { name } of constraints) expect(text).toContain(name);
    expect(text).toContain("max-bridge-participants");
  });
});

describe("polder show, the command", () => {
  it("prints the Blueprint as JSON, the same as the module decides", () => {
    // As a program has it.
    const { status, stdout } = processFrom(folder)("show", join(ROOT, "instances/lab"), "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(blueprintOf("lab"))));
  });

  it("writes the drawing whole, or to standard output", async () => {
    const file = join(folder, "lab.svg");
    expect(await polder("show", "lab", "--svg", file)).toMatchObject({
      status: 0,
      stdout: "",
      stderr: `wrote ${file}\n`,
    });
    expect(readdirSync(folder)).toEqual(["lab.svg"]);
    expect((await polder("show", "lab", "--svg", "-")).stdout).toBe(readFileSync(file, "utf8"));
  });

  it.each<[string[], RegExp]>([
    [["show", "lap"], /^\S+lap\/instance\.yaml: no such instance; did you mean "lab"\?/],
    [
      ["show", "lab", "--svg", "/nowhere/at/all.svg"],
      /^\/nowhere\/at\/all\.svg: there is no such folder\n$/,
    ],
    [["show", "lab", "--json", "--why"], /cannot be used with/],
    [["show"], /missing required argument/],
    [["show", "lab", "--jsn"], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
  ])("%j is refused with exit code 2 and no stack trace", async (args, message) => {
    const { status, stdout, stderr } = await polder(...args);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
  });

  it("teaches by example in its help", async () => {
    expect((await polder("show", "--help")).stdout).toContain("polder show lab --why");
  });
});
