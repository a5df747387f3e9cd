import type {
  Classification,
  ResidencyProfile,
  WaiverEntry,
} from "../../modules/planning/instance/index.ts";
import {
  evaluateAsOf,
  evaluateResidency,
  factsOf,
  type Location,
  openChecks,
  PROFILE_NAMES,
  type ResidencyRules,
  type ResidencyVerdict,
  shownValue,
  wayOut,
} from "../../modules/planning/residency/index.ts";
import { type Paint, PLAIN } from "./paint.ts";
import { labelled, table, wrap } from "./table.ts";

/** What a table of locations is made from. */
export interface ResidencyQuestion {
  readonly locations: readonly Location[];
  readonly rules: ResidencyRules;
  /** The class that is needed. */
  readonly needed: Classification;
  readonly waivers: readonly WaiverEntry[];
  /** The day to evaluate on, `YYYY-MM-DD`. */
  readonly asOf: string;
}

/** A location held against one profile on a day. */
export interface ProfileAnswer {
  readonly profile: ResidencyProfile;
  readonly verdict: ResidencyVerdict["verdict"];
  /** The fact that decided; empty when every demand is met. */
  readonly leaf: string;
  readonly deciding: string;
  readonly checks: ResidencyVerdict["checks"];
  readonly classification: ResidencyVerdict["classification"];
  readonly warnings: readonly string[];
  readonly wayOut: string;
}

/** A location held against every profile. */
export interface LocationAnswer {
  readonly location: string;
  readonly title: string;
  readonly provider: string;
  /** Whether polder can build there: its platform is recorded. */
  readonly buildable: boolean;
  readonly profiles: readonly ProfileAnswer[];
}

function answerFor(
  profile: ResidencyProfile,
  location: Location,
  question: ResidencyQuestion,
): ProfileAnswer {
  const { needed, rules, waivers, asOf } = question;
  const verdict = evaluateResidency(profile, needed, location, rules, waivers);
  const dated = evaluateAsOf(verdict, waivers, asOf);
  const [first] = dated.problems;
  const [waived] = dated.waived;
  const remark = first ?? waived;
  return {
    profile,
    verdict: dated.verdict,
    leaf: remark?.leaf ?? "",
    deciding: remark ? `${remark.leaf}: ${remark.text}` : verdict.deciding,
    checks: verdict.checks,
    classification: verdict.classification,
    warnings: dated.warnings.map(({ leaf, text }) => `${leaf}: ${text}`),
    wayOut: first ? wayOut(dated.problems.length > 0 ? dated.problems : openChecks(verdict)) : "",
  };
}

/** Every location by every profile. */
export const answers = (question: ResidencyQuestion): LocationAnswer[] =>
  question.locations.map((location) => ({
    location: location.id,
    title: location.title,
    provider: location.provider,
    buildable: location.platform !== undefined,
    profiles: PROFILE_NAMES.map((profile) => answerFor(profile, location, question)),
  }));

/** The profile that says most of a location: one that accepts it. */
const bestOf = ({ profiles }: LocationAnswer): ProfileAnswer | undefined =>
  profiles.find(({ verdict }) => verdict === "accepted") ?? profiles[0];

const classText = (c: Classification): string =>
  `TBB ${c.tbb}, ${c.marking === "none" ? "no marking" : c.marking}`;

/** What decided, short enough for a table: the fact and what was got or is wrong with it. */
function cell({ verdict, leaf, checks, deciding }: ProfileAnswer): string {
  if (verdict === "accepted") return "accepted";
  if (leaf === "test") return `${verdict}\n${leaf}`;
  const check = checks.find((one) => one.leaf === leaf);
  const short =
    check === undefined || deciding.includes(": stale")
      ? deciding.slice(leaf.length + 2).split(/[;:]/)[0]
      : check.got === "unknown"
        ? "unknown"
        : check.met
          ? check.confidence
          : check.got.split(" (")[0];
  return `${verdict}\n${leaf}\n${short}`;
}

/** The table: a location a row, a profile a column. */
export function residencyTable(
  question: ResidencyQuestion,
  width: number,
  paint: Paint = PLAIN,
): string {
  const rows = answers(question).map((answer) => {
    const best = bestOf(answer);
    return [
      `${answer.location}${answer.buildable ? "" : "*"}`,
      ...answer.profiles.map(cell),
      best ? `TBB ${best.classification.highest.tbb}\n${best.classification.highest.marking}` : "",
    ];
  });
  const lines = [
    ...table(["location", ...PROFILE_NAMES.map((name) => `${name}…`), "highest"], rows, {
      width,
      title: paint.dim,
      indent: 0,
    }),
    "",
    ...wrap(
      `Evaluated as of ${question.asOf} for ${classText(question.needed)}. * no platform is recorded, so polder can't build there yet. Every fact with its source: polder residency --explain LOCATION. What profiles demand: docs/residency.md.`,
      width,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** Width of the names of facts: the longest is affiliatesOutsideEea. */
const LEAF = 20;
const until = (day: string | null | undefined): string => (day ? `until ${day}` : "for good");

/** One location: every fact with its source, then each profile's demands. */
export function explainLocation(
  location: Location,
  question: ResidencyQuestion,
  width: number,
  paint: Paint = PLAIN,
): string {
  const [answer] = answers({ ...question, locations: [location] });
  const best = answer && bestOf(answer);
  const layout = { width, title: paint.dim };
  const fresh = new Map(
    evaluateResidency("eea", question.needed, location, question.rules).facts.map((fact) => [
      fact.leaf,
      fact.freshUntil,
    ]),
  );
  const lines = [
    paint.bold(`${location.id}: ${location.title}`),
    ...labelled(
      [
        ["provider", location.provider],
        [
          "platform",
          location.platform
            ? `${location.platform.flavours.length} flavours, ${location.platform.publicAddresses} addresses, image ${location.platform.image} (${location.platform.source}, read ${location.platform.read})`
            : "not recorded: polder can't build there yet",
        ],
        [
          "class",
          `highest ${classText(best?.classification.highest ?? question.needed)}: ${best?.classification.reason}`,
        ],
      ],
      layout,
    ),
    "",
    paint.bold("Facts"),
    // A source stands on a line of its own and whole, however long: it is there to be opened.
    ...factsOf(location).flatMap(({ name, fact }) => [
      ...labelled(
        [
          [
            name.padEnd(LEAF),
            `${shownValue(fact.value)} (${fact.confidence}, read ${fact.read}, good ${until(fresh.get(name))})`,
          ],
        ],
        layout,
      ),
      `  ${" ".repeat(LEAF + 2)}${fact.source}`,
    ]),
  ];
  for (const one of answer?.profiles ?? []) {
    lines.push(
      "",
      `${paint.bold(one.profile)}  ${one.verdict === "accepted" ? one.verdict : paint.warn(one.verdict)}`,
      ...wrap(one.deciding, width - 2).map((line) => `  ${line}`),
      ...table(
        ["fact", "demanded…", "got…", "right", "sure"],
        one.checks.map((check) => [
          check.leaf,
          check.requirement,
          check.got,
          check.met ? "yes" : "no",
          check.sure ? "yes" : `no (${check.confidence})`,
        ]),
        { ...layout, indent: 4 },
      ),
      ...one.warnings.flatMap((text) => wrap(`warning: ${text}`, width - 2).map((l) => `  ${l}`)),
      ...(one.wayOut ? wrap(one.wayOut, width - 2).map((line) => `  ${line}`) : []),
    );
  }
  return `${lines.join("\n")}\n`;
}
