import { type Finding, formatFinding, tally } from "../../common/findings/index.ts";
import { findingId } from "./checks.ts";
import { effort } from "./effort.ts";
import { BITS_OF_A_NAME, BITS_OF_A_PROOF, LIKELY } from "./names.ts";
import type { Observed } from "./observed.ts";
import { ALPHA, FAMILY, falseAlarms, POWER, TIMINGS } from "./plan.ts";
import { SHIFT } from "./randomisation-test.ts";

/** What the rest of the report needs to know of the instance. */
export interface Setting {
  readonly domain: string;
  /** When, ISO 8601. */
  readonly at: string;
  /** Handshakes that one address may make a second. */
  readonly limit: number;
  /** Live rooms that are reckoned with. */
  readonly rooms: number;
}

const power = (value: number): string => `10^${Math.floor(Math.log10(value))}`;

/** A run as a page that a person reads: what was found, what was tried, what that is worth. */
export function report(
  findings: readonly Finding[],
  observed: Observed,
  { domain, at, limit, rooms }: Setting,
): string[] {
  const { tries, seconds } = observed;
  const one = effort(rooms, limit);
  const many = effort(rooms, limit * 1e6);
  const count = tally(findings);
  const all = tries.handshakes + tries.stanzas;
  return [
    `enumeration of ${domain}, ${at}, seed ${observed.seed}`,
    ...(observed.interrupted === undefined
      ? []
      : [`interrupted after ${seconds.toFixed(0)} s, at: ${observed.interrupted}`]),
    "",
    ...findings.flatMap((finding) => [
      formatFinding(finding),
      ...(finding.verdict === "fail" || finding.id === findingId("timing")
        ? (finding.evidence ?? [])
        : []
      ).map((line) => `             ${line}`),
    ]),
    "",
    "tries",
    `  ${tries.handshakes} handshakes and ${tries.stanzas} stanzas in ${seconds.toFixed(0)} s: ${(all / Math.max(1, seconds)).toFixed(1)} a second`,
    `  ${observed.likely} of ${LIKELY.all} likely names`,
    "",
    "guessing",
    `  a name has ${BITS_OF_A_NAME} random bits; with ${rooms} live rooms a first hit takes 2^${one.findBits.toFixed(0)} tries`,
    `  at ${limit} handshakes a second, the limit of one address: ${power(one.findYears)} years; with a million addresses: ${power(many.findYears)} years`,
    `  to forge a name that the server takes for issued: ${BITS_OF_A_PROOF} bits, ${power(one.forgeYears)} years from one address, and a token besides`,
    "",
    "times",
    `  ${TIMINGS.length} comparisons by Fisher's randomisation test, exact; the order within each pair is tossed, differences weigh no more than ${SHIFT} ms`,
    `  family-wise significance ${FAMILY}: ${ALPHA.toExponential(1)} each (Bonferroni), and an alarm needs two samples: a clean instance alarms in at most ${falseAlarms.toExponential(0)} of runs`,
    `  a sample is planned to show ${SHIFT} ms with a power of ${POWER.planned} by the pilot's noise; with less than ${POWER.demanded} by its own it counts as not tested`,
    "",
    `enumeration: ${count.pass} pass, ${count.fail} fail, ${count["not-tested"]} not-tested`,
  ];
}
