import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestInstance, testInstance } from "../../lab/testing/polder.ts";
import { verifySigned } from "../../modules/operations/evidence/index.ts";
import { NAMESPACE } from "../../modules/reports/evidence/index.ts";
import { polderFrom, processFrom } from "./testing.ts";
// Read here: on a busy machine that takes longer than a test may.
import "./evidence.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-evidence-test-"));
const polder = polderFrom(parent);
const key = (user: string) => join(parent, user);
let instance: TestInstance;
const clean = join(parent, "clean");

const evidence = (folder: string, by = "samdevries", user = "samdevries") =>
  polder("evidence", instance.folder, folder, "--user", user, "--ssh-identity", key(by));

beforeAll(async () => {
  for (const user of ["samdevries", "stranger"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", user, "-f", key(user)]);
  instance = testInstance("lab", "t-bewijsmap");
  const own = readFileSync(`${key("samdevries")}.pub`, "utf8").trim();
  instance.edit((text) => text.replace(/key: ssh-ed25519 \S+ sam\.devries/, `key: ${own}`));
  const { status, stdout, stderr } = await evidence(clean);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(
    /^evidence of t-bewijsmap as of \d{4}-\d\d-\d\d: \d+ pass, 0 fail, \d+ not-tested/m,
  );
}, 120_000);
afterAll(() => {
  instance.forget();
  rmSync(parent, { recursive: true, force: true });
});

let count = 0;
/** A copy of the folder to plant a fault in. */
function copy(): string {
  const folder = join(parent, `copy-${++count}`);
  cpSync(clean, folder, { recursive: true });
  return folder;
}

/** The commands that the page itself tells, in a shell that ends at the first that fails. */
function byThePage(folder: string) {
  const page = readFileSync(join(clean, "index.en.html"), "utf8");
  const [, commands = ""] = /<pre[^>]*><code>([\s\S]*?)<\/code><\/pre>/.exec(page) ?? [];
  const script = commands
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
  expect(script).toContain("ssh-keygen -Y verify");
  expect(script).not.toContain("polder evidence");
  // Each line must say yes by itself; nothing of ours is on the path.
  return spawnSync("bash", ["-eo", "pipefail", "-c", script], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/usr/bin:/bin" },
  });
}

const FAULTS: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
  [
    "a changed byte",
    (folder) => {
      const file = join(folder, "findings.json");
      writeFileSync(file, readFileSync(file, "utf8").replace('"not-tested"', '"pass"'));
    },
    /findings\.json: was changed: its sum isn't the signed one/,
  ],
  [
    "a byte of the page in Dutch",
    (folder) =>
      writeFileSync(join(folder, "index.html"), `${readFileSync(join(folder, "index.html"))} `),
    /index\.html: was changed/,
  ],
  [
    "a removed file",
    (folder) => rmSync(join(folder, "oscal/assessment-results.json")),
    /oscal\/assessment-results\.json: is missing/,
  ],
  [
    "an added file",
    (folder) => writeFileSync(join(folder, "registers/more.json"), "{}"),
    /registers\/more\.json: was added: nobody signed it/,
  ],
  [
    "an added file that a listing hides",
    (folder) => writeFileSync(join(folder, ".more"), ""),
    /\.more: was added/,
  ],
  [
    "an added link",
    (folder) => symlinkSync("/etc/passwd", join(folder, "passwd")),
    /passwd: was added/,
  ],
  [
    "a second file of sums in a folder",
    (folder) => writeFileSync(join(folder, "sbom/SHA256SUMS"), ""),
    /sbom\/SHA256SUMS: was added/,
  ],
  [
    "a file and its sum",
    (folder) => {
      const sums = join(folder, "SHA256SUMS");
      writeFileSync(join(folder, "blueprint.json"), "{}");
      const got = execFileSync("sha256sum", ["blueprint.json"], { cwd: folder, encoding: "utf8" });
      writeFileSync(sums, readFileSync(sums, "utf8").replace(/^\S+ {2}blueprint\.json\n/m, got));
    },
    /SHA256SUMS\.sig: isn't by anybody in allowed-signers/,
  ],
  [
    "another's signature",
    (folder) => {
      const [sums, signature] = [join(folder, "SHA256SUMS"), join(folder, "SHA256SUMS.sig")];
      rmSync(signature);
      execFileSync("ssh-keygen", [
        "-q",
        "-Y",
        "sign",
        "-n",
        "polder-evidence",
        "-f",
        key("stranger"),
        sums,
      ]);
    },
    /SHA256SUMS\.sig: isn't by anybody in allowed-signers/,
  ],
  [
    "a signature for something else",
    (folder) => {
      const [sums, signature] = [join(folder, "SHA256SUMS"), join(folder, "SHA256SUMS.sig")];
      rmSync(signature);
      execFileSync("ssh-keygen", [
        "-q",
        "-Y",
        "sign",
        "-n",
        "polder-plan",
        "-f",
        key("samdevries"),
        sums,
      ]);
    },
    /SHA256SUMS\.sig: isn't by anybody in allowed-signers/,
  ],
];

