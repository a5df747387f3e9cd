import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { normsOf, normsSchema } from "../../common/norms/index.ts";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import { loadNorms } from "../../workspace/index.ts";
import { allChecks, serversOf } from "./index.ts";

const norms = loadNorms();
const checks = allChecks();

describe("norms", () => {
  it("that rules and probes name are all in norms.yaml", () => {
    const unknown = checks.flatMap(({ id, norms: named }) =>
      named.filter((norm) => !norms.has(norm)).map((norm) => `${id}: ${norm}`),
    );
    expect(unknown).toEqual([]);
  });

  it.each([...norms.values()].map((norm) => [norm.id, norm] as const))(
    "%s: a machine serves it, or its owner's duty is told",
    (_, norm) => {
      const isServed = serversOf(norm, checks).length > 0;
      expect([isServed, norm.duty !== undefined]).toEqual([
        norm.by !== "owner",
        norm.by !== "machine",
      ]);
    },
  );

  it("hold all 117 measures that BIO2 1.3 has text for", () => {
    expect([...norms.values()].filter(({ document }) => document.id === "BIO2")).toHaveLength(117);
  });

  it("are named by pages, sources and examples only where BIO2 has them", () => {
    const files = execFileSync("git", ["ls-files", "*.md", "*.ts", "*.yaml", "*.json", "*.lua"], {
      cwd: TOOLKIT,
      encoding: "utf8",
    });
    const wrong = files
      .split("\n")
      .filter((file) => file !== "" && !file.endsWith(".test.ts"))
      .flatMap((file) => {
        const text = readFileSync(join(TOOLKIT, file), "utf8");
        // Chapters 5 to 8 hold measures; other numbers are editions.
        return [...text.matchAll(/BIO2 ([5-8]\.\d+(?:\.\d+)?)/g)]
          .filter(([, number]) => !norms.has(`BIO2 ${number}`))
          .map(([named]) => `${file}: ${named}`);
      });
    expect(wrong).toEqual([]);
  });
});

describe("the form of norms.yaml", () => {
  const file = (row: object, duties = {}) => ({
    read: "2026-11-28",
    duties,
    documents: [
      { id: "X", title: "x", version: "1", source: "s", read: "2026-11-28", rows: [row] },
    ],
  });
  const row = { number: "1", nl: "een", en: "one" };
  const duties = { policy: { nl: "beleid", en: "policy" } };

  it("takes a row that a machine serves, or one with the owner's duty", () => {
    expect(normsSchema.safeParse(file({ ...row, by: "machine" })).success).toBe(true);
    const parsed = normsSchema.parse(file({ ...row, by: "owner", duty: "policy" }, duties));
    expect(normsOf(parsed).get("X 1")).toMatchObject({ by: "owner", duty: duties.policy });
  });

  it.each([
    ["that nobody serves", { ...row }, {}],
    ["of an owner without a duty", { ...row, by: "owner" }, {}],
    ["of a machine with one", { ...row, by: "machine", duty: "policy" }, duties],
    ["with an unknown duty", { ...row, by: "owner", duty: "polcy" }, duties],
    ["beside a duty of nobody", { ...row, by: "machine" }, duties],
    ["without Dutch", { number: "1", en: "one", by: "machine" }, {}],
  ])("takes no row %s", (_, wrong, left) => {
    expect(normsSchema.safeParse(file(wrong, left)).success).toBe(false);
  });
});
