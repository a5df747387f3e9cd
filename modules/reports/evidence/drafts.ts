import { gravestOf } from "../../common/findings/index.ts";
import type { Evidence, Language } from "./evidence.ts";
import { type Retained, retentionStatement } from "./registers.ts";
import { VERDICTS } from "./writer.ts";

/** What only the owner can fill in. */
const OPEN: Readonly<Record<Language, string>> = {
  nl: "_[in te vullen door de organisatie]_",
  en: "_[for the organisation to fill in]_",
};

const heldBy = ({ rules }: Retained, language: Language): string =>
  rules.length === 0
    ? ""
    : ` (${language === "nl" ? "regels" : "rules"}: ${rules.map((id) => `\`${id}\``).join(", ")})`;

const retentionList = (evidence: Evidence, language: Language): string =>
  retentionStatement(evidence.blueprint)
    .map((row) => `- ${row.data[language]}: ${row.until[language]}${heldBy(row, language)}`)
    .join("\n");

const madeBy = ({ asOf, toolkit }: Evidence, language: Language): string =>
  language === "nl"
    ? `polder ${toolkit.version} maakte deze tekst op ${asOf} uit het bestand van de instantie. Het is een concept: een mens leest, vult aan en stelt vast.`
    : `polder ${toolkit.version} made this text on ${asOf} from the instance's file. It is a draft: a person reads, completes and adopts it.`;

/** What is kept, and how long. */
export const retentionText = (evidence: Evidence, language: Language): string =>
  language === "nl"
    ? `# Bewaartermijnen van ${evidence.blueprint.domain}\n\n${madeBy(evidence, "nl")}\n\n${retentionList(evidence, "nl")}\n\nReservekopieën maakt polder niet. Maakt de organisatie ze, dan gelden deze termijnen ook daarvoor.\n`
    : `# Retention at ${evidence.blueprint.domain}\n\n${madeBy(evidence, "en")}\n\n${retentionList(evidence, "en")}\n\npolder makes no backups. Where the organisation does, these terms hold for them, too.\n`;

/** What the residency profile says of a transfer; profile lab asks nothing about it. */
function transfer({ blueprint: { residency } }: Evidence, language: Language): string {
  if (residency.verdict === "refused" || residency.profile === "lab") return OPEN[language];
  return language === "nl"
    ? `profiel ${residency.profile}, waarvan de regels over de plaats zeggen: ${residency.deciding}`
    : `profile ${residency.profile}, whose rules say of the location: ${residency.deciding}`;
}

/** A draft entry for the register of processing (GDPR, article 30). */
export function processingText(evidence: Evidence, language: Language): string {
  const { organisation, domain, cloud, meetings } = evidence.blueprint;
  const where = cloud.locationTitle;
  if (language === "nl")
    return `# Concept voor het verwerkingsregister: vergaderen op ${domain}

${madeBy(evidence, "nl")}

| Onderdeel (AVG, artikel 30) | Inhoud |
| --- | --- |
| Verwerkingsverantwoordelijke | ${organisation}, ${OPEN.nl} |
| Functionaris gegevensbescherming | ${OPEN.nl} |
| Doel | vergaderen met beeld en geluid |
| Grondslag | ${OPEN.nl} |
| Betrokkenen | medewerkers en ${meetings.guests ? "gasten" : "andere genodigden"} die vergaderen; beheerders |
| Gegevens: inhoud | beeld, geluid${meetings.chat === "on" ? ", tekstberichten" : ""}, gedeeld scherm |
| Gegevens: account | naam van een moderator in zijn toegangsbewijs; de naam die een gast zelf typt |
| Gegevens: diagnostiek | netwerkadressen en aanmeldingen in logbestanden; een pseudoniem van de vergadering |
| Gegevens: ondersteuning | ${OPEN.nl} |
| Gegevens: website | geen bezoekersmeting; de pagina vraagt niets aan andere domeinen |
| Ontvangers | deelnemers, ook gasten van buiten de organisatie; de leverancier van de cloud: ${where} |
| Doorgifte buiten de EER | ${transfer(evidence, "nl")} |
| Bewaartermijnen | zie hieronder |
| Beveiliging | zie \`index.html\` in deze map |

${retentionList(evidence, "nl")}
`;
  return `# Draft for the register of processing: meetings at ${domain}

${madeBy(evidence, "en")}

| Part (GDPR, article 30) | Content |
| --- | --- |
| Controller | ${organisation}, ${OPEN.en} |
| Data protection officer | ${OPEN.en} |
| Purpose | meetings with video and sound |
| Legal basis | ${OPEN.en} |
| Data subjects | staff and ${meetings.guests ? "guests" : "other invited people"} who meet; admins |
| Data: content | video, sound${meetings.chat === "on" ? ", text chat" : ""}, shared screens |
| Data: account | a moderator's name in their token; the name that a guest types |
| Data: diagnostics | network addresses and logins in logs; a pseudonym of the meeting |
| Data: support | ${OPEN.en} |
| Data: website | no analytics; the page asks nothing of other domains |
| Recipients | participants, guests from outside the organisation too; the cloud's provider: ${where} |
| Transfer outside the EEA | ${transfer(evidence, "en")} |
| Retention | below |
| Security | \`index.en.html\` in this folder |

${retentionList(evidence, "en")}
`;
}

