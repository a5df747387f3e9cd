import { describe, expect, it } from "vitest";
import { buildBlueprint, type Host } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { type HostFile, mergeFragments, type Unit } from "./index.ts";

const host = buildBlueprint(inputOf(someInstance())).hosts[0] as Host;

const file = (path: string): HostFile => ({
  path,
  content: "",
  owner: "root",
  group: "root",
  mode: "0644",
});
const unit = (name: string): Unit => ({ name, reload: [], restart: [], carriesCalls: false });

describe("merging fragments", () => {
  it("joins lists, sorts files and packages, names shared packages once", () => {
    const configuration = mergeFragments(host, [
      { packages: { install: ["nginx", "age"], absent: [] }, files: [file("/etc/b")] },
      { packages: { install: ["age"], absent: ["exim4"] }, files: [file("/etc/a")] },
      { units: [unit("b.service")], masked: ["x.service"] },
      { units: [unit("a.service")], masked: ["x.service"], checks: [{ id: "c", command: ["c"] }] },
    ]);
    expect(configuration.host).toBe(host.id);
    expect(configuration.role).toBe(host.role);
    expect(configuration.packages).toEqual({ install: ["age", "nginx"], absent: ["exim4"] });
    expect(configuration.files.map((f) => f.path)).toEqual(["/etc/a", "/etc/b"]);
    expect(configuration.units.map((u) => u.name)).toEqual(["b.service", "a.service"]);
    expect(configuration.masked).toEqual(["x.service"]);
    expect(configuration.checks).toEqual([{ id: "c", command: ["c"] }]);
  });

  it("refuses one path, unit or check from two fragments", () => {
    const twice = (fragment: object) => () => mergeFragments(host, [fragment, fragment]);
    expect(twice({ files: [file("/etc/a")] })).toThrow("/etc/a is rendered twice");
    expect(twice({ units: [unit("a.service")] })).toThrow("unit a.service is named twice");
    expect(twice({ checks: [{ id: "c", command: ["c"] }] })).toThrow("check c is named twice");
  });

  it("refuses what one fragment wants and another forbids", () => {
    const wanted = { packages: { install: ["rsyslog"], absent: [] }, units: [unit("a.service")] };
    expect(() =>
      mergeFragments(host, [wanted, { packages: { install: [], absent: ["rsyslog"] } }]),
    ).toThrow("rsyslog is both asked for and forbidden");
    expect(() => mergeFragments(host, [wanted, { masked: ["a.service"] }])).toThrow(
      "a.service is both asked for and forbidden",
    );
  });

  it("refuses paths that could leave the configuration's folder", () => {
    for (const path of ["etc/a", "/etc/../a", "/etc//a", "/etc/a b"])
      expect(() => mergeFragments(host, [{ files: [file(path)] }])).toThrow(
        "no plain absolute path",
      );
  });
});
