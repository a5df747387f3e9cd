import { isCurrent, type Waiver } from "../../common/findings/index.ts";
import { daysBetween } from "./days.ts";
import { checkText, type ResidencyCheck, type ResidencyVerdict } from "./evaluate.ts";
import { isResidencyWaiver } from "./profiles.ts";

/** Days before a fact grows stale, or a certificate ends, in which a finding warns. */
export const WARNING_DAYS = 60;

/** The rule of the policy that a remark belongs to: what a fact says, or how old it is. */
export type ResidencyRuleId = "residency-accepted" | "residency-fresh";

/** Something about one fact, on a day. */
export interface DatedRemark {
  readonly leaf: string;
  readonly rule: ResidencyRuleId;
  readonly text: string;
  /** The waiver that could cover it, would it be the only one; null where none can. */
  readonly waiver: string | null;
}

/** A verdict on a day. */
export interface ResidencyAsOf {
  readonly verdict: ResidencyVerdict["verdict"];
  /** Each is reason enough for `refused`. */
  readonly problems: readonly DatedRemark[];
  /** What the one waiver covers, on `waived`. */
  readonly waived: readonly (DatedRemark & { readonly by: Waiver })[];
  readonly warnings: readonly DatedRemark[];
}

/**
 * Evaluates a verdict on a day: facts that the profile reads and that are past their term, facts dated
 * in the future, certificates past their end, and whether the waiver still counts. A waiver covers
 * one fact that is right, and only where nothing else is open.
 *
 * @param asOf the day, `YYYY-MM-DD`
 */
export function evaluateAsOf(
  residency: ResidencyVerdict,
  waivers: readonly Waiver[],
  asOf: string,
): ResidencyAsOf {
  const { checks, facts, certificates, classification } = residency;
  const isStale = (freshUntil: string | null) => freshUntil !== null && asOf > freshUntil;
  const isSoon = (day: string | null) =>
    day !== null && day >= asOf && daysBetween(asOf, day) <= WARNING_DAYS;
  const accepted = (leaf: string, text: string, waiver: string | null = null): DatedRemark => ({
    leaf,
    rule: "residency-accepted",
    text,
    waiver,
  });
  const fresh = (leaf: string, text: string, waiver: string | null = null): DatedRemark => ({
    leaf,
    rule: "residency-fresh",
    text,
    waiver,
  });

  const wrong = checks
    .filter((check) => !check.met)
    .map((check) => accepted(check.leaf, withoutLeaf(check)));
  const uncertain = checks.filter((check) => check.met);
  const open = [
    ...uncertain
      .filter((check) => !check.sure)
      .map((check) => accepted(check.leaf, withoutLeaf(check), check.waiver)),
    ...uncertain
      .filter((check) => isStale(check.freshUntil))
      .map((check) =>
        fresh(
          check.leaf,
          `stale: read on ${check.read}, which counted until ${check.freshUntil}; read ${check.source} again, correct the record and date it`,
          check.waiver,
        ),
      ),
  ];
  const rules =
    isStale(classification.freshUntil) || classification.read > asOf
      ? [
          fresh(
            "classification",
            `the rules for the highest class were read on ${classification.read} and counted until ${classification.freshUntil}: take a newer polder`,
          ),
        ]
      : [];
  const final = [
    ...wrong,
    ...facts
      .filter((fact) => fact.read > asOf)
      .map(({ leaf, read }) =>
        fresh(
          leaf,
          `read on ${read}, which is in the future (today is ${asOf}): write the day on which it was read`,
        ),
      ),
    ...certificates
      .filter(({ until }) => until < asOf)
      .map(({ name, until }) =>
        fresh(
          "certificates",
          `${name} ended on ${until}: record the one that follows it, or take it out`,
        ),
      ),
    ...rules,
  ];

  const own = waivers.filter(({ waives }) => isResidencyWaiver(waives));
  const names = new Set(open.map(({ waiver }) => waiver));
  const [by] = own.filter((waiver) => names.has(waiver.waives) && isCurrent(waiver, asOf));
  const covered = own.length === 1 && names.size === 1 && by !== undefined;
  const problems = [...final, ...(covered ? [] : open)];
  return {
    verdict: problems.length > 0 ? "refused" : covered ? "waived" : "accepted",
    problems,
    waived: covered && problems.length === 0 ? open.map((remark) => ({ ...remark, by })) : [],
    warnings: [
      ...checks
        .filter(({ freshUntil }) => isSoon(freshUntil))
        .map(({ leaf, freshUntil, source }) =>
          fresh(leaf, `counts ${left(asOf, freshUntil)}: read ${source} again`),
        ),
      ...certificates
        .filter(({ until }) => isSoon(until))
        .map(({ name, until }) => fresh("certificates", `${name} counts ${left(asOf, until)}`)),
      ...(isSoon(classification.freshUntil)
        ? [
            fresh(
              "classification",
              `the rules for the highest class count ${left(asOf, classification.freshUntil)}`,
            ),
          ]
        : []),
    ],
  };
}

const left = (asOf: string, day: string | null): string =>
  day === null ? "for good" : `${daysBetween(asOf, day)} more days, until ${day}`;

const withoutLeaf = (check: ResidencyCheck): string =>
  checkText(check).slice(check.leaf.length + 2);
