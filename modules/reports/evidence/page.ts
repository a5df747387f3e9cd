import { tally } from "../../common/findings/index.ts";
import { drawNetwork, escapeXml } from "../drawing/index.ts";
import type { Evidence, Language } from "./evidence.ts";
import { findingsSection } from "./findings-section.ts";
import { type NormResult, normResults } from "./norm-results.ts";
import { normsSection, ownerSection } from "./norms-section.ts";
import { registersSection } from "./registers-section.ts";
import { STYLE } from "./style.ts";
import { VERIFY } from "./verify.ts";
import { Writer } from "./writer.ts";

/** Pages' names by language: each links to the other. */
export const PAGES: Readonly<Record<Language, string>> = { nl: "index.html", en: "index.en.html" };

/** A page in one language: the summary first, no script, nothing from elsewhere; it prints on A4. */
export function evidencePage(evidence: Evidence, language: Language): string {
  const writer = new Writer(language);
  const { blueprint } = evidence;
  const norms = normResults(evidence);
  const title = `${writer.t("Bewijs", "Evidence")}: ${blueprint.instance} (${blueprint.domain})`;
  const sections = [
    ["norms", writer.t("Normen", "Norms"), normsSection(writer, norms)],
    ["findings", writer.t("Bevindingen", "Findings"), findingsSection(writer, evidence)],
    ["network", writer.t("Netwerk", "Network"), networkSection(writer, evidence)],
    ["registers", "Registers", registersSection(writer, evidence)],
    ["owner", writer.t("Taken van de eigenaar", "The owner's duties"), ownerSection(writer, norms)],
    ["verify", writer.t("Zelf controleren", "Check it yourself"), verifySection(writer, evidence)],
  ] as const;
  const nav = sections.map(([id, name]) => `<li><a href="#${id}">${name}</a></li>`).join("");
  const body = sections.map(
    ([id, name, html]) =>
      `<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>${html}</section>`,
  );
  const other: Language = language === "nl" ? "en" : "nl";
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeXml(title)}</title><style>${STYLE}</style></head>
<body><header><p><a href="${PAGES[other]}" hreflang="${other}" lang="${other}">${other === "nl" ? "Nederlands" : "English"}</a></p><h1>${escapeXml(title)}</h1></header>
<main>${summary(writer, evidence, norms)}<nav aria-label="${writer.t("Inhoud", "Contents")}"><ul>${nav}</ul></nav>
${body.join("\n")}</main></body></html>
`;
}

/** How it stands, before anything else; then of what and when, and what nobody could see. */
function summary(writer: Writer, evidence: Evidence, norms: readonly NormResult[]): string {
  const { findings, asOf, at, toolkit, plan, signer, blueprint, notSeen } = evidence;
  const { organisation, cloud, residency, classification, jitsi } = blueprint;
  const count = tally(findings);
  const normsThat = (verdict: NormResult["verdict"]) =>
    norms.filter((result) => result.verdict === verdict).length;
  const [broken, open] = [normsThat("fail"), normsThat("not-tested")];
  const verdict =
    count.fail > 0
      ? writer.t(
          `${count.fail} van ${findings.length} bevindingen ${count.fail === 1 ? "voldoet" : "voldoen"} niet, en daardoor ${broken === 1 ? "1 norm" : `${broken} normen`}.`,
          `${count.fail} of ${findings.length} findings ${count.fail === 1 ? "fails" : "fail"}, and so ${broken === 1 ? "does 1 norm" : `do ${broken} norms`}.`,
        )
      : writer.t(
          `Alles wat getest is, voldoet: ${count.pass} bevindingen.`,
          `All that was tested passes: ${count.pass} findings.`,
        );
  const untested = writer.t(
    ` Van ${open === 1 ? "1 norm" : `${open} normen`} is niet alles getest.`,
    ` Of ${open === 1 ? "1 norm" : `${open} norms`}, not everything was tested.`,
  );
  const own = normsThat("owner");
  const owners = writer.t(
    ` Nog ${own === 1 ? "1 norm" : `${own} normen`} kan geen machine beoordelen: dat doet de organisatie.`,
    ` No machine can assess ${own === 1 ? "1 norm" : `${own} norms`} more: that is for the organisation.`,
  );
  const counts = (["pass", "fail", "not-tested", "waived"] as const).map(
    (one) => `<div><dt>${writer.word(one)}</dt><dd>${count[one]}</dd></div>`,
  );
  const marking =
    classification.marking === "none" ? writer.t("geen", "none") : classification.marking;
  const by = `polder ${toolkit.version}${toolkit.commit ? ` (${toolkit.commit.slice(0, 12)})` : ""}`;
  const lines = [
    residency.profile === "lab"
      ? writer.t(
          `Dit is een proefopstelling op één computer (profiel lab)${jitsi ? "" : ", met vervangers voor Jitsi"}: ${organisation} vergadert hier niet, en de uitslagen gelden alleen voor de proef.`,
          `This is a trial on one computer (profile lab)${jitsi ? "" : ", with stand-ins for Jitsi"}: ${organisation} holds no meetings here, and the results are those of the trial alone.`,
        )
      : writer.t(
          `${organisation} vergadert hier op een eigen cluster.`,
          `${organisation} holds its meetings here, on a cluster of its own.`,
        ),
    writer.t(
      `Plaats: ${cloud.location}, profiel ${residency.profile}. Rubricering: ${marking}, TBB ${classification.tbb}.`,
      `Location: ${cloud.location}, profile ${residency.profile}. Classification: ${marking}, TBB ${classification.tbb}.`,
    ),
    plan
      ? writer.t(
          `Beoordeeld is plan ${plan.digest.slice(0, 16)}, gemaakt op ${writer.moment(plan.at)} door "${plan.by}" (de naam die de maker opgaf; niet ondertekend).`,
          `What was evaluated is plan ${plan.digest.slice(0, 16)}, made at ${writer.moment(plan.at)} by "${plan.by}" (the name that the maker gave; not signed).`,
        )
      : writer.t(
          "Er is geen plan: beoordeeld is wat het bestand van de instantie vraagt.",
          "There is no plan: what was evaluated is what the instance's file asks for.",
        ),
    writer.t(
      `Naar de stand van ${asOf}, door ${by}. Gemaakt op ${writer.moment(at)} en ondertekend door ${signer.name}.`,
      `As of ${asOf}, by ${by}. Made at ${writer.moment(at)} and signed by ${signer.name}.`,
    ),
  ];
  const unseen = notSeen.map(
    ({ report, ...text }) =>
      `<li>${escapeXml(text[writer.language])}${report === undefined ? "" : ` (${writer.english(report)})`}</li>`,
  );
  return `<p class="verdict${count.fail > 0 ? " bad" : ""}">${escapeXml(verdict + (open > 0 ? untested : "") + owners)}</p>
