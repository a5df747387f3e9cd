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
