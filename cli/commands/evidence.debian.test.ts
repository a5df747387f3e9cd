// The evidence as others' programs read it: its pages in a real browser, by axe and on paper, and its OSCAL by
// compliance-trestle, whose models are made from NIST's schemas.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AxeResults } from "axe-core";
import { type Browser, launch } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testInstance } from "../../lab/testing/polder.ts";
import { TOOLKIT } from "../../modules/common/toolkit/index.ts";
import { polderFrom } from "./testing.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-evidence-debian-"));
const folder = join(parent, "evidence");
const instance = testInstance("lab", "t-bewijsblad");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser: Browser;

beforeAll(async () => {
  const key = join(parent, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  const own = readFileSync(`${key}.pub`, "utf8").trim();
  // A page with fails, too: nobody may believe that only a clean one is readable.
  instance.edit((text) =>
    text
      .replace(/key: ssh-ed25519 \S+ sam\.devries/, `key: ${own}`)
      .replace("name: Noor Bakker", "name: Beheer Team"),
  );
  const { status } = await polderFrom(parent)(
    ...["evidence", instance.folder, folder],
    ...["--user", "samdevries", "--ssh-identity", key],
  );
  expect(status).toBe(1);
  browser = await launch({
    executablePath: "/usr/bin/chromium",
    pipe: true,
    userDataDir: join(parent, "profile"),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
});
afterAll(async () => {
  await browser?.close();
  instance.forget();
  rmSync(parent, { recursive: true, force: true });
});

/** What axe finds on a page, by rule and first place; what it can't decide isn't among it. */
async function barriers(html: string): Promise<string[]> {
  const page = await browser.newPage();
  try {
    await page.goto(pathToFileURL(html).href);
    await page.evaluate(axe);
    const { violations, passes } = (await page.evaluate(
      "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
    )) as AxeResults;
    expect(passes.length).toBeGreaterThan(30);
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120)}`);
  } finally {
    await page.close();
  }
}

describe.each(["index.html", "index.en.html"])("%s in a browser", (name) => {
  const file = join(folder, name);

  test("has no barrier that axe finds by WCAG 2.2 AA", async () => {
    expect(await barriers(file)).toEqual([]);
  });

  test("asks for nothing beside itself, and runs no script", async () => {
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    const scripts = await page.$$eval("script", (all) => all.length);
    await page.close();
    expect([asked, scripts]).toEqual([[pathToFileURL(file).href], 0]);
  });

  test("is not wider than a telephone, but for tables that scroll by themselves", async () => {
    const page = await browser.newPage();
    await page.setViewport({ width: 360, height: 700 });
    await page.goto(pathToFileURL(file).href);
    const width = await page.evaluate("document.documentElement.scrollWidth");
    await page.close();
    expect(width).toBeLessThanOrEqual(360);
  });

  test("prints on A4 with no table cut off at the side", async () => {
    const page = await browser.newPage();
    // A4 less its margins, at 96 dots an inch.
    await page.setViewport({ width: 695, height: 1010 });
    await page.emulateMediaType("print");
    await page.goto(pathToFileURL(file).href);
    const wide = await page.$$eval("table, pre, figure, p", (all) =>
      all.filter((one) => one.scrollWidth > 696).map((one) => one.textContent?.slice(0, 60)),
    );
    const pdf = await page.pdf({ format: "A4", preferCSSPageSize: true });
    await page.close();
    expect(wide).toEqual([]);
    expect(Buffer.from(pdf.subarray(0, 5)).toString()).toBe("%PDF-");
  });
});

test("axe finds a barrier that was planted", async () => {
  const html = readFileSync(join(folder, "index.html"), "utf8");
  const planted = join(parent, "planted.html");
  writeFileSync(
    planted,
    html.replace('<html lang="nl">', "<html>").replace("--soft: #4b5b6b", "--soft: #c9ccd0"),
  );
  const found = (await barriers(planted)).map((text) => text.split(":")[0]);
  expect(found).toEqual(expect.arrayContaining(["html-has-lang", "color-contrast"]));
});

/** Has trestle read a file as a model of OSCAL; gives what it refuses. */
function trestle(module: string, model: string, file: string) {
  const program = [
    "import sys, pathlib",
    `from trestle.oscal.${module} import ${model}`,
    `read = ${model}.oscal_read(pathlib.Path(sys.argv[1]))`,
    "from trestle.core.validator_factory import validator_factory",
    "from trestle.common.const import VAL_MODE_ALL",
    "import argparse",
    "validator = validator_factory.get(argparse.Namespace(mode=VAL_MODE_ALL, quiet=True))",
    "sys.exit(0 if validator.model_is_valid(read, True, None) else 'trestle: not valid')",
  ].join("\n");
  const { status, stderr, error } = spawnSync(
    join(TOOLKIT, "build/venv/bin/python"),
    ["-c", program, file],
    { encoding: "utf8" },
  );
  if (error) throw error;
  return { status, stderr };
}

describe("OSCAL", () => {
  const models = [
    ["catalog.json", "catalog", "Catalog"],
    ["assessment-results.json", "assessment_results", "AssessmentResults"],
  ] as const;

  test.each(models)("%s is what NIST's schema asks for", (name, module, model) => {
    const { status, stderr } = trestle(module, model, join(folder, "oscal", name));
    expect([status, stderr]).toEqual([0, expect.not.stringContaining("Error")]);
  });

  test.each(models)(
    "%s with a word that the schema doesn't know is refused",
    (name, module, model) => {
      const text = readFileSync(join(folder, "oscal", name), "utf8");
      const planted = join(parent, name);
      writeFileSync(planted, text.replace('"last-modified"', '"last-modifed"'));
      const { status, stderr } = trestle(module, model, planted);
      expect([status, stderr]).toEqual([1, expect.stringContaining("last-modifed")]);
    },
  );

  test("results with one id twice are refused", () => {
    const results = JSON.parse(readFileSync(join(folder, "oscal/assessment-results.json"), "utf8"));
    const [first, second] = results["assessment-results"].results[0].observations;
    second.uuid = first.uuid;
    const planted = join(parent, "twice.json");
    writeFileSync(planted, JSON.stringify(results));
    const { status, stderr } = trestle("assessment_results", "AssessmentResults", planted);
    expect([status, stderr]).toEqual([1, expect.stringContaining("trestle: not valid")]);
  });

  test("results point at controls that the catalogue has", () => {
    const read = (name: string) => readFileSync(join(folder, "oscal", name), "utf8");
    const { catalog } = JSON.parse(read("catalog.json"));
    interface Group {
      readonly groups?: readonly Group[];
      readonly controls?: readonly {
        readonly id: string;
        readonly parts: readonly { id: string }[];
      }[];
    }
    const controls = (group: Group): string[] => [
      ...(group.groups ?? []).flatMap(controls),
      ...(group.controls ?? []).flatMap(({ id, parts }) => [id, ...parts.map((part) => part.id)]),
    ];
    const known = new Set(controls(catalog));
    const named = [
      ...read("assessment-results.json").matchAll(/"(?:control|target)-id": "([^"]+)"/g),
    ];
    expect(named.length).toBeGreaterThan(150);
    expect(named.map(([, id = ""]) => id).filter((id) => !known.has(id))).toEqual([]);
  });
});
