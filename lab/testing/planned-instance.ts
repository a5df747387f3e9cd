import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildFolder } from "../../modules/common/toolkit/index.ts";
import type { HetznerProjects } from "./hetzner-projects.ts";
import type { TestInstance } from "./polder.ts";

/** An instance with one plan that was never applied: each test begins with it again, in a project that is empty. */
export class PlannedInstance {
  /** The project that is used now: none finds what a test before it made. */
  project = "a";
  readonly #hetzner: HetznerProjects;
  readonly #instance: TestInstance;
  readonly #folders: readonly (readonly [string, string])[];

  constructor(hetzner: HetznerProjects, instance: TestInstance) {
    this.#hetzner = hetzner;
    this.#instance = instance;
    this.#folders = [
      [instance.folder, join(hetzner.folder, "instance")],
      [buildFolder(instance.load().blueprint.instance), join(hetzner.folder, "build")],
    ];
  }

  /** Keeps the instance and its plan as they are now. */
  keep(): void {
    for (const [from, to] of this.#folders) cpSync(from, to, { recursive: true });
  }

  /** Puts back what was kept, in another project. */
  again(): void {
    this.project = String.fromCharCode(this.project.charCodeAt(0) + 1);
    for (const [to, from] of this.#folders) {
      rmSync(to, { recursive: true, force: true });
      cpSync(from, to, { recursive: true });
    }
  }

  /** How many addresses the project has. */
  async addresses(): Promise<number> {
    return (await this.#hetzner.api(this.project).list("primary_ips")).length;
  }

  /** How many the plan makes: of each host that has some, one of each family. */
  get planned(): number {
    const { hosts } = this.#instance.load().blueprint;
    return 2 * hosts.filter(({ exposure }) => exposure.addressed).length;
  }
}
