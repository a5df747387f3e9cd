// What people see, in a real browser and from the real nginx with the rendered site: our own pages, what a link says by
// itself, and, where the web client's package is there, the page before a meeting.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gateSettings } from "../modules/hosts/gate/index.ts";
import { makeRoom } from "../modules/meetings/rooms/index.ts";
import { linkOf } from "../modules/meetings/tokens/index.ts";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, SOME_JITSI, someInstance } from "../modules/planning/blueprint/testing.ts";
import { readLogo } from "../modules/planning/instance/index.ts";
import { barriers, barriersBeside, UPSTREAM } from "./testing/barriers.ts";
import { ControlSite, webClient } from "./testing/control-site.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-pages-"));
const NOW = Math.floor(Date.now() / 1000);

const branding = {
  colour: "#0b6e4f",
  background: "#10302a",
  imprint: "https://proefdorp.example/colofon",
  privacy: "https://proefdorp.example/privacy",
};
// A script that the instance file's reader refuses: the server must not need that.
const logo = readLogo(
  "logo.svg",
  Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40" fill="#0b6e4f"/><script>document.documentElement.setAttribute("data-ran", "yes")</script></svg>',
  ),
);
const blueprint = buildBlueprint({
  ...inputOf(someInstance({ branding })),
  jitsi: SOME_JITSI,
  logo,
});
const HOME = `https://${blueprint.domain}`;

const room = makeRoom(blueprint.domain, NOW, { index: 0, key: randomBytes(32) }, randomBytes).name;

/** A link with a token that nobody signed: a page doesn't check that. */
function link(claims: object = {}, name = room): string {
  const context = { user: { id: "a", name: "Wilhelmina de Vries" } };
  const all = { room, role: "moderator", nbf: NOW - 60, exp: NOW + 3_600, context, ...claims };
  const body = Buffer.from(JSON.stringify(all)).toString("base64url");
  return linkOf(blueprint.domain, name, `e30.${body}.c2lnbmF0dXJl`);
}

/** A folder with a client's page that takes its parts in as Jitsi's does, and no client. */
function pageWithoutClient(): string {
  const folder = join(parent, "client");
  const home = join(folder, "usr/share/jitsi-meet");
  mkdirSync(home, { recursive: true });
  const part = (name: string) => `<!--#include virtual="${name}.html" -->`;
  writeFileSync(
    join(home, "index.html"),
    `<!doctype html><html><head>${part("head")}<script><!--#include virtual="/config.js" --></script>${part("title")}</head><body>${part("body")}<div id="react" role="main"></div></body></html>`,
  );
  return folder;
}

let site: ControlSite;
let dutch: Browser;
beforeAll(async () => {
  site = await ControlSite.start(blueprint, webClient() ?? pageWithoutClient());
  dutch = await site.browser("nl", join(parent, "nl"), "--use-fake-device-for-media-stream");
});
afterAll(async () => {
  await site?.stop();
  rmSync(parent, { recursive: true, force: true });
});

/** Runs what a test does on a page of its own. */
async function on<T>(browser: Browser, use: (page: Page) => Promise<T>): Promise<T> {
  const page = await browser.newPage();
  try {
    await page.setViewport({ width: 1280, height: 800 });
    return await use(page);
  } finally {
    await page.close();
  }
}

const shown = (page: Page): Promise<string> =>
  page.evaluate("document.body.innerText") as Promise<string>;

describe.each(["/", "/no-such-page", "/static/webrtcUnsupported.html"])(
  "our page at %s",
  (place) => {
    it.each(["light", "dark"])(
      "has no barrier that axe finds, where a person prefers %s",
      (scheme) =>
        on(dutch, async (page) => {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
          await page.goto(HOME + place);
          expect(await barriers(page)).toEqual([]);
        }),
    );

    it("shows logo, links and classification, breaks no policy, and is not wider than a telephone", () =>
      on(dutch, async (page) => {
        const errors: string[] = [];
        page.on("console", (message) => {
          if (/policy/i.test(message.text())) errors.push(message.text());
        });
        await page.setViewport({ width: 360, height: 700 });
        await page.goto(HOME + place);
        expect(
          await page.$eval(
            "#logo",
            (one) => (one as unknown as { naturalWidth: number }).naturalWidth,
          ),
        ).toBe(120);
        expect(await shown(page)).toMatch(
          /Niet voor gerubriceerde informatie[\s\S]*Colofon[\s\S]*Privacy/,
        );
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(
          360,
        );
        expect(errors).toEqual([]);
      }));
  },
);

