import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { TOOLKIT, WORKSPACE } from "../../common/toolkit/index.ts";
import { filesBelow, sha256Of } from "./archive.ts";
import { run } from "./run.ts";

// What the admin's machine needs beside its own Node.js, Python and Terraform: npm's packages, Ansible, providers.

export const NPM_FOLDER = "npm";
export const WHEELS_FOLDER = "wheels";
export const PROVIDERS_FOLDER = "providers";

interface LockEntry {
  readonly optional?: boolean;
  readonly integrity?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

/** npm's own rule: a list of names, or of names that are excluded. */
const fits = (names: readonly string[] | undefined, own: string): boolean =>
  names === undefined ||
  names.includes(own) ||
  (names.every((name) => name.startsWith("!")) && !names.includes(`!${own}`));

/**
 * Where npm's cache keeps each package of a lock file that this kind of machine needs: named by its digest.
 *
 * @param lock package-lock.json
 */
export function npmContents(
  lock: string,
  { platform, arch }: { platform: string; arch: string },
): string[] {
  const { packages } = JSON.parse(lock) as { packages: Record<string, LockEntry> };
  const paths = Object.values(packages)
    .filter(({ os, cpu, libc }) => fits(os, platform) && fits(cpu, arch) && fits(libc, "glibc"))
    // Optional without a platform of its own: what builds for other platforms need.
    .filter(({ optional, os, cpu }) => !optional || os !== undefined || cpu !== undefined)
    .flatMap(({ integrity }) => {
      const [, algorithm, base64] = /^(sha\d+)-(\S+)/.exec(integrity ?? "") ?? [];
      if (!algorithm || !base64) return [];
      const hex = Buffer.from(base64, "base64").toString("hex");
      return [
        `_cacache/content-v2/${algorithm}/${hex.slice(0, 2)}/${hex.slice(2, 4)}/${hex.slice(4)}`,
      ];
    });
  return [...new Set(paths)].sort();
}

const LOCK = join(TOOLKIT, "package-lock.json");

/** Whether this toolkit is a checkout, whose npm packages the folder can hold. */
export const isCheckout = (): boolean => TOOLKIT === WORKSPACE;

const npmMissing = (folder: string): string[] =>
  npmContents(readFileSync(LOCK, "utf8"), process).filter(
    (path) => !existsSync(join(folder, NPM_FOLDER, path)),
  );

async function must(what: string, program: string, args: readonly string[], folder: string) {
  const { status, stdout, stderr } = await run(program, args, { folder });
  if (status === 0) return;
  const lines = `${stderr}${stdout}`.trim().split("\n");
  throw new ExternalFailure(
    `${what}: ${(lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "failed").slice(0, 300)}`,
  );
}

async function fillNpm(folder: string, state: string): Promise<void> {
  if (npmMissing(folder).length === 0) return;
  const work = join(state, "npm");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const { workspaces } = JSON.parse(readFileSync(join(TOOLKIT, "package.json"), "utf8")) as {
    workspaces: readonly string[];
  };
  for (const path of [
    "package.json",
    "package-lock.json",
    ...workspaces.map((name) => join(name, "package.json")),
  ])
    cpSync(join(TOOLKIT, path), join(work, path));
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--logs-max=0"];
  try {
    // npm compares each package with the lock file's digest. What it unpacks is thrown away: only its cache counts.
    await must("npm", "npm", ["ci", ...quiet, "--cache", join(folder, NPM_FOLDER)], work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  rmSync(join(folder, NPM_FOLDER, "_cacache/tmp"), { recursive: true, force: true });
}

const REQUIREMENTS = join(TOOLKIT, "ansible/requirements.txt");
const PYTHON = join(WORKSPACE, "build/venv/bin/python");

/** Each requirement of a file with hashes: its name and version, and the digests of its possible files. */
export function requirements(
  text: string,
): { readonly name: string; readonly sums: readonly string[] }[] {
  return text.split(/\n(?=[A-Za-z0-9])/).flatMap((block) => {
    const name = /^([A-Za-z0-9._-]+==\S+)/.exec(block)?.[1];
    const sums = [...block.matchAll(/--hash=sha256:([0-9a-f]{64})/g)].map(([, sum = ""]) => sum);
    return name && sums.length > 0 ? [{ name, sums }] : [];
  });
}

async function wheelsMissing(folder: string): Promise<string[]> {
  const wheels = join(folder, WHEELS_FOLDER);
  const sums = new Set(
    await Promise.all(filesBelow(wheels).map((name) => sha256Of(join(wheels, name)))),
  );
  return requirements(readFileSync(REQUIREMENTS, "utf8"))
    .filter((one) => !one.sums.some((sum) => sums.has(sum)))
    .map(({ name }) => name);
}

async function fillWheels(folder: string): Promise<void> {
  if ((await wheelsMissing(folder)).length === 0) return;
  const target = join(folder, WHEELS_FOLDER);
  rmSync(target, { recursive: true, force: true });
  const args = [
    "-m",
    "pip",
    "download",
    "--quiet",
    "--disable-pip-version-check",
    "--only-binary=:all:",
    "--require-hashes",
  ];
  await must(
    "Ansible",
    PYTHON,
    [...args, "--dest", target, "--requirement", REQUIREMENTS],
    WORKSPACE,
  );
}

/** Terraform's h1: sum of a package folder with one file. */
const h1 = (sha256: string, name: string): string =>
  `h1:${createHash("sha256").update(`${sha256}  ${name}\n`).digest("base64")}`;

/** Providers whose build isn't there, or isn't one that their lock file knows. */
async function providersMissing(folder: string): Promise<string[]> {
  const built = filesBelow(join(folder, PROVIDERS_FOLDER));
  const missing: string[] = [];
  for (const name of readdirSync(join(TOOLKIT, "providers"))) {
    const lockFile = join(TOOLKIT, "providers", name, "terraform.lock.hcl");
    if (!existsSync(lockFile)) continue;
    const lock = readFileSync(lockFile, "utf8");
    const file = built.find(
      (path) =>
        path.startsWith("registry.terraform.io/") && path.includes(`terraform-provider-${name}_`),
    );
    const sum =
      file &&
      h1(await sha256Of(join(folder, PROVIDERS_FOLDER, file)), file.split("/").at(-1) as string);
    if (!sum || !lock.includes(`"${sum}"`)) missing.push(name);
  }
  return missing;
}

async function fillProviders(folder: string): Promise<void> {
  const target = join(folder, PROVIDERS_FOLDER);
  if ((await providersMissing(folder)).length === 0) return;
  const built = join(WORKSPACE, "build/provider-mirror");
  mkdirSync(target, { recursive: true });
  if (existsSync(built)) cpSync(built, target, { recursive: true });
  // Compares what is there with the lock files, and builds what isn't.
  await must("providers", join(TOOLKIT, "providers/build.sh"), [target], WORKSPACE);
  // It names its place, and `build.sh` writes it anew where the folder is used.
  rmSync(join(target, "terraform.rc"), { force: true });
}

/** Versions that the tools were fetched for. */
export async function toolVersions(): Promise<{ platform: string; node: string; python: string }> {
  const { stdout } = await run(PYTHON, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]);
  return {
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    python: stdout.trim(),
  };
}

/** Fills a folder with what the admin's machine needs. What is there already is only compared. */
export async function fillTools(
  folder: string,
  state: string,
  progress: (line: string) => void,
): Promise<void> {
  if (!existsSync(PYTHON))
    throw new ExternalFailure(
      "Ansible isn't there: `polder setup` (in a checkout `make setup`) comes first",
    );
  progress("providers");
  await fillProviders(folder);
  progress("Ansible's wheels");
  await fillWheels(folder);
  if (!isCheckout()) return;
  progress("npm's packages (minutes the first time)");
  await fillNpm(folder, state);
}

/** What of it a folder lacks, a line each. */
export async function toolFaults(folder: string): Promise<string[]> {
  return [
    ...(await providersMissing(folder)).map(
      (name) => `${PROVIDERS_FOLDER}: no build of ${name} that its lock file knows`,
    ),
    ...(await wheelsMissing(folder)).map((name) => `${WHEELS_FOLDER}: no file of ${name}`),
    ...(isCheckout() ? npmMissing(folder).map((path) => `${NPM_FOLDER}/${path}: isn't there`) : []),
  ];
}
