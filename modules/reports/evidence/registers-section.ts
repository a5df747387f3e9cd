import type { Evidence } from "./evidence.ts";
import {
  changeRecord,
  exposureRegister,
  logRegister,
  retentionStatement,
  rightsRegister,
} from "./registers.ts";
import type { Writer } from "./writer.ts";

/** The registers that BIO2 asks for, as tables. */
export const registersSection = (writer: Writer, evidence: Evidence): string =>
  [exposure, logs, retention, people, changes, planned]
    .map((table) => table(writer, evidence))
    .join("\n");

const exposure = (writer: Writer, { blueprint }: Evidence): string =>
  writer.table(
    writer.t("Bereikbaar van buiten (BIO2 5.14.04)", "Reached from outside (BIO2 5.14.04)"),
    [
      ["Host", 17],
      [writer.t("Naam", "Name"), 20],
      [writer.t("Adres", "Address"), 17],
      [writer.t("Poort", "Port"), 10],
      [writer.t("Voor wie", "For whom"), 14],
      [writer.t("Waarom", "Why"), 22],
    ],
    exposureRegister(blueprint).map((row) => [
      row.host,
      row.names.join(", ") || "–",
      row.addresses.join(", ") || writer.t("nog niet toegewezen", "not yet allocated"),
      `${row.protocol} ${row.ports}`,
      row.from.join(", "),
      { html: writer.english(row.why) },
    ]),
  );

const logs = (writer: Writer, { blueprint }: Evidence): string =>
  writer.table(
    writer.t("Logbestanden (BIO2 8.15.03)", "Logs (BIO2 8.15.03)"),
    [
      [writer.t("Logbestand", "Log"), 18],
      [writer.t("Waar", "Where"), 19],
      [writer.t("Inhoud", "Content"), 22],
      [writer.t("Dagen", "Days"), 8],
      [writer.t("Wie leest", "Who reads"), 14],
      [writer.t("Regels", "Rules"), 19],
    ],
    logRegister(blueprint).map((row) => [
      row.log[writer.language],
      row.where,
      row.holds[writer.language],
      row.days === undefined ? writer.t("blijft", "stays") : `${row.days}`,
      row.readers[writer.language],
      row.rules.join(", "),
    ]),
  );

const retention = (writer: Writer, { blueprint }: Evidence): string =>
  writer.table(
    writer.t("Bewaartermijnen (BIO2 5.33.01)", "Retention (BIO2 5.33.01)"),
    [
      [writer.t("Gegevens", "Data"), 28],
      [writer.t("Tot wanneer", "Until when"), 42],
      [writer.t("Regels", "Rules"), 30],
    ],
    retentionStatement(blueprint).map((row) => [
      row.data[writer.language],
      row.until[writer.language],
      row.rules.join(", "),
    ]),
  );

const people = (writer: Writer, { blueprint }: Evidence): string =>
  writer.table(
    writer.t("Bijzondere bevoegdheden (BIO2 8.02.01)", "Privileged rights (BIO2 8.02.01)"),
    [
      [writer.t("Persoon", "Person"), 30],
      [writer.t("Inlognaam", "Login name"), 20],
      [writer.t("Bevoegdheid", "Right"), 50],
    ],
    rightsRegister(blueprint).map(({ person, user, rights }) => [
      person,
      user ?? "–",
      rights.map((right) => right[writer.language]).join("; "),
    ]),
  );

const changes = (writer: Writer, { history, plan, review }: Evidence): string =>
  writer.table(
    writer.t("Wijzigingen (BIO2 8.32.01)", "Changes (BIO2 8.32.01)"),
    [
      ["Plan", 18],
      [writer.t("Gemaakt", "Made"), 18],
      [writer.t("Wijzigt", "Changes"), 12],
      [writer.t("Regels", "Rules"), 12],
      [writer.t("Goedkeuring genoteerd", "Approval noted"), 20],
      [writer.t("Toegepast", "Applied"), 20],
    ],
    changeRecord({ history, review, ...(plan && { plan }) }).map((row) => [
      row.plan.slice(0, 16),
      `${row.planned.by}, ${writer.moment(row.planned.at)}`,
      `+${row.changes.add} ~${row.changes.change} -${row.changes.remove}`,
      row.tests
        ? (["pass", "fail", "not-tested", "waived"] as const)
            .map((one) => `${writer.word(one)} ${row.tests?.[one] ?? 0}`)
            .join(", ")
        : "–",
      row.approvals.map(({ by, at }) => `${by}, ${writer.moment(at)}`).join("; ") || "–",
      row.applied
        .map(({ by, at, outcome }) => `${by}, ${writer.moment(at)}: ${outcome}`)
        .join("; ") || "–",
    ]),
  );

/** The risks of a review in Dutch. */
const RISKS: Readonly<Record<string, string>> = { high: "hoog", medium: "middel", low: "laag" };

const planned = (writer: Writer, { review }: Evidence): string =>
  review.length === 0
    ? ""
    : writer.table(
        writer.t("Wat het plan doet", "What the plan does"),
        [
          [writer.t("Risico", "Risk"), 12],
          [writer.t("Wat er gebeurt", "What happens"), 88],
        ],
        review.map(({ risk, text }) => [
          writer.t(RISKS[risk] ?? risk, risk),
          { html: writer.english(text) },
        ]),
      );
