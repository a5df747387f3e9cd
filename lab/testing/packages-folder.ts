import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostFile } from "../../modules/hosts/configuration/index.ts";
import { renderHost } from "../../modules/hosts/render/index.ts";
import { filesBelow, fillArchive } from "../../modules/operations/mirror/index.ts";
import { buildBlueprint, type Host } from "../../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../modules/planning/blueprint/testing.ts";
import { loadPrograms } from "../../modules/workspace/index.ts";
import { standIns } from "../stand-ins/index.ts";
import { machineMirror } from "./machine-mirror.ts";
import { type Brought, bringPackages, type HostOptions } from "./packages-host.ts";
import { validatorRoot } from "./validator-root.ts";

/** hello needs the C library alone; xz-utils is in the root, and comes from the security archive. */
export const WANTED = [["hello"], ["xz-utils"]];

/** What apt reads on a host of an instance whose packages come from a folder. */
export function aptFiles(): HostFile[] {
  const packages = { source: "folder", folder: "packages" };
  const blueprint = buildBlueprint(inputOf(someInstance({ packages })));
  const { files } = renderHost(blueprint, blueprint.hosts[0] as Host, loadPrograms(), standIns);
  return files.filter(({ path }) => path.startsWith("/etc/apt/"));
}

/** A folder of Debian's packages as `polder mirror` fills it, from this machine's mirror, and hosts that get it. */
export class PackagesFolder {
  readonly folder = mkdtempSync(join(tmpdir(), "polder-mirror-"));
  /** Where apt keeps its lists. */
  readonly state = mkdtempSync(join(tmpdir(), "polder-apt-"));
  /** What the filling printed. */
  readonly progress: string[] = [];

  async fill(): Promise<void> {
    await fillArchive(this.folder, WANTED, {
      from: machineMirror(),
      state: this.state,
      progress: (line) => this.progress.push(line),
    });
  }

  remove(): void {
    for (const one of [this.folder, this.state]) rmSync(one, { recursive: true, force: true });
  }

  /** Brings hello to a host that has no network. */
  async bring(options: Partial<HostOptions> = {}): Promise<Brought> {
    const { folder } = this;
    const what = { folder, files: aptFiles(), install: ["hello"], ...options };
    return bringPackages(await validatorRoot(), what);
  }

  /** Uses the folder as somebody changed it. */
  async changed<T>(change: (copy: string) => void, use: (copy: string) => Promise<T>): Promise<T> {
    const copy = mkdtempSync(join(tmpdir(), "polder-mirror-"));
    try {
      cpSync(this.folder, copy, { recursive: true });
      change(copy);
      return await use(copy);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }

  /** Path of a package below the folder. @throws Error when it isn't there */
  packageFile(name: string): string {
    const found = filesBelow(this.folder).find((path) => path.includes(`/${name}_`));
    if (!found) throw new Error(`${name} isn't in the folder`);
    return found;
  }
}
