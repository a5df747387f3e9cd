import { escapeXml } from "../drawing/index.ts";
import type { NormResult } from "./norm-results.ts";
import type { Cell, Writer } from "./writer.ts";

/** The norms that rules or probes serve, by document, each with its gravest result. */
export function normsSection(writer: Writer, results: readonly NormResult[]): string {
  const machine = results.filter(({ verdict }) => verdict !== "owner");
  const documents = [...new Set(machine.map(({ norm }) => norm.document))];
  const intro = writer.t(
    'Elke norm die regels of probes tonen, met de zwaarste uitslag. Regels lezen plan en bestanden; probes vallen het draaiende cluster aan. Een teken voor een naam zegt dat die nog niet voldoet. "Voldoet" geldt voor wat regels en probes zien: waar een taak van de eigenaar staat, toont de organisatie de rest. De titels zijn onze eigen woorden.',
    'Each norm that rules or probes show, with the gravest result. Rules read plan and files; probes attack the running cluster. A sign before a name says that it is no pass. "Pass" holds for what rules and probes see: where there is a duty of the owner, the organisation shows the rest. The titles are our own words.',
  );
  const shownBy = (checks: NormResult["checks"]): string =>
    checks.map(({ check, verdict }) => writer.signed(check.id, verdict)).join(", ");
  const row = ({ norm, verdict, checks, why }: NormResult): Cell[] => {
    const duty = norm.duty
      ? `<br><span class="soft">${writer.t("Eigenaar", "Owner")}: ${escapeXml(norm.duty[writer.language])}</span>`
      : "";
    return [
      norm.id,
      { html: writer.verdict(verdict) },
      { html: `${escapeXml(norm.title[writer.language])}${duty}` },
      { html: shownBy(checks) },
      { html: writer.english(why.en) },
    ];
  };
  const tables = documents.map((document) =>
    writer.table(
      `${document.title}, ${document.version}`,
      [
        [writer.t("Norm", "Norm"), 14],
        [writer.t("Uitslag", "Result"), 11],
        [writer.t("Wat hij vraagt", "What it asks"), 26],
        [writer.t("Getoond door", "Shown by"), 24],
        [writer.t("Wat nog openstaat", "What is open"), 25],
      ],
      machine.filter(({ norm }) => norm.document === document).map(row),
    ),
  );
  return `<p>${intro}</p>${tables.join("\n")}`;
}

/** The norms that no machine can assess, with the reason. */
export function ownerSection(writer: Writer, results: readonly NormResult[]): string {
  const own = results.filter(({ verdict }) => verdict === "owner");
  const intro = writer.t(
    `${own.length} normen kan geen machine beoordelen. Zij staan hier, zodat niemand denkt dat zij getest zijn.`,
    `No machine can assess ${own.length} norms. They are listed, so that nobody thinks that they were tested.`,
  );
  return `<p>${intro}</p>${writer.table(
    writer.t("Normen voor de eigenaar", "Norms for the owner"),
    [
      [writer.t("Norm", "Norm"), 18],
      [writer.t("Wat hij vraagt", "What it asks"), 42],
      [writer.t("Waarom geen machine", "Why no machine"), 40],
    ],
    own.map(({ norm, why }) => [norm.id, norm.title[writer.language], why[writer.language]]),
  )}`;
}
