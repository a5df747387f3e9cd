import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../cli/commands.ts";
import { loadOwnRules } from "../modules/operations/rules/index.ts";
import { evaluateResidency, locationSchema } from "../modules/planning/residency/index.ts";
import { drawNetwork } from "../modules/reports/drawing/index.ts";
import { loadInstance, loadResidencyRules } from "../modules/workspace/index.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Every page that is committed, or will be: not what git ignores. */
const listed = spawnSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"],
  { cwd: ROOT, encoding: "utf8" },
);
const pages = [...new Set(listed.stdout.split("\n"))]
  .filter((path) => path && existsSync(join(ROOT, path)))
  .sort();

/** A page without what stands in fences. */
const prose = (text: string): string => text.replace(/^ *```[\s\S]*?^ *``` *$/gm, "");

/** What a page marks as code, piece by piece: lines of fenced and indented blocks, and code spans. */
function codeOf(text: string): string[] {
  const fenced = [...text.matchAll(/^ *```[^\n]*\n([\s\S]*?)^ *``` *$/gm)].map((m) => m[1] ?? "");
  const rest = prose(text);
  const indented = [...rest.matchAll(/^ {4}(.*)$/gm)].map((m) => m[1] ?? "");
  const spans = [...rest.matchAll(/`([^`\n]+)`/g)].map((m) => m[1] ?? "");
  return [...fenced.flatMap((block) => block.split("\n")), ...indented, ...spans];
}

/** A command may follow a prompt, another command, sudo, or `"$(`; a word within a message is none. */
const START = String.raw`(?:^\s*|[$;&|(:#]\s*|\bsudo )`;

interface Named {
  readonly page: string;
  readonly words: readonly string[];
  readonly text: string;
}

function commandsNamed(program: string): Named[] {
  const pattern = new RegExp(
    `${START}${program} ((?:[a-z][a-z-]*(?= |$|[);,])\\s?)+)([^#&|]*)`,
    "g",
  );
  return pages.flatMap((page) =>
    codeOf(read(page)).flatMap((code) =>
      [...code.matchAll(pattern)].map((m) => ({
        page,
        words: (m[1] ?? "").trim().split(/\s+/),
        text: m[0].trim(),
      })),
    ),
  );
}

/** Anchors of a page's headings, as forges make them. */
function anchors(path: string): Set<string> {
  const headings = [...prose(read(path)).matchAll(/^#{1,6} (.+)$/gm)].map((m) => m[1] ?? "");
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
  return new Set(headings.map(slug));
}

describe("pages", () => {
  it("are found", () => expect(pages).toContain("docs/deploy.md"));

  it.each(pages)("%s: every relative link points to something", (page) => {
    const text = prose(read(page)).replace(/`[^`\n]+`/g, "");
    const links = [...text.matchAll(/\]\(([^()\s]+)\)/g)].map((m) => m[1] ?? "");
    const dead = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && target.endsWith(".md") && !anchors(target).has(anchor);
    });
    expect(dead).toEqual([]);
  });

  it("name a decision by the number of the page that they link to", () => {
    const links = pages.flatMap((page) =>
      [
        ...prose(read(page)).matchAll(/\[[^\]]*?\b(\d{4})\b[^\]]*\]\([^)]*?(\d{4})-[a-z-]+\.md/g),
      ].map(([link, named, linked]) => ({ page, link, isSame: named === linked })),
    );
    expect(links.length).toBeGreaterThan(40);
    expect(links.filter(({ isSame }) => !isSame)).toEqual([]);
  });

  it("in docs/ are all linked from its index", () => {
    const index = read("docs/README.md");
    const files = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" });
    const missing = files
      .filter((file) => file.endsWith(".md") && file !== "README.md")
      .filter((file) => !index.includes(`](${file})`));
    expect(missing).toEqual([]);
  });
});

describe("files for CI", () => {
  it.each([".github/workflows/ci.yml", ".gitlab-ci.yml"])("%s runs what decides here", (file) => {
    expect(JSON.stringify(load(read(file)))).toMatch(/"(script":\["|run":")\.ci\/run"/);
    // Whatever is run there is this repository's own.
    expect(read(file)).not.toContain("uses:");
  });
  it("give the token to the checkout alone, and run nothing that comes from a fork as root", () => {
    const ci = load(read(".github/workflows/ci.yml")) as {
      readonly on: unknown;
      readonly jobs: { readonly test: { readonly steps: readonly object[] } };
    };
    expect(ci.on).toEqual(["push"]);
    const [checkout, ...others] = ci.jobs.test.steps;
    expect(JSON.stringify(checkout)).toContain("github.token");
    expect(JSON.stringify({ ...ci.jobs.test, steps: others })).not.toContain("github.token");
  });
});

/** What pages say is missing, each by its page and words: who builds it finds here what to rewrite. */
const MISSING: Readonly<Record<string, string>> = {
  "CHANGELOG.md": "### Not yet",
  "docs/clouds.md": "Not there yet:",
};

describe("statements of what is missing", () => {
  const said = pages.flatMap((page) =>
    [...prose(read(page)).matchAll(/^.*\b(to come:|not (there )?yet\b|not in this code).*$/gim)]
      .map(([line]) => [page, line] as const)
      .filter(([, line]) => !/`not yet allocated`|; not yet on /.test(line)),
  );

  it("are on the list", () => {
    expect(said.filter(([page, line]) => MISSING[page] !== line)).toEqual([]);
  });
  it("are said where the list has them", () => {
    const found = new Set(said.map(([page]) => page));
    expect(Object.keys(MISSING).filter((page) => !found.has(page))).toEqual([]);
  });
});

describe("commands that pages name", () => {
  it("are targets of the Makefile", () => {
    const targets = new Set([...read("Makefile").matchAll(/^([a-z][a-z-]*):/gm)].map((m) => m[1]));
    expect(targets).toContain("test");
    const named = commandsNamed("make");
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter(({ words }) => !targets.has(words[0]))).toEqual([]);
  });

  const verbs = COMMANDS.map(({ name }) => name);

  it("are verbs of polder", () => {
    expect(verbs).toContain("show");
    const named = commandsNamed(String.raw`(?:\./cli/)?polder`);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter(({ words }) => !verbs.includes(words[0] ?? ""))).toEqual([]);
  });

  it("have the subcommands and options that are named", async () => {
    const unknown: string[] = [];
    for (const { page, words, text } of commandsNamed(String.raw`(?:\./cli/)?polder`)) {
      const [verb = "", sub] = words;
      const listed = COMMANDS.find(({ name }) => name === verb);
      if (!listed) continue;
      let command = await listed.load();
      if (command.commands.length > 0 && sub !== undefined) {
        const found = command.commands.find((c) => c.name() === sub);
        if (!found && command.registeredArguments.length === 0) unknown.push(`${page}: ${text}`);
        command = found ?? command;
      }
      for (const [option] of text.matchAll(/(?<= )--[a-z][a-z-]*/g)) {
        if (option !== "--help" && !command.options.some((o) => o.long === option))
          unknown.push(`${page}: ${text}`);
      }
    }
    expect(unknown).toEqual([]);
  }, 60_000);
});

describe("docs/dependencies.md", () => {
  /** Rows of one section: cells without the marks of code. */
  const rows = (heading: string): string[][] => {
    const section = read("docs/dependencies.md")
      .split(/^## /m)
      .find((s) => s.startsWith(heading));
    return [...(section ?? "").matchAll(/^\| (`[^\n]+) \|$/gm)].map((m) =>
      (m[1] ?? "")
        .split(/(?<!\\)\|/)
        .map((cell) => cell.replaceAll("\\|", "|").replaceAll("`", "").trim()),
    );
  };
  const names = (heading: string) => rows(heading).map(([name]) => name);
  const words = (text: string | undefined) => (text ?? "").split(/[ ,]+/).filter(Boolean);
  const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  // What `make setup` doesn't install.
  const apart = new Map(
    ["cdktf", "node-22"].flatMap((folder) => {
      const { packages } = JSON.parse(read(`scripts/${folder}/package-lock.json`));
      const asked = { ...packages[""].dependencies, ...packages[""].optionalDependencies };
      return Object.keys(asked).map((name) => [name, packages[`node_modules/${name}`]]);
    }),
  );
  const development = [...Object.keys(manifest["devDependencies"] ?? {}), ...apart.keys()];

  it.each([
    ["npm, at run time", Object.keys(manifest["dependencies"] ?? {})],
    ["npm, for development", development.sort()],
  ])("%s: each package has its row, and no row is stale", (heading, expected) => {
    expect(expected.length).toBeGreaterThan(0);
    expect(names(heading)).toEqual(expected);
  });

  const packages = [...rows("npm, at run time"), ...rows("npm, for development")];
  it.each(packages.map((row) => [row[0] ?? "", row] as const))(
    "%s: licence and engine are the package's own",
    (name, [, why, , licence, engine]) => {
      expect(why).not.toBe("");
      // Of what is apart the lock file says the same.
      const own: { license: string; engines?: { node?: string } } =
        apart.get(name) ?? JSON.parse(read(join("node_modules", name, "package.json")));
      expect([licence, engine]).toEqual([own.license, own.engines?.node ?? "none"]);
    },
  );

  it("Go: the tool of each go.mod", () => {
    const tools = ["hcloud", "openstack"].flatMap((name) =>
      [...read(`providers/${name}/go.mod`).matchAll(/^tool (\S+)$/gm)].map((m) => m[1]),
    );
    expect(names("Go")).toEqual(tools);
  });

  it("PyPI: what is asked of pip, pinned with hashes", () => {
    const asked = ["requirements.in", "requirements-validators.in"].flatMap((file) =>
      [...read(`ansible/${file}`).matchAll(/^([a-z-]+)==/gm)].map((m) => m[1] ?? ""),
    );
    expect(names("PyPI")).toEqual([...new Set(asked)]);
    for (const file of ["requirements.txt", "requirements-validators.txt"])
      expect(read(`ansible/${file}`)).not.toMatch(/^[a-z0-9-]+==\S+$/m);
  });

  it("Maven: what its pom.xml asks for, each by its digest", () => {
    const asked = ["lab/typesafe-config", "lab/smack"].flatMap((folder) => {
      const sums = read(`${folder}/SHA256SUMS`).trimEnd().split("\n");
      const summed = sums.map((line) => line.replace(/^[0-9a-f]{64} {2}/, ""));
      return [
        ...read(`${folder}/pom.xml`).matchAll(
          /<dependency>\s*<groupId>(.*?)<.*\s*<artifactId>(.*?)<.*\s*<version>(.*?)</g,
        ),
      ].map(([, group, artifact, version]) => {
        expect(summed).toContain(`${artifact}-${version}.jar`);
        return `${group}:${artifact}`;
      });
    });
    expect(names("Maven")).toEqual(asked);
  });

  it("Debian: what make installs on the machine", () => {
    const makefile = read("Makefile");
    // One recipe calls apt-get; who needs packages calls it with the programs and their packages.
    expect(makefile.split("apt-get install").length - 1).toBe(1);
    const calls = makefile.matchAll(/^\t\$\(call debian,[^,]+,([a-z0-9 -]+)\)$/gm);
    const installed = [...calls].map(([, packages = ""]) => packages);
    expect(names("Debian, on the machine")).toEqual(words(installed.join(" ")));
  });

  it("Debian: what lab/cloud/root.sh puts into the root", () => {
    const script = read("lab/cloud/root.sh");
    const included = [...script.matchAll(/^packages\+?=(\S+)$/gm)].flatMap((m) => words(m[1]));
    const unpacked = words(/PASTE_PACKAGES="([^"]+)"/.exec(script)?.[1]);
    expect(unpacked.length).toBeGreaterThan(0);
    expect(names("Debian, in the lab's root")).toEqual([...included, ...unpacked]);
  });
});

