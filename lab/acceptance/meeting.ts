import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TOOLKIT } from "../../modules/common/toolkit/index.ts";
import { CA_FILE } from "../../modules/hosts/host/index.ts";
import { hostsWith, PORTS } from "../../modules/planning/blueprint/index.ts";
import {
  instanceFolder,
  type LoadedInstance,
  loadInstance,
} from "../../modules/workspace/index.ts";
import { defaultFolder } from "../cloud/index.ts";
import { until } from "../cloud/process.ts";
import { inHost } from "../hypervisor/index.ts";
import { type BrowserOptions, Person } from "./browser.ts";

/** What `polder upgrade` asks Jitsi's REST by, on the host's own loopback. */
const REST = readFileSync(
  join(TOOLKIT, "modules/operations/upgrade/programs/jitsi_rest.py"),
  "utf8",
);

/** Pictures that several browsers on one machine can encode. */
const SMALL = { resolution: 180, "constraints.video.height.ideal": 180 } as const;

/** What may differ between people. */
export type PersonOptions = Pick<
  BrowserOptions,
  "relay" | "network" | "settings" | "kind" | "control" | "language" | "hasDevices"
>;

/** Links of one meeting. */
export interface Links {
  readonly moderator: string;
  readonly guest: string;
  /** By which the guest's link can be revoked. */
  readonly guestId: string;
}

/** The cluster that `make lab PACKAGES=folder` has deployed and that still stands. */
export class Acceptance {
  readonly lab = defaultFolder();
  /** The instance's name: `make acceptance INSTANCE=lab-direct` asks another one than the lab's main one. */
  readonly instance = process.env["INSTANCE"] || "lab";
  readonly loaded: LoadedInstance;
  #authority = "";
  readonly #people: Person[] = [];

  /** @throws Error when it runs stand-ins */
  constructor() {
    this.loaded = loadInstance(instanceFolder(TOOLKIT, this.instance));
    if (!this.loaded.blueprint.jitsi)
      throw new Error(
        `${this.instance} runs stand-ins: \`PACKAGES=folder lab/main-job.sh ${this.instance}\` first`,
      );
  }

  /** Runs `polder` as a person would. @returns what it prints. @throws Error when it ends with another code than 0 */
  polder(...args: readonly string[]): string {
    const quiet = ["pipe", "pipe", "pipe"] as const;
    return execFileSync(join(TOOLKIT, "cli/polder"), args, {
      cwd: TOOLKIT,
      stdio: [...quiet],
    }).toString();
  }

  /** A meeting that begins now. @param minutes how long it lasts */
  invite(minutes = 60): Links {
    // The command takes no minute that is over, and it needs some seconds itself.
    const soon = new Date(Date.now() + 20_000);
    const now = soon.toLocaleString("sv", { timeZone: "Europe/Amsterdam" });
    const starts = now.slice(0, 16).replace(" ", "T");
    const asked = [
      this.instance,
      "--starts",
      starts,
      "--minutes",
      `${minutes}`,
      "--name",
      "Wilhelmina",
    ];
    const printed = this.polder("invite", ...asked);
    const [moderator = "", guest = ""] = printed.match(/https:\S+/g) ?? [];
    const guestId = /^guest .*id (\S+)$/m.exec(printed)?.[1] ?? "";
    return { moderator, guest, guestId };
  }

  /** A person with a browser of their own, who is nowhere yet. */
  async person(name: string, { settings = {}, ...options }: PersonOptions = {}): Promise<Person> {
    const { lab, loaded } = this;
    this.#authority ||= await this.on("control-1", "cat", CA_FILE);
    const authority = this.#authority;
    const person = await Person.open({
      lab,
      blueprint: loaded.blueprint,
      authority,
      name,
      settings: { ...SMALL, ...settings },
      ...options,
    });
    this.#people.push(person);
    return person;
  }

