import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { TerraformFailure } from "../modules/clouds/terraform/index.ts";
import { ExternalFailure } from "../modules/common/external-failure/index.ts";
import { BadInput } from "../modules/common/input/index.ts";
import { polderFrom, processFrom } from "./commands/testing.ts";
// Read here: on a busy machine that takes longer than a test may.
import "./commands/decommission.ts";
import "./commands/plan.ts";
import { FindingsFound, report } from "./exit.ts";

const errno = (code: string, more: object = {}) =>
  Object.assign(new Error(code), { code, ...more });

describe("an error becomes an exit code and lines", () => {
  test.each<[string, unknown, number, readonly (string | RegExp)[]]>([
    ["findings", new FindingsFound("the policy fails"), 1, ["the policy fails"]],
    [
      "bad input, a line each",
      new BadInput([
        { file: "a", message: "one" },
        { file: "b", message: "two" },
      ]),
      2,
      ["a: one", "b: two"],
    ],
    ["Terraform", new TerraformFailure("x: no\ny: no"), 3, ["x: no", "y: no"]],
    ["the cloud", new ExternalFailure("no connection"), 3, ["no connection"]],
    [
      "the lab's bad input",
      Object.assign(new Error("no such net"), { exitCode: 2 }),
      2,
      ["no such net"],
    ],
    ["a full disk", errno("ENOSPC"), 3, [/^a file: the disk is full/]],
    [
      "a file of somebody else's",
      errno("EACCES", { path: "/x" }),
      3,
      [/^\/x: may not be read or written/],
    ],
    ["a read-only file system", errno("EROFS", { path: "/x" }), 3, [/^\/x: lies on a read-only/]],
    [
      "the same, as Node tells it of folders",
      errno("ENOENT", { path: "/x", syscall: "mkdir" }),
      3,
      [/^\/x: lies on a read-only/],
    ],
    ["a file where a folder must be", errno("ENOTDIR", { path: "/x" }), 3, [/^\/x: has a file/]],
  ])("%s", (_, error, code, lines) => {
    const printed: string[] = [];
    expect(report(error, (line) => printed.push(line))).toBe(code);
    expect(printed).toEqual(
      lines.map((line) => (typeof line === "string" ? line : expect.stringMatching(line))),
    );
  });

  test.each([
    ["a file that we should have made", errno("ENOENT", { path: "/x", syscall: "open" })],
    ["a mistake of ours", new TypeError("x is undefined")],
    ["what isn't even an error", "text"],
  ])("%s is a bug, with all that helps to find it", (_, error) => {
    const printed: string[] = [];
    expect(report(error, (line) => printed.push(line))).toBe(70);
    expect(printed[0]).toMatch(/^this is a bug in polder: /);
    if (error instanceof Error) expect(printed[0]).toContain("\n    at ");
  });
});

describe("the command", () => {
  const folder = mkdtempSync(join(tmpdir(), "polder-exit-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const env = { OS_CLIENT_CONFIG_FILE: join(folder, "clouds.yaml") };
  const told = ({
    status,
    stdout,
    stderr,
  }: {
    status: number | null;
    stdout: string;
    stderr: string;
  }) => {
    expect(stderr).not.toMatch(/^ +at /m);
    return { code: status, text: stdout + stderr };
  };
  const polder = polderFrom(folder, { env });

  test.each<[string, readonly string[], number, RegExp]>([
    ["help", ["--help"], 0, /Usage: polder/],
    ["version", ["--version"], 0, /^\d+\.\d+\.\d+$/m],
    ["an unknown command", ["plam"], 2, /unknown command 'plam'.*plan/s],
    ["an unknown option", ["plan", "lab", "--force"], 2, /unknown option '--force'/],
    ["no instance", ["plan"], 2, /missing required argument 'instance'/],
    ["an instance that isn't there", ["plan", "lap"], 2, /no such instance; did you mean "lab"\?/],
    ["no number of minutes", ["plan", "lab", "--timeout", "soon"], 2, /got no number of minutes/],
    ["no minutes", ["plan", "lab", "--timeout", "0"], 2, /got no number of minutes/],
    ["no clouds.yaml", ["plan", "lab"], 2, /clouds\.yaml: no clouds\.yaml: /],
    [
      "another name to decommission",
      ["decommission", "lab", "--confirm", "lap"],
      2,
      /got "lap".*nothing was destroyed/,
    ],
    ["no name, no terminal", ["decommission", "lab"], 2, /nothing was destroyed/],
  ])("%s", async (_, args, code, text) => {
    const ran = told(await polder(...args));
    expect(ran.text).toMatch(text);
    expect(ran.code).toBe(code);
  });

  test("an entry of clouds.yaml that lacks everything, without its values", () => {
    writeFileSync(join(folder, "clouds.yaml"), "clouds: { lab: { auth: { password: geheim } } }\n");
    const ran = told(processFrom(folder, { env })("plan", "lab"));
    rmSync(join(folder, "clouds.yaml"));
    expect(ran.code).toBe(2);
    expect(ran.text).toMatch(/entry "lab" has no usable auth\.auth_url/);
    expect(ran.text).not.toContain("geheim");
  });
});