<dl class="counts">${counts.join("")}</dl>
${lines.map((line) => `<p>${escapeXml(line)}</p>`).join("\n")}
<h2>${writer.t("Wat hier niet te zien was", "What could not be seen")}</h2><ul>${unseen.join("")}</ul>`;
}

function networkSection(writer: Writer, { blueprint }: Evidence): string {
  const intro = writer.t(
    "Wie met wie een verbinding mag beginnen. Al het andere wordt geweigerd.",
    "Who may start a connection to whom. Everything else is dropped.",
  );
  return `<p>${intro}</p><figure lang="en">${drawNetwork(blueprint)}</figure>`;
}

function verifySection(writer: Writer, { signer }: Evidence): string {
  const intro = writer.t(
    `Deze opdrachten hebben polder niet nodig, alleen bash, coreutils en OpenSSH. De eerste vindt elk gewijzigd en elk ontbrekend bestand, de tweede elk toegevoegd bestand, de derde een wijziging van de sommen sinds de handtekening. Een map die iemand anders in haar geheel maakte en ondertekende, doorstaat alle drie. Vraag daarom de organisatie langs een andere weg welke sleutel van ${signer.name} is, en vergelijk die met allowed-signers.`,
    `These commands need no polder, only bash, coreutils and OpenSSH. The first finds each changed and each missing file, the second each file that was added, the third a change of the sums since they were signed. A folder that somebody else made and signed as a whole passes all three. So ask the organisation by another way which key is ${signer.name}'s, and compare it with allowed-signers.`,
  );
  const commands = escapeXml(VERIFY.replaceAll("SIGNER", signer.user));
  return `<p>${escapeXml(intro)}</p><pre role="region" tabindex="0" aria-label="${writer.t("opdrachten", "commands")}"><code>${commands}</code></pre><p>${writer.t("Met polder", "With polder")}: <code>polder evidence verify FOLDER</code></p>`;
}
