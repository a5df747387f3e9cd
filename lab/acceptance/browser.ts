import { createHash, X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, launch, type Page } from "puppeteer-core";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { internetCommand } from "../hypervisor/index.ts";

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What Chromium calls a key: the SHA-256 of its public half, in base64. */
const keyOf = (certificate: string): string =>
  createHash("sha256")
    .update(new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");

export interface BrowserOptions {
  /** Folder of the lab. */
  readonly lab: string;
  readonly blueprint: Blueprint;
  /** The domain's certificate, PEM: the one that this browser takes although no authority of its own signed it. */
  readonly certificate: string;
  /** The name that this person types. */
  readonly name: string;
}

/** A person with a real Chromium in the lab's internet, with a made-up camera and microphone. */
export class Person {
  readonly name: string;
  readonly page: Page;
  /** Addresses that the page asked for and that aren't the domain's own. */
  readonly elsewhere: string[] = [];
  /** What the browser wrote into its console as an error, and what its policy stopped. */
  readonly errors: string[] = [];
  readonly #browser: Browser;
  readonly #folder: string;

  private constructor(name: string, browser: Browser, page: Page, folder: string) {
    this.name = name;
    this.page = page;
    this.#browser = browser;
    this.#folder = folder;
  }

  static async open({ lab, blueprint, certificate, name }: BrowserOptions): Promise<Person> {
    const folder = mkdtempSync(join(tmpdir(), "polder-browser-"));
    const program = join(folder, "chromium");
    const command = internetCommand(lab, ["chromium"]);
    writeFileSync(program, `#!/bin/sh\nexec ${command.map(quote).join(" ")} "$@"\n`);
    chmodSync(program, 0o755);
    const control = blueprint.hosts.find(({ role }) => role === "control")?.publicAddress?.ipv4;
    const browser = await launch({
      executablePath: program,
      pipe: true,
      userDataDir: join(folder, "profile"),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=nl",
        `--host-resolver-rules=MAP ${blueprint.domain} ${control}`,
        `--ignore-certificate-errors-spki-list=${keyOf(certificate)}`,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
        "--window-size=1280,800",
      ],
    });
    const [page] = await browser.pages();
    const person = new Person(name, browser, page as Page, folder);
    await person.#watch(blueprint.domain);
    return person;
  }

  async #watch(domain: string): Promise<void> {
    await this.page.setViewport({ width: 1280, height: 800 });
    this.page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (/^(https?|wss?):$/.test(protocol) && hostname !== domain)
        this.elsewhere.push(request.url());
    });
    this.page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
    this.page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  /** Opens an invitation's link, types the name where one is asked, and asks to come in. */
  async join(link: string): Promise<void> {
    await this.page.goto(link, { waitUntil: "load" });
    const button = "[data-testid='prejoin.joinMeeting']";
    await this.page.waitForSelector(button, { timeout: 60_000 });
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
  async seesVideo(patience = 60_000): Promise<number> {
    const began = Date.now();
    const plays = "video.videoWidth > 0 && video.currentTime > 0";
    await this.page.waitForFunction(
      `[...document.querySelectorAll("video[id^=remoteVideo]")].some((video) => ${plays})`,
      { timeout: patience },
    );
    return Date.now() - began;
  }

  picture(path: string): Promise<unknown> {
    return this.page.screenshot({ path: path as `${string}.png` });
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