it("axe finds a barrier that was planted", () =>
  on(dutch, async (page) => {
    await page.goto(HOME);
    await page.evaluate(
      "document.documentElement.lang = ''; document.images[0].alt = ''; document.images[0].removeAttribute('alt')",
    );
    const found = (await barriers(page)).map((text) => text.split(":")[0]);
    expect(found).toEqual(expect.arrayContaining(["html-has-lang", "image-alt"]));
  }));

it("a script in a logo doesn't run, also when somebody opens the logo by itself", () =>
  on(dutch, async (page) => {
    await page.goto(`${HOME}/logo.svg`);
    expect(await page.evaluate("document.documentElement.nodeName")).toBe("svg");
    expect(await page.evaluate("document.documentElement.getAttribute('data-ran')")).toBeNull();
  }));

it("a name that is typed in is looked at where it is typed", () =>
  on(dutch, async (page) => {
    await page.goto(HOME);
    const says = async (typed: string): Promise<string | undefined> => {
      await page.$eval("#name", (field) => {
        (field as unknown as { value: string }).value = "";
      });
      await page.type("#name", typed);
      return (
        (
          await page.$$eval("[data-when]:not([hidden])", (all) =>
            all.map((one) => one.getAttribute("data-when")),
          )
        )[0] ?? undefined
      );
    };
    expect(await says(room.replace(/.{4}/g, "$& "))).toBe("right");
    expect(await says(room.slice(1))).toBe("short");
    expect(await says(`${room}0`)).toBe("wrong");
    expect(await says(" ")).toBeUndefined();
  }));

it("the page that refuses is the same for everybody, and says to who holds a link that it was cut", () =>
  on(dutch, async (page) => {
    const body = (place: string) => site.ask(place).split("\r\n\r\n")[1];
    const cut = `/${room.slice(0, -2)}`;
    expect(body(cut)).toBe(body("/no-such-page"));
    await page.goto(HOME + cut);
    expect(await shown(page)).toContain("De link is niet heel");
    await page.goto(`${HOME}/no-such-page`);
    expect(await shown(page)).not.toContain("De link is niet heel");
  }));

describe("what a link says by itself", () => {
  const mistyped = `${room[0] === "0" ? "1" : "0"}${room.slice(1)}`;
  const other = makeRoom(
    blueprint.domain,
    NOW,
    { index: 0, key: randomBytes(32) },
    randomBytes,
  ).name;
  it.each([
    ["nog niet begonnen", "has not begun", link({ nbf: NOW + 3_600, exp: NOW + 7_200 })],
    ["is afgelopen", "has ended", link({ exp: NOW - 1 })],
    ["een teken verkeerd", "A character of the meeting's name is wrong", link({}, mistyped)],
    ["niet heel", "is not whole", `${HOME}/${room}`],
    ["bij een andere vergadering", "belongs to another meeting", link({}, other)],
  ])("%s, in the browser's language, and nothing is asked but the page", async (nl, en, opened) => {
    const languages = [
      ["nl", nl],
      ["en-GB", en],
      ["de", nl],
    ] as const;
    for (const [language, words] of languages)
      await on(dutch, async (page) => {
        await page.evaluateOnNewDocument(
          `Object.defineProperty(navigator, "languages", { get: () => ["${language}"] })`,
        );
        const asked: string[] = [];
        page.on("request", (request) => asked.push(new URL(request.url()).protocol));
        page.on("websocket" as "request", () => asked.push("wss:"));
        await page.goto(opened);
        await page.waitForSelector("#polder-notice:not([hidden])");
        expect(await shown(page)).toContain(words);
        expect(await page.evaluate("location.hash")).toBe("");
        expect(asked.filter((protocol) => !/^(https|data):$/.test(protocol))).toEqual([]);
        expect(await barriersBeside(UPSTREAM, page)).toEqual([]);
      });
  });

  it("and whose clock is wrong can try", () =>
    on(dutch, async (page) => {
      await page.goto(link({ exp: NOW - 1 }));
      await page.waitForSelector("#polder-notice:not([hidden])");
      await page.evaluate(
        "window.JitsiMeetJS = { JitsiConnection: class {}, app: { entryPoints: {}, renderEntryPoint: () => { window.began = true; } } }",
      );
      await page.click("#polder-notice [data-try]:not([hidden]) button");
      expect(
        await page.evaluate("window.began && document.getElementById('polder-notice').hidden"),
      ).toBe(true);
    }));
});

