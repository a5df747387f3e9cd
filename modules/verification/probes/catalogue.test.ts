import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { GROUPS, isListed, loadNotTested, PROBES } from "./index.ts";

const alarms = { webhook: "https://alarm.voorbeeld.example/polder" };
const blueprint = buildBlueprint(inputOf(someInstance({ alarms })));
const meetings = [{ kind: "overleg", simultaneous: 250, participants: 8, cameras: "none" }];
const large = buildBlueprint(inputOf(someInstance({ alarms, demand: { meetings } })));
const single = buildBlueprint(inputOf(someInstance({ alarms, size: "single" })));

describe("the catalogue", () => {
  it("has ids of its own, and each group", () => {
    const ids = PROBES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(PROBES.map(({ group }) => group))).toEqual(new Set(GROUPS));
    expect(
      ids.filter((id) => (GROUPS as readonly string[]).includes(id) && id !== "egress"),
    ).toEqual([]);
  });

  it.each(PROBES.map((probe) => [probe.id, probe] as const))("%s has subjects", (_, probe) => {
    // Only of size single a relay is on its bridge's host, and only a large plan has several shards.
    const at = { "turn-own-host": single, "http-shard": large }[probe.id] ?? blueprint;
    // Without recorded addresses nothing is public yet.
    if (probe.id !== "ports-tcp") expect(probe.subjects(at).length).toBeGreaterThan(0);
  });

  it("is the table of docs/probes.md", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/probes.md"), "utf8");
    const [, section = ""] = page.split(/^## Probes$/m);
    const rows = [...section.matchAll(/^\| `([^\n]+) \|$/gm)].map((m) => `\`${m[1]}`);
    expect(rows).toEqual(
      PROBES.map(({ id, group, holds, attack, control, norms }) =>
        [`\`${id}\``, group, holds, attack, control, norms.join(", ")].join(" | "),
      ),
    );
  });
});

describe("the committed list", () => {
  it("names probes that exist", () => {
    const ids = PROBES.map(({ id }) => id);
    expect(loadNotTested().filter(({ id }) => !ids.includes(id))).toEqual([]);
  });

  it("counts where it says so, and nowhere else", () => {
    const list = [
      { id: "a", why: "w" },
      { id: "b", where: "lab" as const, why: "w" },
      { id: "c", where: "elsewhere" as const, why: "w" },
    ];
    expect(["a", "b", "c", "d"].map((id) => isListed(list, id, true))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(["a", "b", "c", "d"].map((id) => isListed(list, id, false))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});
