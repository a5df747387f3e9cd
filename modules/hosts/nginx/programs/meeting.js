// Runs before Jitsi's client begins on the page of a meeting. It takes the token out of the address, hands it to the
// client, and tells who can't be let in what their own link says.
import { claimsOf, problemOf } from "./invitation.js";

const name = location.pathname.slice(1);
// Of this tab alone, and gone with it. Without it whoever presses reload would be outside: the address has no token any
// more, and the server knows none. The client holds it in its memory all the same.
const key = `polder-link:${name}`;

// What address.js left. In a link: `#jwt="…"`, percent-encoded.
const settings = location.hash.slice(1).split("&").filter(Boolean);
const inAddress = settings.find((one) => one.startsWith("jwt="))?.slice(4);
const others = settings.filter((one) => !one.startsWith("jwt="));

/** @returns the token as it stood in the link, percent-encoded */
function kept() {
  try {
    if (inAddress) sessionStorage.setItem(key, inAddress);
    return inAddress || sessionStorage.getItem(key);
  } catch {
    // A browser that keeps nothing.
    return inAddress;
  }
}

function forget() {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // It kept nothing.
  }
}

// In quotes, since the client reads each setting of its address as JSON; it takes one without, too.
function unquoted(token) {
  try {
    return JSON.parse(decodeURIComponent(token));
  } catch {
    return token;
  }
}

const jwt = unquoted(kept());
if (inAddress) {
  const hash = others.length > 0 ? `#${others.join("&")}` : "";
  history.replaceState(history.state, "", location.pathname + location.search + hash);
}

// The client forgets a token when it reads its address, and connects with the one that it has when somebody presses
// the button. This is between the two (features/base/jwt/middleware.any.ts, features/app/actions.web.ts of jitsi-meet
// abf901a45).
function handOver() {
  const look = setInterval(() => {
    const store = window.APP?.store;
    if (!store?.getState()["features/base/conference"]?.room) return;
    clearInterval(look);
    store.dispatch({ type: "SET_JWT", jwt });
  }, 20);
}

const language =
  (navigator.languages ?? [navigator.language])
    .map((one) => one.slice(0, 2).toLowerCase())
    .find((one) => one === "nl" || one === "en") ?? "nl";

// In place of the client's own words, which name services that aren't here and call the switch a key. The number is the
// client's (features/e2ee/constants.ts).
const ENCRYPTION = {
  nl: {
    label: "Eind-tot-eindversleuteling",
    description:
      "De browsers van alle deelnemers versleutelen beeld en geluid zelf, met sleutels die de videoserver niet heeft. Dit kan met hoogstens 19 deelnemers.",
    warning:
      "Let op: iemand in deze vergadering heeft een browser die dit niet kan. Die persoon ziet en hoort dan niemand en wordt niet gezien of gehoord, maar de videoserver kan die persoon wel zien en horen.",
    tooltip: "Beeld en geluid zijn van browser tot browser versleuteld",
  },
  en: {
    label: "End-to-end encryption",
    description:
      "The browsers of all participants encrypt video and sound themselves, with keys that the video server doesn't have. This works with at most 19 participants.",
    warning:
      "Note: someone in this meeting has a browser that can't do this. That person then sees and hears nobody and isn't seen or heard, but the video server can see and hear that person.",
    tooltip: "Video and sound are encrypted from browser to browser",
  },
};

// Settings that follow from the token and the browser's language, before the client reads them.
function configure() {
  const { exp, role } = claimsOf(jwt);
  // In place of the room's name, 56 characters that say nothing. The time first, since a long name is cut off at its end.
  const until = new Date(exp * 1000).toLocaleTimeString(language, { timeStyle: "short" });
  config.localSubject = `${language === "nl" ? "Tot" : "Until"} ${until} · ${config.localSubject}`;
  config.e2ee = { ...config.e2ee, labels: ENCRYPTION[language] };
  // What there is to choose in that window is a moderator's: for anybody else it is empty.
  if (role !== "moderator")
    config.toolbarButtons = config.toolbarButtons.filter((one) => one !== "security");
}

// Into the browser's tab, too, the client writes the room's name, which whoever shares a screen shows; no setting changes
// that.
function keepTitle() {
  const title = document.querySelector("title");
  const own = title.textContent;
  new MutationObserver(() => {
    if (title.textContent !== own) title.textContent = own;
  }).observe(title, { childList: true });
}

// Questions to the server that may stay without an answer, of one each 10 s. After two, the client's own number, a line
// that is cut for 20 s would end the session: TCP sends again what was lost up to as long after the cut as it took. The
// setting for it (xmppPing) is lost on its way (modules/xmpp/xmpp.ts of lib-jitsi-meet cf3a8710).
function waitLonger() {
  const { JitsiConnection } = JitsiMeetJS;
  JitsiMeetJS.JitsiConnection = class extends JitsiConnection {
    constructor(...all) {
      super(...all);
      this.xmpp.connection.ping.pingThreshold = 4;
    }
  };
}

function begin() {
  configure();
  keepTitle();
  waitLonger();
  handOver();
}

function tell({ id, at }) {
  document.documentElement.lang = language;
  const notice = document.getElementById("polder-notice");
  for (const one of notice.querySelectorAll("[data-notice]"))
    one.hidden = one.lang !== language || one.dataset.notice !== id;
  for (const one of notice.querySelectorAll("[data-try]"))
    one.hidden = one.lang !== language || at === undefined;
  if (at !== undefined)
    for (const time of notice.querySelectorAll("time")) {
      const moment = new Date(at * 1000);
      time.dateTime = moment.toISOString();
      const form = { dateStyle: "full", timeStyle: "short" };
      time.textContent = moment.toLocaleString(time.closest("[lang]").lang, form);
    }
  for (const button of notice.querySelectorAll("button"))
    button.addEventListener("click", () => {
      notice.hidden = true;
      begin();
      JitsiMeetJS.app.renderEntryPoint({ Component: JitsiMeetJS.app.entryPoints.APP });
    });
  notice.hidden = false;
}

const problem = problemOf(name, jwt, Date.now() / 1000);
if (problem) {
  if (problem.id === "ended") forget();
  // The client begins when the document is there: its own listener isn't asked.
  window.addEventListener(
    "DOMContentLoaded",
    (event) => {
      event.stopImmediatePropagation();
      tell(problem);
    },
    true,
  );
  const wait = problem.id === "early" ? problem.at * 1000 - Date.now() : Number.NaN;
  // Not everybody of a meeting in one second; what is days away, nobody waits for.
  if (wait < 86_400_000) setTimeout(() => location.reload(), wait + Math.random() * 5_000);
} else begin();
