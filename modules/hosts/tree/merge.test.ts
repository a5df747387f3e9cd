import { describe, expect, it } from "vitest";
import { buildBlueprint, type Host } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { mergeParts, type TreeFile, type Unit } from "./index.ts";

const host = buildBlueprint(inputOf(someInstance())).hosts[0] as Host;

const file = (path: string): TreeFile => ({
  path,
  content: "",
  owner: "root",
  group: "root",
  mode: "0644",
});
const unit = (name: string): Unit => ({ name, reload: [], restart: [], carriesCalls: false });

describe("merging parts", () => {
  it("joins lists, sorts files and packages, names shared packages once", () => {
    const tree = mergeParts(host, [
      { packages: { install: ["nginx", "age"], absent: [] }, files: [file("/etc/b")] },
      { packages: { install: ["age"], absent: ["exim4"] }, files: [file("/etc/a")] },
      { units: [unit("b.service")], masked: ["x.service"] },
      { units: [unit("a.service")], masked: ["x.service"], checks: [{ id: "c", command: ["c"] }] },
    ]);
    expect(tree.host).toBe(host.id);
    expect(tree.role).toBe(host.role);
    expect(tree.packages).toEqual({ install: ["age", "nginx"], absent: ["exim4"] });
    expect(tree.files.map((f) => f.path)).toEqual(["/etc/a", "/etc/b"]);
    expect(tree.units.map((u) => u.name)).toEqual(["b.service", "a.service"]);
    expect(tree.masked).toEqual(["x.service"]);
    expect(tree.checks).toEqual([{ id: "c", command: ["c"] }]);
  });

  it("refuses one path, unit or check from two parts", () => {
    const twice = (part: object) => () => mergeParts(host, [part, part]);
    expect(twice({ files: [file("/etc/a")] })).toThrow("/etc/a is rendered twice");
    expect(twice({ units: [unit("a.service")] })).toThrow("unit a.service is named twice");
    expect(twice({ checks: [{ id: "c", command: ["c"] }] })).toThrow("check c is named twice");
  });

  it("refuses what one part wants and another forbids", () => {
    const wanted = { packages: { install: ["rsyslog"], absent: [] }, units: [unit("a.service")] };
    expect(() =>
      mergeParts(host, [wanted, { packages: { install: [], absent: ["rsyslog"] } }]),
    ).toThrow("rsyslog is both asked for and forbidden");
    expect(() => mergeParts(host, [wanted, { masked: ["a.service"] }])).toThrow(
      "a.service is both asked for and forbidden",
    );
  });

  it("refuses paths that could leave the tree", () => {
    for (const path of ["etc/a", "/etc/../a", "/etc//a", "/etc/a b"])
      expect(() => mergeParts(host, [{ files: [file(path)] }])).toThrow("no plain absolute path");
  });
});