  /** A moderator and guests who see each other. @param more what is added to each link */
  async meeting(
    guests: readonly string[],
    { more = "", ...options }: { readonly more?: string } & PersonOptions = {},
  ): Promise<{ readonly links: Links; readonly moderator: Person; readonly guests: Person[] }> {
    const links = this.invite();
    const moderator = await this.person("Wilhelmina", options);
    await moderator.join(`${links.moderator}${more}`);
    const admitted: Person[] = [];
    for (const name of guests) {
      const guest = await this.person(name, options);
      admitted.push(guest);
      await guest.join(`${links.guest}${more}`);
      await moderator.press(/toelaten/i, 90_000);
      await guest.seesVideo(90_000);
    }
    await moderator.seesVideo(90_000);
    return { links, moderator, guests: admitted };
  }

  /** A moderator and guests whose pages are loaded again come in again, the guests with the moderator's leave. */
  async comeAgain(moderator: Person, guests: readonly Person[]): Promise<void> {
    await moderator.ask();
    for (const guest of guests) {
      await guest.ask();
      await moderator.press(/toelaten/i, 90_000);
      await guest.seesVideo(90_000);
    }
    await moderator.seesVideo(90_000);
  }

  /** Everybody leaves. @param failed the name of a test that failed: what everybody saw is kept, and what the pages wrote */
  async end(failed?: string): Promise<void> {
    const people = this.#people.splice(0);
    const name = failed?.replace(/[^a-z0-9]+/gi, "-").toLowerCase();
    // Before anybody leaves, which the others' pages would show.
    for (const [i, person] of name ? people.entries() : []) {
      const kept = join(this.lab, `acceptance-failed-${name}-${i}-${person.name}`);
      await person.picture(`${kept}.png`).catch(() => undefined);
      writeFileSync(`${kept}.log`, await person.record());
    }
    for (const person of people) await person.close();
  }

  /** Runs a command on a host as root. @returns what it prints. @throws Error when it fails */
  async on(host: string, ...argv: readonly string[]): Promise<string> {
    return this.#run(host, argv);
  }

  async #run(host: string, argv: readonly string[], input = ""): Promise<string> {
    const { code, stdout, stderr } = await inHost(
      this.lab,
      `${this.instance}-${host}`,
      argv,
      input,
    );
    if (code !== 0) throw new Error(`${host}: ${argv.join(" ")}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Has a bridge take nobody new, or people again. */
  async drain(bridge: string, on: boolean): Promise<void> {
    const words = ["drain", `${PORTS.bridgeRest}`, on ? "on" : "off"];
    await this.#run(bridge, ["python3", "-", ...words], REST);
  }

  /** How many people's media goes over each bridge; one that doesn't run carries nobody's. */
  people(): Promise<Record<string, number>> {
    return this.#metric("local_endpoints");
  }

  /** Waits until Jicofo can use every bridge. @throws Error when it can't in time */
  async bridgesUsable(): Promise<void> {
    const all = hostsWith(this.loaded.blueprint, "bridge").length;
    const usable = async () => {
      const words = ["focus", `${PORTS.focusRest}`];
      const focus = JSON.parse(await this.#run("control-1", ["python3", "-", ...words], REST));
      return focus?.bridges === all;
    };
    if (!(await until(usable, 180))) throw new Error(`Jicofo can't use ${all} bridges`);
  }

  /** Bridges that take nobody new. */
  async drained(): Promise<string[]> {
    const modes = Object.entries(await this.#metric("drain_mode"));
    return modes.filter(([, mode]) => mode === 1).map(([id]) => id);
  }

  /** Numbers that a bridge tells of itself, by their name; none where it doesn't run. */
  async metrics(bridge: string): Promise<Readonly<Record<string, number>>> {
    const words = ["metrics", `${PORTS.bridgeRest}`];
    return JSON.parse(await this.#run(bridge, ["python3", "-", ...words], REST)) ?? {};
  }

  /** One of them of each bridge, 0 where it doesn't run. */
  async #metric(name: string): Promise<Record<string, number>> {
    const bridges = hostsWith(this.loaded.blueprint, "bridge");
    const counts = bridges.map(async ({ id }) => [
      id,
      (await this.metrics(id))[`jitsi_jvb_${name}`] ?? 0,
    ]);
    return Object.fromEntries(await Promise.all(counts));
  }
}