describe("examples that a reader copies", () => {
  const fenced = (page: string, language: string) =>
    [...read(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
      (m) => m[1] ?? "",
    );
  const folder = (files: Record<string, string>): string => {
    const parent = mkdtempSync(join(tmpdir(), "polder-docs-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(parent, "lab", name)), { recursive: true });
      writeFileSync(join(parent, "lab", name), text);
    }
    return join(parent, "lab");
  };
  const lab = read("instances/lab/instance.yaml");

  it("docs/residency.md: the record is one, and nl-sovereign accepts it", () => {
    const text =
      fenced("docs/residency.md", "yaml").find((block) => block.startsWith("id: ")) ?? "";
    const where = locationSchema.parse(load(text));
    const verdict = evaluateResidency(
      "nl-sovereign",
      { tbb: 1, marking: "Dep.V" },
      where,
      loadResidencyRules(),
    );
    expect([where.id, verdict.verdict]).toEqual(["voorbeeld-1", "accepted"]);
  });

  it("docs/policy.md: the overrides and the rule are what they say", async () => {
    const overrides =
      fenced("docs/policy.md", "yaml").find((b) => b.startsWith("overrides:")) ?? "";
    const rule = fenced("docs/policy.md", "ts")[0] ?? "";
    const path = folder({
      "instance.yaml": lab,
      "overrides.yaml": overrides,
      "rules/few-bridges.ts": rule,
    });
    const { blueprint } = loadInstance(path);
    expect(blueprint.overrides.map(({ resource }) => resource)).toEqual(["turn-*/server"]);
    const [own] = await loadOwnRules(path);
    const stacks = new Map();
    const input = {
      blueprint,
      stacks,
      expected: stacks,
      jitsiReleases: [],
      schema: { provider_schemas: {} },
    };
    expect(own?.check(input, "2026-11-24")).toMatchObject([
      { id: "few-bridges", verdict: "pass", message: "2 bridges" },
    ]);
    rmSync(dirname(path), { recursive: true });
  });
});

describe("publiccode.yml", () => {
  type Text = { shortDescription: string; longDescription: string; features: string[] };
  const file = load(read("publiccode.yml")) as {
    publiccodeYmlVersion: string;
    legal: { license: string };
    description: Record<string, Text>;
    maintenance: { type: string; contacts: unknown[] };
  };

  it("has what version 0.7 asks for, within its limits", () => {
    expect(file.publiccodeYmlVersion).toBe("0.7");
    const mandatory =
      "name url platforms developmentStatus softwareType description legal maintenance localisation";
    for (const key of mandatory.split(" ")) expect(file).toHaveProperty(key);
    for (const text of Object.values(file.description)) {
      expect(text.shortDescription.length).toBeLessThanOrEqual(150);
      expect(text.longDescription.length).toBeGreaterThanOrEqual(150);
      expect(text.features.length).toBeGreaterThan(0);
    }
    expect(file.maintenance.contacts.length).toBeGreaterThan(0);
  });

  it("names the licence of package.json and LICENSE", () => {
    expect(file.legal.license).toBe(JSON.parse(read("package.json")).license);
    expect(read("LICENSE")).toMatch(/^EUROPEAN UNION PUBLIC LICENCE v\. 1\.2\n/);
  });
});

it("docs/network.svg is what `polder show lab --svg` draws, before the cloud chose addresses", () => {
  const parent = mkdtempSync(join(tmpdir(), "polder-docs-"));
  cpSync(join(ROOT, "instances/lab/instance.yaml"), join(parent, "lab/instance.yaml"));
  const { blueprint } = loadInstance(join(parent, "lab"));
  rmSync(parent, { recursive: true });
  expect(drawNetwork(blueprint).trim()).toBe(read("docs/network.svg").trim());
});

describe("docs/compared.md", () => {
  const cells = read("docs/compared.md")
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(2)
    .map((line) => line.split(" | ").at(-1)?.replace(/ \|$/, "") ?? "");

  it("says of each property how polder's was shown, and links its test", () => {
    expect(cells.length).toBeGreaterThan(15);
    const shown = /(running|parsed|acceptance \d{4}-\d{2}-\d{2})\b.*\]\(/;
    expect(cells.filter((cell) => !shown.test(cell) && !/^no(,|$)/.test(cell))).toEqual([]);
  });
});