describe("polder evidence verify", () => {
  test("finds nothing in a folder as it was signed, and nor do the page's own commands", async () => {
    const { status, stdout } = await polder("evidence", "verify", clean);
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining("signed by samdevries: ssh-ed25519 "),
    ]);
    expect(stdout).toContain("by the key in the folder itself");
    const shell = byThePage(clean);
    expect([shell.status, shell.stderr]).toEqual([0, ""]);
    expect(shell.stdout).toContain('Good "polder-evidence" signature for samdevries');
  });

  test.each(FAULTS)("finds %s, and so do the page's own commands", (_, plant, says) => {
    const folder = copy();
    plant(folder);
    const { problems } = verifySigned(folder, NAMESPACE);
    expect(problems.map(({ file, message }) => `${file}: ${message}`).join("\n")).toMatch(says);
    expect(byThePage(folder).status).not.toBe(0);
  });

  test("ends with 1 where something isn't as signed, and names each place", () => {
    const folder = copy();
    rmSync(join(folder, "network.svg"));
    writeFileSync(join(folder, "more.svg"), "");
    const { status, stdout, stderr } = processFrom(parent)("evidence", "verify", folder);
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining("23 files are as they were signed"),
    ]);
    expect(stderr).toMatch(
      /network\.svg: is missing[\s\S]*more\.svg: was added[\s\S]*2 places aren't as signed/,
    );
  });

  test("knows whose key it is by a file of signers that came by another way", async () => {
    const signers = join(parent, "signers");
    const line = (user: string) =>
      `${user} namespaces="polder-evidence" ${readFileSync(`${key(user)}.pub`, "utf8")}`;
    writeFileSync(signers, line("samdevries"));
    const good = await polder("evidence", "verify", clean, "--signers", signers);
    expect([good.status, good.stdout]).toEqual([
      0,
      expect.not.stringContaining("by the key in the folder"),
    ]);
    writeFileSync(signers, line("stranger"));
    const bad = await polder("evidence", "verify", clean, "--signers", signers);
    expect([bad.status, bad.stderr]).toEqual([1, expect.stringContaining("isn't by anybody in")]);
  });

  test("refuses a folder without sums", async () => {
    const { status, stderr } = await polder("evidence", "verify", parent);
    expect([status, stderr]).toEqual([2, expect.stringContaining("this is no evidence folder")]);
  });
});

describe("polder evidence", () => {
  test("writes each file once, and nothing beside the folder", () => {
    const sums = readFileSync(join(clean, "SHA256SUMS"), "utf8").trim().split("\n");
    const paths = sums.map((line) => line.slice(66));
    expect(paths).toEqual([...new Set(paths)].sort());
    for (const file of ["index.html", "index.en.html", "findings.sarif", "findings.junit.xml"])
      expect(paths).toContain(file);
    expect(readdirSync(parent).filter((name) => name.includes(".part"))).toEqual([]);
  });

  test("says of each norm that a machine serves how it came out, and of each other what is the owner's", () => {
    const rows = JSON.parse(readFileSync(join(clean, "registers/norms.json"), "utf8"));
    const verdicts = new Set(rows.map(({ verdict }: { verdict: string }) => verdict));
    expect(verdicts).toEqual(new Set(["pass", "not-tested", "owner"]));
    for (const { verdict, why, duty, by } of rows) {
      if (verdict !== "pass") expect([why.nl, why.en]).not.toContain("");
      expect(duty !== null).toBe(by !== "machine");
    }
  });

  test("signs for an admin alone, with the key of their entry, and writes nothing otherwise", async () => {
    const folder = join(parent, "refused");
    const cases = [
      [await evidence(folder, "stranger"), 2, "isn't the key of samdevries's entry in `admins`"],
      [await evidence(folder, "samdevries", "stranger"), 2, 'got user "stranger", who is none'],
      [await evidence(folder, "nobody"), 3, "ssh-keygen signs nothing"],
    ] as const;
    for (const [{ status, stderr }, code, says] of cases)
      expect([status, stderr]).toEqual([code, expect.stringContaining(says)]);
    expect(existsSync(folder)).toBe(false);
  });

  test("refuses a folder that is there", async () => {
    const folder = join(parent, "there");
    mkdirSync(folder);
    const { status, stderr } = await evidence(folder);
    expect([status, stderr]).toEqual([2, expect.stringContaining("is there already")]);
  });
});