/** Risks that a DPIA of a meeting service asks about, each with the checks that bear on it. */
const RISKS: readonly {
  readonly nl: string;
  readonly en: string;
  readonly checks: readonly string[];
  /** What these checks don't say where the profile is `lab`. */
  readonly inLab?: Readonly<Record<Language, string>>;
}[] = [
  {
    nl: "Buitenstaanders vinden vergaderingen door namen te raden.",
    en: "Outsiders find meetings by guessing names.",
    checks: [
      "enumeration-guess",
      "enumeration-state",
      "enumeration-timing",
      "prosody-rooms-are-closed",
    ],
  },
  {
    nl: "Buitenstaanders komen een vergadering in.",
    en: "Outsiders get into a meeting.",
    checks: ["enumeration-entry", "prosody-hosts-are-gated", "prosody-has-one-way-in"],
  },
  {
    nl: "Namen van vergaderingen of deelnemers staan in logbestanden.",
    en: "Names of meetings or participants stand in logs.",
    checks: ["prosody-logs-no-names", "logs-hold-no-meeting"],
  },
  {
    nl: "Gegevens blijven langer bewaard dan nodig.",
    en: "Data is kept longer than needed.",
    checks: ["journals-end", "stores-end-and-are-sealed", "retention-has-its-reason"],
  },
  {
    nl: "Gegevens gaan naar derden.",
    en: "Data goes to third parties.",
    checks: ["egress", "http-headers", "services-are-near"],
  },
  {
    nl: "Een buitenlandse overheid kan bij de gegevens.",
    en: "A foreign government can reach the data.",
    checks: ["residency-accepted", "residency-fresh"],
    inLab: {
      nl: "profiel lab vraagt niets over recht van buiten de EER",
      en: "profile lab asks nothing about law from outside the EEA",
    },
  },
  {
    nl: "Een beheerder leest mee zonder dat iemand het ziet.",
    en: "An admin reads along, and nobody sees it.",
    checks: ["people-are-persons", "sudo-is-for-admins", "ssh-logs-who", "security-logs-take-two"],
  },
  {
    nl: "Iemand luistert onderweg mee.",
    en: "Somebody listens in on the way.",
    checks: ["web-tls-is-strong", "tls-versions", "xmpp-tls-required", "relay-tls-is-strong"],
  },
];

/** Ids that the drafts name: a test holds that each exists. */
export const DRAFTED_CHECKS = RISKS.flatMap(({ checks }) => checks);

/** A draft of the parts of a DPIA that follow from the instance (GDPR, article 35). */
export function dpiaText(evidence: Evidence, language: Language): string {
  const { domain, organisation, classification, residency } = evidence.blueprint;
  const cell = (id: string): string => {
    const own = evidence.findings.filter((finding) => finding.id === id);
    return `\`${id}\`: ${VERDICTS[gravestOf(own.map(({ verdict }) => verdict))][language]}`;
  };
  const rows = RISKS.map((risk) => {
    const inLab = residency.profile === "lab" && risk.inLab ? ` (${risk.inLab[language]})` : "";
    return `| ${risk[language]} | ${risk.checks.map(cell).join("; ")}${inLab} | ${OPEN[language]} |`;
  }).join("\n");
  if (language === "nl")
    return `# Concept voor de DPIA: vergaderen op ${domain}

${madeBy(evidence, "nl")}

## Wat hier al vaststaat

- Verantwoordelijke: ${organisation}. Hoogste rubricering: ${classification.marking === "none" ? "geen" : classification.marking}, TBB ${classification.tbb}.
- De verwerking staat in \`processing-register.nl.md\`, de bewaartermijnen in \`retention.nl.md\`.
- Beeld en geluid zijn versleuteld tot de bridges, en staan daar alleen in het geheugen. Van begin tot eind versleuteld zijn zij alleen als een moderator dat aanzet, wat met hoogstens 19 deelnemers kan; wie als 25e of later komt, doet niet mee. Wie de control-server beheert, kan dat omzeilen.

## Risico's, en wat een machine erover weet

| Risico | Uitslag van regels en probes | Kans, gevolg, besluit |
| --- | --- | --- |
${rows}

## Wat de organisatie nog doet

- Noodzaak en evenredigheid: ${OPEN.nl}
- Oordeel van betrokkenen, de ondernemingsraad en de functionaris gegevensbescherming: ${OPEN.nl}
- Overige risico's, zoals opnemen van het scherm door een deelnemer: ${OPEN.nl}
`;
  return `# Draft for the DPIA: meetings at ${domain}

${madeBy(evidence, "en")}

## What is known already

- Controller: ${organisation}. Highest classification: ${classification.marking}, TBB ${classification.tbb}.
- The processing is in \`processing-register.en.md\`, the retention in \`retention.en.md\`.
- Video and sound are encrypted up to the bridges, and are in their memory alone there. They are encrypted end to end only where a moderator turns that on, which at most 19 participants can; whoever comes as the 25th or later doesn't take part. Whoever controls the control host can get around that.

## Risks, and what a machine knows of them

| Risk | Result of rules and probes | Likelihood, impact, decision |
| --- | --- | --- |
${rows}

## What the organisation still does

- Necessity and proportionality: ${OPEN.en}
- Views of data subjects, the works council and the data protection officer: ${OPEN.en}
- Other risks, such as a participant who records the screen: ${OPEN.en}
`;
}
