import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { BadInput, badInput } from "../../common/input/index.ts";
import { toolkitIdentity, WORKSPACE } from "../../common/toolkit/index.ts";
import type { JitsiFragments } from "../../hosts/configuration/index.ts";
import { renderAll } from "../../hosts/render/index.ts";
import {
  type LoadedInstance,
  loadPrograms,
  shown,
  writeAtomically,
} from "../../workspace/index.ts";
import { type Archive, archiveFaults, filesBelow, fillArchive, sha256Of } from "./archive.ts";
import {
  MANIFEST_FILE,
  type Manifest,
  parseSums,
  readManifest,
  SUMS_FILE,
  sumsText,
} from "./manifest.ts";
import { goodUntil } from "./release.ts";
import { fillTools, isCheckout, PROVIDERS_FOLDER, toolFaults, toolVersions } from "./tools.ts";

/** Where Jitsi's packages lie in the folder. */
export const JITSI_FOLDER = "jitsi";

/**
 * What a host has before converge: whatever image its cloud boots, its security updates must be in the folder. Debian's
 * own list for its cloud images (package debian-cloud-images-packages), and its priorities, read from its archive.
 */
const IMAGE: readonly (readonly string[])[] = [
  ["?essential", "?priority(required)", "?priority(important)", "?priority(standard)"],
  ["debian-cloud-images-packages"],
  // What else images boot with.
  ["linux-image-amd64", "linux-image-cloud-amd64", "grub-efi-amd64-signed", "grub-cloud-amd64"],
];

/** What every site needs and the folder doesn't hold. */
const WITHOUT = [
  "the image of Debian 13 that the cloud boots: the cloud's supplier has it",
  "Node.js, npm, Python and Terraform of the admin's machine: they come with its own system",
  "what only `make lab`, `make lint` and `make test` need: linters, validators, the lab's Debian root",
];

const WITHOUT_NPM = "npm's packages: this polder came by npm; carry its package with npm's cache";

/** Sets of packages, each of which one host shall have; two roles may exclude each other. */
function wantedBy(
  loaded: readonly LoadedInstance[],
  more: readonly string[],
  standIns: JitsiFragments,
): string[][] {
  const programs = loadPrograms();
  const sets = loaded.flatMap(({ blueprint }) =>
    renderAll(blueprint, programs, standIns).map(({ packages }) =>
      [...packages.install].sort().join(" "),
    ),
  );
  return [...new Set([...sets, ...more])].sort().map((set) => set.split(" "));
}

/** Where apt's lists and npm's work lie; all of it may be lost. */
const stateFolder = () => join(WORKSPACE, "build/mirror");

export interface MirrorOptions {
  /** Address below which a mirror has `debian` and `debian-security`. */
  readonly from: string;
  /** Debian packages beside those of instances and images. */
  readonly with: readonly string[];
  /** What takes the places of Jitsi's programs where an instance of profile `lab` has no packages of them. */
  readonly standIns: JitsiFragments;
  readonly progress: (line: string) => void;
}

/** Where a pinned package lies: in the folder, or else beside jitsi.yaml. @throws BadInput when it isn't what is pinned */
async function sourceOf(
  { blueprint: { instance }, jitsiFolder }: LoadedInstance,
  { file, sha256 }: { readonly file: string; readonly sha256: string },
  folder: string,
): Promise<string> {
  const beside = join(jitsiFolder ?? "", file);
  for (const place of [join(folder, JITSI_FOLDER, file), beside])
    if (existsSync(place) && (await sha256Of(place)) === sha256) return place;
  throw badInput(
    shown(beside),
    `isn't the file that ${instance}/jitsi.yaml pins: \`polder packages ${instance} FOLDER\` says where it lies`,
  );
}

/**
 * Which instances the folder can be filled for.
 *
 * @returns those whose packages of Jitsi are at hand, and for each other a line that says what is missing
 */
export async function withPackages(
  path: string,
  loaded: readonly LoadedInstance[],
  standIns: JitsiFragments,
): Promise<{ readonly complete: LoadedInstance[]; readonly missing: string[] }> {
  const [complete, missing]: [LoadedInstance[], string[]] = [[], []];
  for (const one of loaded)
    try {
      wantedBy([one], [], standIns);
      for (const pinned of one.blueprint.jitsi ?? []) await sourceOf(one, pinned, resolve(path));
      complete.push(one);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      missing.push(error.message);
    }
  return { complete, missing };
}

/** Copies Jitsi's pinned packages, each compared with jitsi.yaml. @throws BadInput when one isn't what is pinned */
async function fillJitsi(folder: string, loaded: readonly LoadedInstance[]): Promise<string[]> {
  const names = new Set<string>();
  for (const one of loaded)
    for (const pinned of one.blueprint.jitsi ?? []) {
      const target = join(folder, JITSI_FOLDER, pinned.file);
      names.add(pinned.file);
      const source = await sourceOf(one, pinned, folder);
      if (source === target) continue;
      mkdirSync(join(folder, JITSI_FOLDER), { recursive: true });
      copyFileSync(source, target);
    }
  for (const file of filesBelow(join(folder, JITSI_FOLDER)))
    if (!names.has(file)) rmSync(join(folder, JITSI_FOLDER, file));
  return [...names].sort();
}

