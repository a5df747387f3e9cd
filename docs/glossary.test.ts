import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const FOLDERS = ["modules", "stacks", "cli", "lab"];

/** Names that hold a wrong word and stay, each with the reason. */
const ALLOWED: Readonly<Record<string, string>> = {
  "running-hosts-are-kept": "a rule's id, which findings and waivers name",
  runningHostsAreKept: "named like its rule's id",
  "state-outside-output": "a rule's id, which findings and waivers name",
  stateOutsideOutput: "named like its rule's id",
};

/** `TURN_Limits`, `tlsProbes` and `judge-root` as lower-case words; a plural as its singular. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])/g, "$1$3 $2$4")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase().replace(/([^s])s$/, "$1"));

/** The words of the tables' last column that stand as code, each with its term. */
function wrongWords(page: string): Map<string, string> {
  const rows = page.split("\n").flatMap((line) => {
    const cells = line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, ""));
    return line.startsWith("| ") && cells.length === 3 ? [cells] : [];
  });
  return new Map(
    rows.flatMap(([term = "", , not = ""]) =>
      [...not.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => [wordsOf(word).join(" "), term]),
    ),
  );
}

/** The names that a source exports, under the names that others import. */
function exportsOf(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement): string[] => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement;
      return exportClause && ts.isNamedExports(exportClause)
        ? exportClause.elements.map(({ name }) => name.text)
        : [];
    }
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) return [];
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.flatMap(({ name }) =>
        ts.isIdentifier(name) ? [name.text] : [],
      );
    const { name } = statement as ts.DeclarationStatement;
    return name && ts.isIdentifier(name) ? [name.text] : [];
  });
}

/** Each wrong word in a name: `file: name: instead of "word" it is "term"`. */
function faults(file: string, names: readonly string[], wrong: ReadonlyMap<string, string>) {
  return names.flatMap((name) => {
    const words = ` ${wordsOf(name).join(" ")} `;
    return [...wrong]
      .filter(([word]) => words.includes(` ${word} `) && !(name in ALLOWED))
      .map(([word, term]) => `${file}: ${name}: the glossary has "${term}" for "${word}"`);
  });
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)))
    .filter((path) => !/\/(node_modules|__pycache__)\//.test(path)),
);
/** Names of files and of the folders that they are in, without what stands after a dot. */
const paths = new Set(
  files.flatMap((file) => file.split("/").map((name) => name.split(".")[0] ?? "")),
);
const exported = new Map(
  files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [file, exportsOf(join(ROOT, file))] as const),
);
const wrong = wrongWords(readFileSync(join(ROOT, "docs/glossary.md"), "utf8"));

describe("the glossary", () => {
  it("names wrong words, each for its term", () => {
    expect(wrong.get("stranger")).toBe("unmanaged resource");
    expect(wrong.get("keep whole")).toBe("wait until ready");
    expect(wrong.size).toBeGreaterThan(20);
  });

  it.each([
    ["strangersIn", "stranger"],
    ["ADOPT_FILE", "adopt"],
    ["keep-whole", "keep whole"],
    ["HostTree", "tree"],
    ["judge-root", "judge"],
  ])("finds a wrong word in %s", (name, word) => {
    expect(faults("x.ts", [name], wrong)).toEqual([expect.stringContaining(`for "${word}"`)]);
  });

  it("finds none in keepAlive, partition, street or outsider", () => {
    expect(faults("x.ts", ["keepAlive", "partition", "street", "outsider"], wrong)).toEqual([]);
  });

  it("is kept to by every name of a file or folder", () => {
    expect(paths.size).toBeGreaterThan(300);
    expect(faults("a path", [...paths], wrong)).toEqual([]);
  });

  it("is kept to by every exported name", () => {
    expect([...exported.values()].flat().length).toBeGreaterThan(1_500);
    expect([...exported].flatMap(([file, names]) => faults(file, names, wrong))).toEqual([]);
  });

  it("is left only by names that are there", () => {
    const all = new Set([...paths, ...[...exported.values()].flat()]);
    expect(Object.keys(ALLOWED).filter((name) => !all.has(name))).toEqual([]);
  });
});
