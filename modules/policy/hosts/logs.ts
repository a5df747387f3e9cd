import { addressesOfRole, filesLike, lastOf, unitSection } from "./files.ts";
import { defineHostRule, inFile, together, unless } from "./rule.ts";

const everyRole = ["control", "bridge", "turn", "edge", "monitor"] as const;

const journald = (host: Parameters<typeof filesLike>[0]) => {
  const files = filesLike(host, /^\/etc\/systemd\/journald\.conf/);
  const settings = unitSection(
    files.map(({ content }) => content),
    "Journal",
  );
  return { path: files[0]?.path, settings };
};

const DAYS: Readonly<Record<string, number>> = { day: 1, d: 1, week: 7, w: 7 };

export const journalsEnd = defineHostRule({
  id: "journals-end",
  what: "a host keeps its journal no longer than the instance file's term for operations, in files of one day each, so that the end is exact to a day",
  why: "Whoever breaks in later finds everything that was kept for longer than its reason.",
  norms: ["BIO2 5.33.01"],
  needs: everyRole,
  check: (host, { retention }) => {
    const { path, settings } = journald(host);
    const term = lastOf(settings, "MaxRetentionSec") ?? "";
    const [, count, unit = ""] = /^(\d+)\s*(\w+)$/.exec(term) ?? [];
    const days = Number(count) * (DAYS[unit.replace(/s$/, "")] ?? Number.NaN);
    const file = lastOf(settings, "MaxFileSec");
    return inFile(
      path,
      unless(
        days > 0 && days <= retention.operationsDays,
        "MaxRetentionSec",
        term || undefined,
        `at most ${retention.operationsDays}day`,
      ),
      unless(file === "1day" || file === "1d", "MaxFileSec", file, "1day"),
    );
  },
});

export const journalsStayInOnePlace = defineHostRule({
  id: "journals-stay-in-one-place",
  what: "journals are on disk, have a bound, and go to no console, terminal or second log",
  why: "Nothing would delete a second copy at the end of its term, and a console shows the lines to passers-by.",
  norms: ["BIO2 8.15.03"],
  needs: everyRole,
  check: (host) => {
    const { path, settings } = journald(host);
    const is = (key: string, allowed: string) =>
      unless(lastOf(settings, key) === allowed, key, lastOf(settings, key), allowed);
    return inFile(
      path,
      is("Storage", "persistent"),
      is("ForwardToSyslog", "no"),
      is("ForwardToConsole", "no"),
      is("ForwardToWall", "no"),
      lastOf(settings, "SystemMaxUse") === undefined && "SystemMaxUse: missing",
      lastOf(settings, "RateLimitBurst") === "0" && "RateLimitBurst: 0 lets a flood in",
    );
  },
});

export const journalsGoToTheMonitor = defineHostRule({
  id: "journals-go-to-the-monitor",
  what: "every host sends its journal to the monitor of its own instance, over mutual TLS, and keeps on trying",
  why: "An attacker who takes over a host deletes the journal on that host.",
  norms: ["BIO2 5.28.01", "ISO 27002 8.15"],
  needs: ["control", "bridge", "turn", "edge"],
  exempt: ["monitor"],
  check: (host, blueprint) => {
    if (host.roles.includes("monitor")) return inFile(undefined);
    const files = filesLike(host, /^\/etc\/systemd\/journal-upload\.conf/);
    const settings = unitSection(
      files.map(({ content }) => content),
      "Upload",
    );
    const url = lastOf(settings, "URL");
    const monitors = addressesOfRole(blueprint, "monitor").map((address) =>
      address.includes(":") ? `https://[${address}]:19532` : `https://${address}:19532`,
    );
    return inFile(
      files[0]?.path,
      unless(url !== undefined && monitors.includes(url), "URL", url, monitors.join(" or ")),
      ["ServerKeyFile", "ServerCertificateFile", "TrustedCertificateFile"]
        .filter((key) => !lastOf(settings, key)?.startsWith("/"))
        .map((key) => `${key}: missing, so the other side is anybody`),
      !host.units.some(({ name }) => name === "systemd-journal-upload.service") &&
        "systemd-journal-upload.service doesn't run",
    );
  },
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

export const storesEndAndAreSealed = defineHostRule({
  id: "stores-end-and-are-sealed",
  what: "the monitor keeps each store for its term of the instance file and no longer, sealed; the security store's inner seal is the log keepers'",
  why: "The logs show who met whom: only two people together may read that, and not for ever.",
  norms: ["BIO2 5.33.01", "BIO2 5.28.01"],
  needs: ["monitor"],
  check: (host, { retention, logKeepers }) => {
    const [file] = filesLike(host, /\/polder-journal-split\.json$/);
    const { days, seals } = parsed(file?.content ?? "");
    const terms = isObject(days) ? days : {};
    const sealed = isObject(seals) ? seals : {};
    const wanted: Readonly<Record<string, number>> = {
      operations: retention.operationsDays,
      security: retention.securityDays,
      incidents: retention.incidentDays,
    };
    const of = (store: string) => (Array.isArray(sealed[store]) ? sealed[store] : []).map(String);
    return inFile(
      file?.path,
      ...Object.entries(wanted).map(([store, term]) =>
        unless(terms[store] === term, `days.${store}`, String(terms[store]), String(term)),
      ),
      ["operations", "security"]
        .filter((store) => of(store).length === 0)
        .map((store) => `seals.${store}: none, so it lies in clear`),
      logKeepers.length > 0 &&
        !of("security")[0]?.includes("keepers") &&
        "seals.security: the first seal isn't the log keepers'",
    );
  },
});

/** What nginx would write down of a request, and with it of who meets whom. */
const NAMES =
  /\$(request_uri|request\b|uri|args|arg_\w+|query_string|http_referer|http_cookie|http_user_agent|document_uri|host\b|http_host)/;

export const logsHoldNoMeeting = defineHostRule({
  id: "logs-hold-no-meeting",
  what: "no log line of the web server has the requested address, a parameter, a referrer or a browser's name, and no error is written that quotes a request",
  why: "A log with the addresses of meetings would give its readers what outsiders found by guessing in 2024.",
  norms: ["BIO2 8.15.02", "BIO2 5.33.01"],
  needs: ["control"],
  check: (host) =>
    together(
      filesLike(host, /^\/etc\/nginx\/.*\.conf$/).map(({ path, content }) => {
        const formats = [...content.matchAll(/log_format\s+\S+([^;]*);/g)].map(([, text]) => text);
        const logs = [...content.matchAll(/^\s*access_log\s+([^;]*);/gm)].map(
          ([, text]) => text ?? "",
        );
        const errors = [...content.matchAll(/^\s*error_log\s+(\S+)(?:\s+(\w+))?;/gm)];
        return inFile(
          path,
          formats.flatMap((text) => {
            const [found] = NAMES.exec(text ?? "") ?? [];
            return found ? [`log_format: holds ${found}`] : [];
          }),
          logs
            .filter((text) => text !== "off" && !/\s(?!combined)[a-z]\w+/.test(text))
            .map((text) => `access_log ${text}: in a form that holds the request`),
          logs
            .filter((text) => /\bcombined\b|\bmain\b/.test(text))
            .map(() => "access_log: in a form that holds the request"),
          errors
            .filter(([, , level]) => !["alert", "emerg"].includes(level ?? "error"))
            .map(([, where, level]) => `error_log ${where} ${level ?? "error"}: quotes requests`),
        );
      }),
    ),
});