const client = describe.skipIf(webClient() === undefined);
client("the page before a meeting", () => {
  const BUTTON = "[data-testid='prejoin.joinMeeting']";
  const opened = async (page: Page, to = link()): Promise<void> => {
    await page.goto(to);
    await page.waitForSelector(BUTTON, { timeout: 60_000 });
  };

  it("[jitsi-web] has no token in its address or its history, nor in any referrer, and joins with it", () =>
    on(dutch, async (page) => {
      const referrers: unknown[] = [];
      page.on("request", (request) => referrers.push(request.headers()["referer"]));
      const session = await page.createCDPSession();
      await session.send("Network.enable");
      const sockets: string[] = [];
      session.on("Network.webSocketCreated", ({ url }) => sockets.push(url));
      await opened(page);
      const { entries } = await session.send("Page.getNavigationHistory");
      expect(entries.map(({ url }) => url)).toEqual(["about:blank", `${HOME}/${room}`]);
      expect(referrers.filter(Boolean)).toEqual([]);
      await page.click(BUTTON);
      await expect.poll(() => sockets.length).toBeGreaterThan(0);
      const asked = new URL(sockets[0] ?? "");
      expect(asked.pathname).toBe("/xmpp-websocket");
      expect(asked.searchParams.get("token")).toMatch(/^e30\..+\.c2lnbmF0dXJl$/);
    }));

  it("[jitsi-web] waits for the server as long as the gate waits for it", () =>
    on(dutch, async (page) => {
      await opened(page);
      await page.click(BUTTON);
      const asks = "window.APP?.connection?.xmpp?.connection?.ping";
      await page.waitForFunction(asks);
      const { interval, timeout, threshold } = (await page.evaluate(
        `(({ pingInterval, pingTimeout, pingThreshold }) => ({ interval: pingInterval, timeout: pingTimeout, threshold: pingThreshold }))(${asks})`,
      )) as Record<"interval" | "timeout" | "threshold", number>;
      // Its last answer came a whole interval before its first question that stays without one.
      const patience = (interval * threshold + timeout) / 1000;
      const [, silence = 0] = /read_timeout = (\d+)/.exec(gateSettings(blueprint).join("\n")) ?? [];
      expect(patience).toBeGreaterThan(40);
      expect(2 * Number(silence)).toBeGreaterThanOrEqual(patience);
      expect(2 * Number(silence)).toBeLessThan(60);
    }));

  it("[jitsi-web] is there again after a reload, in this tab alone", async () => {
    const jwt = "APP.store.getState()['features/base/jwt'].jwt";
    await on(dutch, async (page) => {
      await opened(page);
      await page.reload();
      await page.waitForSelector(BUTTON, { timeout: 60_000 });
      expect(await page.evaluate("location.href")).toBe(`${HOME}/${room}`);
      expect(await page.evaluate(jwt)).toMatch(/^e30\./);
    });
    await on(dutch, async (page) => {
      await page.goto(`${HOME}/${room}`);
      await page.waitForSelector("#polder-notice:not([hidden])");
    });
  });

  it.each([
    ["nl", "Deelnemen aan de vergadering", "nl"],
    ["en", "Join meeting", "en"],
    ["de", "Konferenz beitreten", "de"],
  ])("[jitsi-web] speaks %s", async (language, words, lang) => {
    const browser = await site.browser(
      language,
      join(parent, `client-${language}`),
      "--use-fake-device-for-media-stream",
    );
    await on(browser, async (page) => {
      await opened(page);
      await expect.poll(() => shown(page)).toContain(words);
      expect(await page.evaluate("document.documentElement.lang")).toBe(lang);
    });
  });

  it("[jitsi-web] looks as the instance file says, breaks no policy and loads nothing from elsewhere", () =>
    on(dutch, async (page) => {
      const wrong: string[] = [];
      page.on("console", (message) => {
        if (/content security policy/i.test(message.text())) wrong.push(message.text());
      });
      page.on("request", (request) => {
        const { protocol, hostname } = new URL(request.url());
        if (/^(https?|wss?):$/.test(protocol) && hostname !== blueprint.domain)
          wrong.push(request.url());
      });
      await opened(page);
      const style = (selector: string, key: string) =>
        page.evaluate(
          `getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${key}`,
        );
      await expect.poll(() => style(BUTTON, "backgroundColor")).toBe("rgb(11, 110, 79)");
      expect(await style(".premeeting-screen > div", "backgroundColor")).toBe("rgb(16, 48, 42)");
      expect(await style(".leftwatermark", "backgroundImage")).toContain("/logo.svg");
      expect(await shown(page)).toMatch(
        /Niet voor gerubriceerde informatie[\s\S]*Colofon[\s\S]*Privacy/,
      );
      expect(await page.title()).toContain("Proefdorp");
      expect(wrong).toEqual([]);
    }));

  it("[jitsi-web] has no barrier that axe finds but Jitsi's own", () =>
    on(dutch, async (page) => {
      await opened(page);
      expect(await barriersBeside(UPSTREAM, page)).toEqual([]);
    }));
});

