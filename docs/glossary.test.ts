import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
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

/** Wrong words of names that have an everyday sense, which sentences need: "part of it", "kept for 14 days". */
const EVERYDAY = ["part", "kept", "outside", "around", "making"];

/** Words in a comment or a program that stay, each with the reason. */
const ALLOWED_WORDS: Readonly<Record<string, string>> = {
  "modules/hosts/monitor/programs/alarm.py: told": "a key of the state that monitors have on disk",
  "ansible/plugins/module_utils/polder_releases.py: tree": "a folder that hosts have on disk",
  "ansible/tests/test_running.py: tree": "the same folder",
  "lab/stand-ins/programs/focus.py: tree": "the name of Python's library for XML",
  "docs/glossary.test.ts: judge": "an example of a wrong name",
  "scripts/compile.mjs: bundle": "an option of esbuild",
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

/** Sources by their text: most are read for their names and for their comments. */
const parsed = new Map<string, ts.SourceFile>();
function parse(text: string): ts.SourceFile {
  const source = parsed.get(text) ?? ts.createSourceFile("x.ts", text, ts.ScriptTarget.Latest);
  parsed.set(text, source);
  return source;
}

/** The names that a source exports, under the names that others import. */
function exportsOf(path: string): string[] {
  return parse(readFileSync(path, "utf8")).statements.flatMap((statement): string[] => {
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

/** The comments of a source. */
function commentsOf(text: string): string {
  const found = new Map<number, string>();
  const visit = (node: ts.Node): void => {
    for (const { pos, end } of [
      ...(ts.getLeadingCommentRanges(text, node.pos) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
    ])
      found.set(pos, text.slice(pos, end));
    ts.forEachChild(node, visit);
  };
  visit(parse(text));
  return [...found.values()].join("\n");
}

/** Each wrong word in a text, once: `file: word`. */
const wrongIn = (file: string, text: string, wrong: ReadonlyMap<string, string>): string[] => {
  const words = ` ${wordsOf(text).join(" ")} `;
  return [...wrong.keys()]
    .filter((word) => !EVERYDAY.includes(word) && words.includes(` ${word} `))
    .map((word) => `${file}: ${word}`);
};

/** Programs in other languages than TypeScript, and Ansible's files: read whole, names and comments. */
const PROGRAM = /\.(lua|py|sh|bash|m?js)$|^ansible\/.*\.yml$|\/programs\/.*\.yaml$/;
const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
});
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
const texts = [...new Set(listed.split("\n"))]
  .filter((file) => existsSync(join(ROOT, file)))
  .flatMap((file): [string, string][] => {
    const isProgram = PROGRAM.test(file);
    if (!isProgram && !file.endsWith(".ts")) return [];
    const text = readFileSync(join(ROOT, file), "utf8");
    // Comments take long to find, and where the whole has no wrong word they have none.
    if (isProgram || wrongIn(file, text, wrong).length === 0) return [[file, text]];
    return [[file, commentsOf(text)]];
  });

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

  it.each([
    ["-- Who knocks waits.\nlocal a = 1", "knock"],
    ["def told(red):\n    pass", "told"],
    ["- name: Compare the host with its tree", "tree"],
    [commentsOf("/** What it said. */\nconst a = 1;"), "said"],
  ])("finds a wrong word in %j", (text, word) => {
    expect(wrongIn("x", text, wrong)).toEqual([`x: ${word}`]);
  });

  it("reads a source's comments, not its strings, and lets a part be kept", () => {
    const source =
      '// A part is kept.\nconst told = "he knocks"; // "said" twice\nconst b = `${1} // tree`;';
    expect(commentsOf(source)).toBe('// A part is kept.\n// "said" twice');
    expect(wrongIn("x", commentsOf(source), wrong)).toEqual(["x: said"]);
  });

  it("is kept to by every program, every file of Ansible's and every comment", () => {
    const found = texts.flatMap(([file, text]) => wrongIn(file, text, wrong));
    expect(texts.filter(([file]) => PROGRAM.test(file)).length).toBeGreaterThan(100);
    expect(found.filter((one) => !(one in ALLOWED_WORDS))).toEqual([]);
    expect(Object.keys(ALLOWED_WORDS).filter((one) => !found.includes(one))).toEqual([]);
  });

  it("is left only by names that are there", () => {
    const all = new Set([...paths, ...[...exported.values()].flat()]);
    expect(Object.keys(ALLOWED).filter((name) => !all.has(name))).toEqual([]);
  });
});
