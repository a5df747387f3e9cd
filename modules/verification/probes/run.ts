import type { Finding, Outcome } from "../../common/findings/index.ts";
import type { Context, Group, Probe } from "./probe.ts";

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
 * Groups that ask from outside, one probe after the other: hosts count connections by address, and a scan of all ports
 * is no company for a handshake that is timed. The other groups go the admin's way, beside these.
 */
const FROM_OUTSIDE: readonly Group[] = ["ports", "tls", "http", "xmpp", "turn"];

/**
 * Runs probes in two lines side by side, from outside and by the admin's way; in a line one after the other, the
 * subjects of each at once. Says something about each subject, in the order of the probes. Never rejects.
 *
 * @param progress called before each probe
 */
export async function runProbes(
  probes: readonly Probe[],
  context: Context,
  progress: (text: string) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Finding[]> {
  const found = new Map<Probe, Finding[]>();
  const runLine = async (line: readonly Probe[]): Promise<void> => {
    for (const probe of line) {
      if (signal?.aborted) break;
      progress(`${probe.group}: ${probe.id}`);
      const { id, group } = probe;
      const subjects = probe.subjects(context.blueprint);
      const outcomes = await Promise.all(subjects.map((subject) => one(probe, subject, context)));
      const findings = outcomes.map((outcome, i) => ({
        ...{ id, group, subject: subjects[i] ?? "" },
        ...outcome,
      }));
      found.set(probe, findings);
    }
  };
  const outside = ({ group }: Probe) => FROM_OUTSIDE.includes(group);
  await Promise.all([
    runLine(probes.filter(outside)),
    runLine(probes.filter((probe) => !outside(probe))),
  ]);
  return probes.flatMap((probe) => found.get(probe) ?? []);
}