/** @throws BadInput for a folder with files that polder didn't put there */
function assertOurs(folder: string): void {
  if (!existsSync(folder)) return;
  const known = [
    "debian",
    "debian-security",
    "jitsi",
    "npm",
    "wheels",
    "providers",
    ".part",
    MANIFEST_FILE,
    SUMS_FILE,
  ];
  const strange = filesBelow(folder).find((path) => !known.includes(path.split("/")[0] as string));
  if (strange)
    throw badInput(
      shown(folder),
      `${strange} is no file of ours: name a folder that is empty or that polder filled`,
    );
}

function manifestOf(
  loaded: readonly LoadedInstance[],
  { releases, files }: Archive,
  jitsi: readonly string[],
  tools: Manifest["tools"],
  options: MirrorOptions,
): Manifest {
  const { version, commit } = toolkitIdentity();
  return {
    made: new Date().toISOString(),
    goodUntil: (goodUntil(releases) ?? new Date()).toISOString(),
    toolkit: { version, commit },
    instances: loaded.map(({ blueprint }) => blueprint.instance),
    with: [...options.with],
    debian: {
      from: options.from,
      suites: releases.map(({ suite, date, validUntil }) => ({
        suite,
        date: date.toISOString(),
        ...(validUntil && { validUntil: validUntil.toISOString() }),
      })),
      packages: files.length,
      bytes: files.reduce((sum, { size }) => sum + size, 0),
    },
    jitsi: [...jitsi],
    tools,
    without: [...WITHOUT, ...(isCheckout() ? [] : [WITHOUT_NPM])],
  };
}

/**
 * Fills a folder with all that a site without internet needs for these instances. Run again, it fetches only what is
 * new; interrupted, it goes on.
 *
 * @throws BadInput, ExternalFailure; the folder then has no manifest, and nobody takes it for a whole one
 */
export async function fillMirror(
  path: string,
  loaded: readonly LoadedInstance[],
  options: MirrorOptions,
): Promise<Manifest> {
  const folder = resolve(path);
  const { progress } = options;
  assertOurs(folder);
  mkdirSync(folder, { recursive: true });
  for (const file of [MANIFEST_FILE, SUMS_FILE]) rmSync(join(folder, file), { force: true });
  const state = stateFolder();
  const jitsi = await fillJitsi(folder, loaded);
  const wanted = [...IMAGE, ...wantedBy(loaded, options.with, options.standIns)];
  const archive = await fillArchive(folder, wanted, { from: options.from, state, progress });
  await fillTools(folder, state, progress);
  progress("sums");
  const manifest = manifestOf(loaded, archive, jitsi, await toolVersions(), options);
  const sums = new Map<string, string>();
  for (const file of filesBelow(folder)) sums.set(file, await sha256Of(join(folder, file)));
  writeAtomically(join(folder, SUMS_FILE), sumsText(sums), 0o644);
  writeAtomically(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, 0o644);
  return manifest;
}

/** Files that were changed, lost or added since the folder was filled, a line each. */
export async function sumFaults(folder: string): Promise<string[]> {
  const sums = parseSums(readFileSync(join(folder, SUMS_FILE), "utf8"));
  const there = filesBelow(folder).filter((path) => path !== SUMS_FILE && path !== MANIFEST_FILE);
  const faults = there
    .filter((path) => !sums.has(path))
    .map((path) => `${path}: wasn't there when the folder was filled`);
  for (const [path, sum] of sums) {
    if (!existsSync(join(folder, path))) faults.push(`${path}: isn't there`);
    else if ((await sha256Of(join(folder, path))) !== sum)
      faults.push(`${path}: was changed since the folder was filled`);
  }
  return faults;
}

/**
 * Puts the built providers of a folder where Terraform looks for them.
 *
 * @param target the toolkit's provider mirror
 * @throws BadInput when the folder wasn't filled to its end or was changed since
 */
export async function useProviders(folder: string, target: string): Promise<void> {
  readManifest(folder);
  const [fault] = await sumFaults(folder);
  if (fault) throw badInput(shown(folder), `${fault}: fill it again with \`polder mirror\``);
  cpSync(join(folder, PROVIDERS_FOLDER), target, { recursive: true });
}

/**
 * Holds a folder against its own sums, against Debian's signatures, and against what instances need. Asks nobody.
 *
 * @returns what is wrong, a line each
 * @throws BadInput for a folder that wasn't filled to its end; ExternalFailure when Debian's lists have expired or
 *   aren't Debian's
 */
export async function verifyMirror(
  path: string,
  loaded: readonly LoadedInstance[],
  standIns: JitsiFragments,
): Promise<{ readonly manifest: Manifest; readonly faults: readonly string[] }> {
  const folder = resolve(path);
  const manifest = readManifest(folder);
  const faults = new Set(await sumFaults(folder));
  const wanted = [...IMAGE, ...wantedBy(loaded, manifest.with, standIns)];
  for (const fault of await archiveFaults(folder, wanted, stateFolder())) faults.add(fault);
  for (const { blueprint } of loaded)
    for (const { file, sha256 } of blueprint.jitsi ?? []) {
      const place = join(folder, JITSI_FOLDER, file);
      if (!existsSync(place) || (await sha256Of(place)) !== sha256)
        faults.add(`${JITSI_FOLDER}/${file}: isn't the file that ${blueprint.instance} pins`);
    }
  for (const fault of await toolFaults(folder)) faults.add(fault);
  return { manifest, faults: [...faults] };
}