client("a crafted link", () => {
  const BUTTON = "[data-testid='prejoin.joinMeeting']";
  const there = (page: Page) => page.waitForSelector(BUTTON, { timeout: 60_000 });
  const CRAFTED = [
    "config.startWithAudioMuted=true",
    "config.p2p.enabled=true",
    "config.localSubject=%22elsewhere%22",
    "config.disableThirdPartyRequests=false",
    "config.prejoinConfig.enabled=false",
    "interfaceConfig.APP_NAME=%22elsewhere%22",
    "userInfo.displayName=%22elsewhere%22",
    "appData.localStorageContent=%22%7B%7D%22",
    "config.useHostPageLocalStorage=true",
    "jitsi_meet_external_api_id=1",
    "devices.audioInput=%22elsewhere%22",
    "jwt=elsewhere",
    "anything",
  ].join("&");

  /** All that the client has of settings, and what it calls itself. */
  const settings = (page: Page): Promise<unknown> =>
    page.evaluate(`(() => {
      const state = APP.store.getState();
      const { locationURL, ...config } = state["features/base/config"];
      const { displayName } = state["features/base/settings"];
      const { APP_NAME } = interfaceConfig;
      return JSON.parse(JSON.stringify({ config, displayName, APP_NAME, jwt: state["features/base/jwt"].jwt }));
    })()`);
  const setting = (page: Page) =>
    page.evaluate(
      "(({ startWithAudioMuted, p2p }) => [!!startWithAudioMuted, p2p.enabled])(APP.store.getState()['features/base/config'])",
    );

  /** What the client has by a link of ours. */
  const usual = (): Promise<unknown> =>
    on(dutch, async (page) => {
      await page.goto(link());
      await there(page);
      return settings(page);
    });

  it.each([
    ["behind the token", () => `${link()}&${CRAFTED}`],
    ["before it", () => link().replace("#", `#${CRAFTED.replace("jwt=elsewhere&", "")}&`)],
    ["in the query", () => link().replace("#", `?${CRAFTED}&lang=de&release=1#`)],
  ])("[jitsi-web] sets nothing %s, and leaves nothing in the address", async (_where, crafted) => {
    const wanted = await usual();
    await on(dutch, async (page) => {
      await page.goto(crafted());
      await there(page);
      expect(await settings(page)).toEqual(wanted);
      expect(await page.evaluate("location.href")).toBe(`${HOME}/${room}`);
    });
  });

  it("[jitsi-web] would, without the page's own script", () =>
    on(dutch, async (page) => {
      await page.setRequestInterception(true);
      page.on("request", (request) =>
        request.url().endsWith("/address.js")
          ? request.respond({ contentType: "text/javascript", body: "" })
          : request.continue(),
      );
      await page.goto(`${link()}&config.startWithAudioMuted=true&config.p2p.enabled=true`);
      await there(page);
      expect(await setting(page)).toEqual([true, true]);
    }));

  it("[jitsi-web] in the tab of a meeting changes nothing, also after a reload", () =>
    on(dutch, async (page) => {
      await page.goto(link());
      await there(page);
      await page.evaluate("location.hash = 'config.p2p.enabled=true'");
      await expect.poll(() => page.evaluate("location.hash")).toBe("");
      await page.reload();
      await there(page);
      expect(await setting(page)).toEqual([false, false]);
    }));

  it("[jitsi-web] and whom the client loads again by itself stays muted", () =>
    on(dutch, async (page) => {
      await page.goto(link());
      await there(page);
      // As its reloadWithStoredParams does (features/app/actions.any.ts).
      await Promise.all([
        page.waitForNavigation(),
        page.evaluate(
          "location.replace(location.href + '#config.startWithAudioMuted=true&config.startWithVideoMuted=false&config.p2p.enabled=true'); location.reload()",
        ),
      ]);
      await there(page);
      expect(await setting(page)).toEqual([true, false]);
    }));
});

