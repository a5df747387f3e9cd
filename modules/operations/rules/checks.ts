import type { Norm } from "../../common/norms/index.ts";
import { ALL_RULES } from "../../policy/index.ts";
import { CHECKS } from "../../verification/enumeration/index.ts";
import { PROBES } from "../../verification/probes/index.ts";

/** A rule or a probe, in what a report says of it. */
export interface Check {
  /** What its findings are called. */
  readonly id: string;
  /** `record`: what the history says of plan, approval and hosts. */
  readonly kind: "rule" | "probe" | "record";
  readonly level: "error" | "warning";
  /** What must hold. */
  readonly what: string;
  /** What goes wrong otherwise; of a probe, what an attacker tries. */
  readonly why: string;
  /** Ids of the norms that it serves. */
  readonly norms: readonly string[];
}

/** What a release's evidence reads in the history of its instance. */
const RECORDS = [
  {
    id: "history-is-whole",
    what: "each line and each file of the history is as it was written",
    why: "Whoever reads the history later can't know of an event that was taken out.",
    norms: ["BIO2 8.32.01"],
  },
  {
    id: "plan-is-approved",
    what: "as many admins signed the plan as the profile demands, a short time ago",
    why: "Nobody else would have seen a change that one person makes alone.",
    norms: ["BIO2 8.32.01"],
  },
  {
    id: "plan-is-applied",
    what: "the plan that the rules evaluated is the one that was applied last, by polder",
    why: "The cloud could hold something else than what the rules evaluated.",
    norms: ["BIO2 8.32.01", "ISO 27002 8.9"],
  },
  {
    id: "hosts-are-converged",
    what: "each host got the configuration that the rules evaluated, and took it",
    why: "The hosts could run something else than what the rules evaluated.",
    norms: ["ISO 27002 8.9"],
  },
] as const;

/** The id of a check on the history. */
export type RecordId = (typeof RECORDS)[number]["id"];

/** Every rule of polder, every probe, the attack by guessed names, and what the history is asked. */
export const allChecks = (): readonly Check[] => [
  ...ALL_RULES.map(
    ({ id, level, what, why, norms = [] }): Check => ({
      id,
      kind: "rule",
      level,
      what,
      why,
      norms,
    }),
  ),
  ...PROBES.map(
    ({ id, holds, attack, norms }): Check => ({
      id,
      kind: "probe",
      level: "error",
      what: holds,
      why: `An attacker ${attack}.`,
      norms,
    }),
  ),
  ...CHECKS.map(
    ({ id, holds, norms }): Check => ({
      id,
      kind: "probe",
      level: "error",
      what: holds,
      why: "An attacker guesses the names of meetings.",
      norms,
    }),
  ),
  ...RECORDS.map((record): Check => ({ kind: "record", level: "error", ...record })),
];

/** The rules and probes that serve a norm. */
export const serversOf = ({ id }: Pick<Norm, "id">, checks: readonly Check[]): readonly Check[] =>
  checks.filter(({ norms }) => norms.includes(id));
