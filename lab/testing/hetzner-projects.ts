import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { access, HetznerApi } from "../../modules/clouds/hetzner-api/index.ts";
import { type StandIn, start } from "../hetzner/index.ts";
import { polderWith } from "./polder.ts";

/** The stand-in of Hetzner's API. Each letter is a project: its token is the letter, 64 times. */
export class HetznerProjects {
  /** Holds the projects, and what a suite puts there; gone at the end. */
  readonly folder = mkdtempSync(join(tmpdir(), "polder-hetzner-"));
  private running: StandIn | undefined;

  get endpoint(): string {
    if (!this.running) throw new Error("the stand-in isn't up");
    return this.running.endpoint;
  }

  async start(): Promise<void> {
    this.running = await start({ folder: join(this.folder, "projects") });
  }
  async restart(): Promise<void> {
    await this.running?.close();
    await this.start();
  }
  async close(): Promise<void> {
    await this.running?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  environment(letter: string) {
    return { HCLOUD_ENDPOINT: this.endpoint, HCLOUD_TOKEN: letter.repeat(64) };
  }
  api(letter: string): HetznerApi {
    return new HetznerApi(access(this.environment(letter)));
  }
  /** Runs `polder` in a project and expects it to succeed; gives what it printed. */
  async polderOk(letter: string, ...args: string[]): Promise<string> {
    return (await polderWith(args, { env: this.environment(letter) })).stdout;
  }
}
