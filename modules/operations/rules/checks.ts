import type { Norm } from "../../common/norms/index.ts";
import { ALL_RULES } from "../../policy/index.ts";
import { CHECKS } from "../../verification/enumeration/index.ts";
import { PROBES } from "../../verification/probes/index.ts";

/** A rule or a probe, in what a report says of it. */
export interface Check {
  /** What its findings are called. */
  readonly id: string;
  readonly kind: "rule" | "probe";
  readonly level: "error" | "warning";
  /** What must hold. */
  readonly what: string;
  /** What goes wrong otherwise; of a probe, what an attacker tries. */
  readonly why: string;
  /** Ids of the norms that it serves. */
  readonly norms: readonly string[];
}

/** Every rule of polder and every probe, the attack by guessed names among them. */
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
];

/** The rules and probes that serve a norm. */
export const serversOf = ({ id }: Pick<Norm, "id">, checks: readonly Check[]): readonly Check[] =>
  checks.filter(({ norms }) => norms.includes(id));
