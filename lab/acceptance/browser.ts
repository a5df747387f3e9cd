import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { type Blueprint, hostsWith, namesBelow } from "../../modules/planning/blueprint/index.ts";
import type { Role } from "../../modules/planning/sizing/index.ts";
import { until } from "../cloud/process.ts";
import { internetCommand } from "../hypervisor/index.ts";
import { type BrowserKind, LAUNCH, type Running } from "./launch.ts";
import { type Family, OwnNetwork } from "./network.ts";

const program = (name: string) =>
  readFileSync(join(import.meta.dirname, "programs", `${name}.js`), "utf8");
const RECORDER = program("recorder");
const SETTINGS = program("settings");

/** JavaScript for the videos of others that play in a page. */
const PLAYING =
  "[...document.querySelectorAll('video[id^=remoteVideo]')].filter((one) => one.videoWidth > 0 && one.currentTime > 0)";

/** A time without a new picture of anybody else. */
export interface Still {
  /** When it ended, hh:mm:ss UTC. */
  readonly until: string;
  readonly ms: number;
}

/** A pair of candidates by which a browser's media goes. */
export interface MediaPath {
  /** `host`, `srflx`, `prflx` or `relay`. */
  readonly type: string;
  /** How it reaches its relay (`udp`, `tcp`, `tls`), or its peer. */
  readonly by: string;
  /** The relay's address, such as `turns:…`. */
  readonly url: string;
  /** Address and port of the other end. */
  readonly remote: string;
}

/** The names that the lab's internet has no DNS for: the domain, at one control host, and one relay under the relays' name. */
function names(blueprint: Blueprint, family: Family, control: number): Record<string, string> {
  const of = (role: Role, nth = 0) => {
    const address = hostsWith(blueprint, role)[nth]?.publicAddress?.[family];
    if (!address) throw new Error(`no public address of a ${role} is ${family}`);
    return family === "ipv6" ? `[${address}]` : address;
  };
  return {
    [blueprint.domain]: of("control", control),
    [namesBelow(blueprint.domain).turn]: of("turn"),
  };
}

export interface BrowserOptions {
  /** Folder of the lab. */
  readonly lab: string;
  readonly blueprint: Blueprint;
  /** The instance's CA, PEM, as an organisation has it in its own browsers. */
  readonly authority: string;
  /** The name that this person types. */
  readonly name: string;
  /** Media may go by a relay alone, as behind a firewall: one that lets UDP out, or nothing but TLS. */
  readonly relay?: "turn:" | "turns:" | undefined;
  /** Which control host DNS gives this person, from 0: the first unless it says otherwise. */
  readonly control?: number | undefined;
  /** Chromium unless it says otherwise. */
  readonly kind?: BrowserKind | undefined;
  /** A network of this person's own, with these kinds of address; otherwise the one that all share. */
  readonly network?: readonly Family[] | undefined;
  /** Dutch unless it says otherwise. */
  readonly language?: "nl" | "en" | undefined;
  /** Whether this person has a camera and a microphone, both made up: yes unless it says otherwise. Chromium alone. */
  readonly hasDevices?: boolean | undefined;
  /** Settings of the client, by their path, that a link can't give it. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

/** A person with a real browser in the lab's internet. */
export class Person {
  readonly name: string;
  readonly page: Page;
  /** Addresses that the page asked for and that aren't the domain's own. */
  readonly elsewhere: string[] = [];
  /** What the browser wrote into its console as an error, and what its policy stopped. */
  readonly errors: string[] = [];
  /** All that the page wrote there, each line with its time, UTC: the client says what it does. */
  readonly lines: string[] = [];
  /** How often the page was loaded: a reload is what a person sees of a lost session. */
  loads = 0;
  readonly #running: Running;
  readonly #folder: string;
  readonly #network: OwnNetwork | undefined;

  private constructor(
    name: string,
    running: Running,
    page: Page,
    folder: string,
    network: OwnNetwork | undefined,
  ) {
    this.name = name;
    this.page = page;
    this.#running = running;
    this.#folder = folder;
    this.#network = network;
  }

  static async open(options: BrowserOptions): Promise<Person> {
    const { lab, blueprint, authority, name, kind = "chromium" } = options;
    const network = options.network && (await OwnNetwork.make(lab, options.network));
    const family = options.network?.includes("ipv4") === false ? "ipv6" : "ipv4";
    const folder = mkdtempSync(join(tmpdir(), "polder-browser-"));
    const running = await LAUNCH[kind]({
      folder,
      authority,
      within: (argv) => internetCommand(lab, argv, network?.namespace),
      names: names(blueprint, family, options.control ?? 0),
      language: options.language ?? "nl",
      hasDevices: options.hasDevices ?? true,
    });
    const [page] = await running.browser.pages();
    const person = new Person(name, running, page as Page, folder, network);
    await person.#watch(options);
    return person;
  }