client("in a meeting", () => {
  const BUTTON = "[data-testid='prejoin.joinMeeting']";
  const OTHERS = ["(?) Kees", "(?) Anna Kok", "(?) Willem-Alexander van Buren", "Piet Hein"];

  /** The client as it is in a meeting: its own state says that others are there, since nobody answers here. */
  const inMeeting = async (
    page: Page,
    role: "moderator" | "guest",
    others: readonly string[] = OTHERS,
  ): Promise<void> => {
    const name = role === "moderator" && { name: "Wilhelmina de Vries" };
    await page.goto(link({ role, context: { user: { id: "a", ...name } } }));
    await page.waitForSelector(BUTTON, { timeout: 60_000 });
    await page.evaluate(`(() => {
      const { dispatch, getState } = APP.store;
      const { id } = getState()["features/base/participants"].local;
      const role = ${JSON.stringify(role === "moderator" ? role : "participant")};
      dispatch({ type: "SET_PREJOIN_PAGE_VISIBILITY", value: false });
      dispatch({ type: "PARTICIPANT_UPDATED", participant: { id, local: true, role } });
      for (const [i, name] of ${JSON.stringify(others)}.entries())
        dispatch({ type: "PARTICIPANT_JOINED", participant: { id: "abcd123" + i, name, role: "participant" } });
      dispatch({ type: "SET_TILE_VIEW", enabled: false });
    })()`);
    await page.waitForFunction(
      `document.querySelectorAll(".displayname").length > ${others.length}`,
    );
  };

  /** Everything in a part of the page that can be pressed or chosen, as it is called. */
  const controls = (page: Page, within: string): Promise<string[]> =>
    page.evaluate(
      `[...document.querySelectorAll(${JSON.stringify(within)} + " :is(button, input, [role=button])")].map((one) => (one.getAttribute("aria-label") || one.placeholder || one.innerText).trim())`,
    ) as Promise<string[]>;

  const press = (page: Page, words: string): Promise<void> =>
    page.$eval(`[aria-label^='${words}']`, (one) => (one as unknown as { click(): void }).click());

  const MENU = "[class*=contextMenuItem][aria-label]";

  /** What the gate would refuse, or leads nowhere, by what it is called in either language. */
  const DEAD = /uitnodig|wachtwoord|gesprek openen|chat|poll|peiling|invite|password/i;

  it.each(["moderator", "guest"] as const)(
    "[jitsi-web] a %s finds no invitation, no password and no chat",
    (role) =>
      on(dutch, async (page) => {
        await inMeeting(page, role);
        await press(page, "Meer acties menu in");
        await page.waitForSelector(MENU);
        const toolbar = await controls(page, "#new-toolbox");
        expect(toolbar.length).toBeGreaterThan(8);
        const menu = await page.$$eval(MENU, (all) =>
          all.map((one) => one.getAttribute("aria-label") ?? ""),
        );
        expect(menu.filter((one) => /achtergrond/i.test(one))).not.toEqual([]);
        expect(menu.some((one) => /beveiliging/i.test(one))).toBe(role === "moderator");
        await page.keyboard.press("Escape");
        await page.evaluate("APP.store.dispatch({ type: 'PARTICIPANTS_PANE_OPEN' })");
        await page.waitForSelector("#participants-pane input");
        const pane = await controls(page, "#participants-pane");
        expect(pane.some((one) => /allen dempen/i.test(one))).toBe(role === "moderator");
        expect([...toolbar, ...menu, ...pane].filter((one) => DEAD.test(one))).toEqual([]);
        if (role === "guest") return;
        await press(page, "Meer acties menu in");
        await press(page, "Beveiligingsopties");
        await page.waitForSelector("[role=dialog]");
        expect(await page.$eval("[role=dialog]", (one) => one.textContent)).not.toMatch(DEAD);
      }),
  );

  it("[jitsi-web] they would be found, if the settings didn't take them away", () =>
    on(dutch, async (page) => {
      await page.evaluateOnNewDocument(`{
        let config;
        Object.defineProperty(window, "config", { get: () => config, set(value) {
          const { toolbarButtons, disableInviteFunctions, disableChat, disablePolls, ...rest } = value;
          config = { ...rest, toolbarButtons: [...toolbarButtons, "chat", "invite"] };
        } });
      }`);
      await inMeeting(page, "moderator");
      await page.evaluate("APP.store.dispatch({ type: 'PARTICIPANTS_PANE_OPEN' })");
      await page.waitForSelector("#participants-pane input");
      const found = [
        ...(await controls(page, "#new-toolbox")),
        ...(await controls(page, "#participants-pane")),
      ].filter((one) => DEAD.test(one));
      expect(found.some((one) => /chat/i.test(one))).toBe(true);
      expect(found.some((one) => /uitnodig/i.test(one))).toBe(true);
    }));

  it("[jitsi-web] who waits is asked for no password, and reads which meeting it is", () =>
    on(dutch, async (page) => {
      await inMeeting(page, "guest");
      await page.evaluate(
        "for (const one of [{ type: 'TOGGLE_LOBBY_VISIBILITY', visible: true }, { type: 'SET_KNOCKING_STATE', knocking: true }]) APP.store.dispatch(one)",
      );
      await page.waitForSelector(".lobby-screen-content, .premeeting-screen");
      expect(await shown(page)).toMatch(/Tot \d\d:\d\d · Gemeente Proefdorp/);
      expect((await controls(page, ".premeeting-screen")).filter((one) => DEAD.test(one))).toEqual(
        [],
      );
    }));

  it("[jitsi-web] shows until when it lasts and whose it is, and the room's name nowhere", () =>
    on(dutch, async (page) => {
      // As the client would write it: "Ba 2 Mmkm 8 F 19 …".
      const spoken = (text: string) => text.toLowerCase().replace(/[^0-9a-z]/g, "");
      const named = async () =>
        spoken(`${await page.title()} ${await shown(page)}`).includes(room.slice(0, 20));
      const subject = "APP.store.getState()['features/base/conference'].localSubject";
      await page.goto(link());
      await page.waitForSelector(BUTTON, { timeout: 60_000 });
      const until = new Date((NOW + 3_600) * 1000).toLocaleTimeString("nl", { timeStyle: "short" });
      await expect.poll(() => shown(page)).toContain(`Tot ${until} · Gemeente Proefdorp`);
      expect(await named()).toBe(false);
      await inMeeting(page, "moderator");
      expect(await page.evaluate(subject)).toBe(`Tot ${until} · Gemeente Proefdorp`);
      expect(await page.title()).toBe("Vergaderen · Gemeente Proefdorp");
      expect(await named()).toBe(false);
      // It would be seen.
      await page.evaluate(
        "for (const one of [{ type: 'SET_PREJOIN_PAGE_VISIBILITY', value: true }, { type: 'CONFERENCE_LOCAL_SUBJECT_CHANGED', localSubject: '' }]) APP.store.dispatch(one)",
      );
      await expect.poll(named).toBe(true);
    }));

  it("[jitsi-web] a marked name is read in a small picture, beside which the word would leave none", () =>
    on(dutch, async (page) => {
      // Pixels of the name that stand in its label, without what the mark takes.
      const readable = async (mark: string): Promise<number> => {
        await inMeeting(page, "moderator", [`${mark} Kees van der Veen`]);
        return (await page.evaluate(`(() => {
          const label = document.querySelector("[id^=participant_][id$=_name]");
          const range = document.createRange();
          range.setStart(label.firstChild, 0);
          range.setEnd(label.firstChild, ${mark.length + 1});
          return label.clientWidth - range.getBoundingClientRect().width;
        })()`)) as number;
      };
      expect(await readable("(?)")).toBeGreaterThan(40);
      expect(await readable("(unverified)")).toBeLessThan(0);
    }));
});
