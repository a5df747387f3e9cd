import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { dump } from "js-yaml";
import { badInput } from "../../common/input/index.ts";
import {
  JITSI_PACKAGES,
  type JitsiFile,
  type JitsiPackage,
  type JitsiPackageName,
  type JitsiRelease,
  mixOf,
  releaseOf,
  unknownOf,
} from "../../planning/blueprint/index.ts";
import { JITSI_FILE, loadJitsiReleases, shown, writeAtomically } from "../../workspace/index.ts";

/** A Debian package's file: name, version without an epoch, architecture (deb-version(7), dpkg-name(1)). */
const FILE = /^([a-z0-9][a-z0-9+.-]+)_([A-Za-z0-9.+~-]+)_(all|amd64)\.deb$/;

export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const block of createReadStream(path)) hash.update(block as Buffer);
  return hash.digest("hex");
}

/** The one file of a package in a folder. @throws BadInput when there is none, or more than one */
function fileOf(folder: string, name: JitsiPackageName): { file: string; version: string } {
  const found = readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const [, its, version] = FILE.exec(file) ?? [];
      return its === name && version ? [{ file, version }] : [];
    });
  const [only, another] = found;
  if (only && !another) return only;
  const got = another ? found.map(({ file }) => file).join(", ") : "none";
  throw badInput(
    shown(folder),
    `${name}: got ${got}, one file ${name}_<version>_all.deb is allowed: keep the release that you want, each package once`,
  );
}

export interface Pinned extends JitsiFile {
  /** The release that polder knows and all of them are of, or else what they are instead. */
  readonly release: JitsiRelease | { readonly unknown: string };
}

/**
 * Pins Jitsi's packages for an instance: writes jitsi.yaml beside instance.yaml, with each file's version and digest.
 * The files themselves stay where they are.
 *
 * @param instance the instance's folder
 * @param folder with the .deb files of one release
 * @throws BadInput when a package is missing, or there twice, or when they are of several releases
 */
export async function pinPackages(instance: string, folder: string): Promise<Pinned> {
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw badInput(
      shown(resolve(folder)),
      "no folder is here; name the one with Jitsi's .deb files",
    );
  const packages: JitsiPackage[] = [];
  for (const name of JITSI_PACKAGES) {
    const { file, version } = fileOf(folder, name);
    packages.push({ name, version, file, sha256: await sha256(join(folder, file)) });
  }
  const releases = loadJitsiReleases();
  const mix = mixOf(packages, releases);
  if (mix) throw badInput(shown(folder), `${mix}: keep the packages of one release`);
  const pinned = { folder: relative(instance, resolve(folder)) || ".", packages };
  const head = [
    "# Jitsi's packages, pinned by `polder packages`. Commit this file; the .deb files may lie anywhere that",
    "# `folder` leads to from here. docs/jitsi.md says where they come from.",
    "",
  ].join("\n");
  writeAtomically(join(instance, JITSI_FILE), `${head}${dump(pinned, { lineWidth: -1 })}`, 0o644);
  const release = releaseOf(packages, releases) ?? { unknown: unknownOf(packages, releases) };
  return { ...pinned, release };
}
