import type { Finding, Outcome } from "../../common/findings/index.ts";
import type { Context, Probe } from "./probe.ts";

/** Keeps what was done once; a failure is kept, too, so that it isn't waited for twice. */
export function onceOnly(): Context["once"] {
  const done = new Map<string, Promise<unknown>>();
  return <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = done.get(key);
    if (before) return before as Promise<T>;
    const now = work();
    done.set(key, now);
    return now;
  };
}

const reason = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

/** Its positive control first: what wasn't seen alive wasn't attacked, and can't have held. */
async function one(probe: Probe, subject: string, context: Context): Promise<Outcome> {
  try {
    const dead = await probe.alive(subject, context);
    if (dead !== undefined) return { verdict: "not-tested", message: dead };
  } catch (error) {
    return { verdict: "not-tested", message: `its positive control failed: ${reason(error)}` };
  }
  try {
    return await probe.run(subject, context);
  } catch (error) {
    return { verdict: "not-tested", message: `it couldn't be tried: ${reason(error)}` };
  }
}

/**
 * Runs probes one after the other, the subjects of each at once, and says something about each
 * subject. Never rejects.
 *
 * @param progress called before each probe
 */
export async function runProbes(
  probes: readonly Probe[],
  context: Context,
  progress: (text: string) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const probe of probes) {
    if (signal?.aborted) break;
    progress(`${probe.group}: ${probe.id}`);
    const subjects = probe.subjects(context.blueprint);
    const outcomes = await Promise.all(subjects.map((subject) => one(probe, subject, context)));
    for (const [i, outcome] of outcomes.entries())
      findings.push({ id: probe.id, group: probe.group, subject: subjects[i] ?? "", ...outcome });
  }
  return findings;
}
