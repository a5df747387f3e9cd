import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { systemEnvironment } from "./command.ts";
import { LabError } from "./error.ts";
import type { LabPaths } from "./paths.ts";

const gib = 1024 ** 3;

/** Programs by the Debian package that brings them. */
const programs = {
  flock: "util-linux",
  ip: "iproute2",
  mmdebstrap: "mmdebstrap",
  nsenter: "util-linux",
  setpriv: "util-linux",
  unshare: "util-linux",
} as const;

/** @throws LabError when we aren't root, or the machine isn't Linux */
export function assertRoot(uid = process.getuid?.(), platform: string = process.platform): void {
  if (platform !== "linux") throw new LabError("the lab needs Linux: run it on a Debian machine");
  if (uid !== 0) throw new LabError("the lab needs root: run it with sudo");
}

/** @throws LabError that names every missing program and one command to get them */
export function assertPrograms(path: string = systemEnvironment.PATH): void {
  const missing = Object.entries(programs).filter(
    ([program]) =>
      !path.split(delimiter).some((folder) => {
        try {
          accessSync(join(folder, program), constants.X_OK);
          return true;
        } catch {
          return false;
        }
      }),
  );
  if (missing.length === 0) return;
  const names = missing.map(([program]) => program).join(", ");
  const packages = [...new Set(missing.map(([, name]) => name))].join(" ");
  throw new LabError(
    `${names} ${missing.length > 1 ? "are" : "is"} missing: apt-get install ${packages}`,
  );
}

/** @throws LabError when the machine can't check the signatures of Debian 13 */
export function assertKeyring(folder = "/usr/share/keyrings"): void {
  if (existsSync(join(folder, "debian-archive-trixie-stable.gpg"))) return;
  if (existsSync(join(folder, "debian-archive-trixie-stable.pgp"))) return;
  throw new LabError("the keys of Debian 13 are missing: apt-get install debian-archive-keyring");
}

/** The line that refuses a disk that is too full, or undefined. Sizes in GiB. */
export function shortage(needed: number, free: number, folder: string): string | undefined {
  if (free >= needed) return undefined;
  return `no space: the lab needs ${needed} GB free in ${folder}, ${free.toFixed(1)} GB there`;
}

/** @throws LabError when the lab wouldn't fit; a root takes 1.8 GB, and as much while it is made */
export function assertSpace(paths: LabPaths, buildsRoot: boolean): void {
  let folder = paths.folder;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const line = shortage(buildsRoot ? 4 : 1, (bavail * bsize) / gib, paths.folder);
  if (line) throw new LabError(line);
}
