import type { Finding } from "../../common/findings/index.ts";

/** What a project holds beside an instance: something that touches it, or that is merely there. */
export interface Beside {
  /** What is wrong: it is on the instance's networks, holds its data, or leads to its hosts. */
  readonly touching: readonly Pick<Finding, "subject" | "message">[];
  /** What is there without touching it, such as `server build-agent`. */
  readonly idle: readonly string[];
  /** What couldn't be listed, and why. */
  readonly unlisted: readonly string[];
}

/** One object of a project that no state knows. */
export interface Foreign {
  /** What a person calls its kind, such as `floating address`. */
  readonly word: string;
  readonly name: string;
  /** What it has to do with the instance; undefined for nothing. */
  readonly tie: string | undefined;
  /** The cloud's own command that deletes it. */
  readonly deletes: string;
}

/** Tells what touches an instance from what is merely there. */
export const sortForeign = (objects: readonly Foreign[]): Pick<Beside, "touching" | "idle"> => ({
  touching: objects.flatMap(({ word, name, tie, deletes }) =>
    tie === undefined
      ? []
      : [
          {
            subject: `${word} ${name}`,
            message: `${tie}, and no plan made it: look whose it is, then delete it (${deletes})`,
          },
        ],
  ),
  idle: objects.flatMap(({ word, name, tie }) => (tie === undefined ? [`${word} ${name}`] : [])),
});

/** Names that one line can hold. */
const MOST = 12;

/**
 * Findings of what stands beside an instance. What touches it is a fail. What doesn't is one warning, for each instance
 * has a project of its own; in the lab instances share one.
 *
 * @param id the id of the findings
 */
export function besideFindings(
  { touching, idle, unlisted }: Beside,
  id: string,
  instance: string,
  isLab: boolean,
): Finding[] {
  const names = `${idle.slice(0, MOST).join(", ")}${idle.length > MOST ? ` and ${idle.length - MOST} more` : ""}`;
  return [
    ...touching.map((one): Finding => ({ id, verdict: "fail", ...one })),
    ...(idle.length > 0 && !isLab
      ? [
          {
            id,
            verdict: "pass",
            warns: true,
            subject: instance,
            message: `the project also holds ${names}: nothing of that touches ${instance}, but each instance has a project of its own; look whose it is`,
          } as const,
        ]
      : []),
    ...unlisted.map(
      (what): Finding => ({ id, verdict: "not-tested", subject: instance, message: what }),
    ),
  ];
}
