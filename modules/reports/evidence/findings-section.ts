import type { Finding } from "../../common/findings/index.ts";
import type { Evidence } from "./evidence.ts";
import type { Cell, Writer } from "./writer.ts";

/** Each finding with what was seen: the fails first, what passes last. */
export function findingsSection(writer: Writer, { findings, checks }: Evidence): string {
  const whatOf = new Map(checks.map(({ id, what }) => [id, what]));
  const headings: Readonly<Record<Finding["verdict"], string>> = {
    fail: writer.t("Wat niet voldoet", "What fails"),
    "not-tested": writer.t("Wat niet getest is", "What wasn't tested"),
    waived: writer.t("Wat niet voldoet en iemand accepteert", "What fails and somebody accepts"),
    pass: writer.t("Wat voldoet", "What passes"),
  };
  const row = ({ id, verdict, warns, subject, message, waiver }: Finding): Cell[] => [
    id,
    { html: writer.verdict(verdict, warns) },
    subject,
    {
      html: writer.english(
        waiver ? `${message} (${waiver.owner} until ${waiver.expires}: ${waiver.reason})` : message,
      ),
    },
    { html: writer.english(whatOf.get(id) ?? "") },
  ];
  const tables = (["fail", "not-tested", "waived", "pass"] as const).flatMap((verdict) => {
    const own = findings.filter((finding) => finding.verdict === verdict);
    if (own.length === 0) return [];
    return [
      writer.table(
        headings[verdict],
        [
          [writer.t("Regel of probe", "Rule or probe"), 17],
          [writer.t("Uitslag", "Result"), 11],
          [writer.t("Waar", "Where"), 20],
          [writer.t("Wat er gezien is", "What was seen"), 29],
          [writer.t("Wat moet gelden", "What must hold"), 23],
        ],
        own.map(row),
      ),
    ];
  });
  const intro = writer.t(
    "Elke rij is één bevinding: een regel of probe op één onderwerp. Wat regels en probes schrijven, is Engels.",
    "Each row is one finding: a rule or a probe on one subject.",
  );
  return `<p>${intro}</p>${tables.join("\n")}`;
}