  async #watch({ blueprint, relay, settings = {} }: BrowserOptions): Promise<void> {
    const { domain } = blueprint;
    await this.page.evaluateOnNewDocument(
      `window.RELAY = ${JSON.stringify(relay ?? "")};\n${RECORDER}`,
    );
    await this.page.evaluateOnNewDocument(
      `window.SETTINGS = ${JSON.stringify(settings)};\n${SETTINGS}`,
    );
    this.page.on("domcontentloaded", () => {
      this.loads++;
    });
    await this.page.setViewport({ width: 800, height: 500 });
    this.page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (/^(https?|wss?):$/.test(protocol) && hostname !== domain)
        this.elsewhere.push(request.url());
    });
    this.page.on("console", (message) => {
      this.lines.push(`${new Date().toISOString().slice(11, 23)} ${message.text()}`);
      if (message.type() === "error") this.errors.push(message.text());
    });
    this.page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  /** Opens an invitation's link, and asks to come in. */
  async join(link: string, patience = 60_000): Promise<void> {
    await this.page.goto(link, { waitUntil: "load" });
    await this.ask(patience);
  }

  /** Types the name where one is asked, and asks to come in: also after the page was loaded again by itself. */
  async ask(patience = 60_000): Promise<void> {
    const button = "[data-testid='prejoin.joinMeeting']";
    await this.page.waitForSelector(button, { timeout: patience });
    // Whose name the token says types none.
    const field = await this.page.$("#premeeting-name-input");
    await field?.click({ count: 3 });
    await field?.type(this.name);
    await this.page.click(button);
  }

  /** What the page shows, as text. */
  async text(): Promise<string> {
    return String(await this.page.evaluate("document.body.innerText"));
  }

  /** Clicks on the first button whose label or text has these words. */
  async press(words: RegExp, patience = 30_000): Promise<void> {
    const buttons = "[...document.querySelectorAll('button, [role=button]')]";
    const said = "`${one.getAttribute('aria-label') ?? ''} ${one.innerText}`";
    const found = `${buttons}.find((one) => ${words}.test(${said}))`;
    await this.page.waitForFunction(
      `(() => { const it = ${found}; it?.click(); return !!it; })()`,
      {
        timeout: patience,
      },
    );
  }

  /** Milliseconds until somebody else's video plays here: a picture of some size whose time goes on. */
  seesVideo(patience = 60_000): Promise<number> {
    return this.until(`${PLAYING}.length > 0`, patience);
  }

  /** The same of exactly so many others. */
  seesVideos(others: number, patience = 60_000): Promise<number> {
    return this.until(`${PLAYING}.length === ${others}`, patience);
  }

  /** Begins to look for the longest time without a new picture of anybody else. */
  async beginWatching(): Promise<void> {
    await this.page.evaluate("recorder.begin()");
  }

  /** Times without a new picture since then, of a second or more. */
  async stills(): Promise<Still[]> {
    await this.page.evaluate("recorder.note(performance.now())");
    return (await this.page.evaluate("recorder.stills")) as Still[];
  }

  /** The longest of them, in milliseconds; 0 where there was none. */
  async longestStill(): Promise<number> {
    return Math.max(0, ...(await this.stills()).map(({ ms }) => ms));
  }

  /** How media comes. */
  async paths(): Promise<MediaPath[]> {
    return (await this.page.evaluate("recorder.pairs()")) as MediaPath[];
  }

  /** What the page wrote, and by which ways its media went, as text. */
  async record(): Promise<string> {
    const traffic = await this.page.evaluate("recorder.traffic()").catch((error) => [`${error}`]);
    return `${[...this.lines, ...(traffic as unknown[]).map((one) => JSON.stringify(one))].join("\n")}\n`;
  }

  /** Runs JavaScript in the page, which the client's own `APP` is part of. */
  run(script: string): Promise<unknown> {
    return this.page.evaluate(script);
  }

  /** Waits until an expression of JavaScript is true in the page. @returns milliseconds */
  async until(expression: string, patience = 30_000): Promise<number> {
    const began = Date.now();
    await this.page.waitForFunction(expression, { timeout: patience });
    return Date.now() - began;
  }

  /** Waits until the page was loaded again by itself. @param patience seconds @throws Error when it wasn't in time */
  async loadedAgain(patience = 90): Promise<void> {
    if (!(await until(() => this.loads >= 2, patience)))
      throw new Error(`${this.name}'s page wasn't loaded again`);
  }

  /** This person's own network. @throws Error when they share one with others */
  get network(): OwnNetwork {
    if (!this.#network) throw new Error(`${this.name} shares a network with others`);
    return this.#network;
  }

  /** Ends as a browser that crashes: nobody hears of it. */
  kill(): void {
    this.#running.kill();
  }

  picture(path: string): Promise<unknown> {
    return this.page.screenshot({ path: path as `${string}.png` });
  }

  async close(): Promise<void> {
    // A killed one has no end to wait for.
    await this.#running.close().catch(() => undefined);
    this.#network?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
