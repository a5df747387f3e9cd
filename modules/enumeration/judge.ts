import type { Finding } from "../findings/index.ts";
import type { Answer, Observed, Occupants, Pair, Timing } from "./observed.ts";
import { ALPHA, POWER, STATES } from "./plan.ts";
import { powerOf } from "./power.ts";
import { seeded } from "./random.ts";
import { SHIFT, shiftTest } from "./randomisation-test.ts";

type Outcome = Pick<Finding, "verdict" | "message" | "evidence">;

const pass = (message: string, evidence: readonly string[] = []): Outcome => ({
  verdict: "pass",
  message,
  ...(evidence.length > 0 ? { evidence } : {}),
});
const fail = (message: string, evidence: readonly string[] = []): Outcome => ({
  ...pass(message, evidence),
  verdict: "fail",
});
const notTested = (message: string): Outcome => ({ verdict: "not-tested", message });

const short = (text: string): string => (text.length > 200 ? `${text.slice(0, 197)}...` : text);
const described = ({ text, bytes }: Answer): string => `${short(text) || "silence"} (${bytes} B)`;

/** Whether two answers tell their names apart, and by what. */
export function difference({ asked, reference }: Pick<Pair, "asked" | "reference">): string[] {
  return [
    ...(asked.text === reference.text ? [] : ["stanza"]),
    ...(asked.bytes === reference.bytes ? [] : ["size"]),
  ];
}

/** Pairs that are answered alike, or what an attacker learns. */
function alike(pairs: readonly Pair[]): Outcome {
  const told = pairs.filter((pair) => difference(pair).length > 0);
  const [first] = told;
  if (first)
    return fail(
      `${told.length} of ${pairs.length} names are told from never-issued ones by ${difference(first).join(" and ")}: ${first.what}, asked by ${first.way}; answer before any room is looked up`,
      told
        .slice(0, 8)
        .flatMap(({ way, what, asked, reference }) => [
          `${way}, ${what}: ${described(asked)}`,
          `  a never-issued one: ${described(reference)}`,
        ]),
    );
  const answers = [...new Set(pairs.map(({ asked }) => described(asked)))];
  return pass(`${pairs.length} pairs, each answered alike`, answers.slice(0, 8));
}

/** How likely a sample shows what must be found, by its own noise; the same each time that it is asked. */
export const sampleSees = (sample: readonly number[]): number =>
  powerOf(sample, sample.length, SHIFT, ALPHA, seeded(1));

/** What the samples of one comparison say. */
export function judgeTiming({ left, samples, tries }: Timing): Outcome {
  const [sample] = samples;
  if (left !== undefined || sample === undefined) return notTested(left ?? "no sample was taken");
  const tests = samples.map(shiftTest);
  const evidence = tests.map(
    ({ pairs, p, median }, i) =>
      `sample ${i + 1}: ${pairs} pairs of ${tries} tries a side, median ${median.toFixed(3)} ms, p = ${p.toExponential(1)}, level ${ALPHA.toExponential(1)}`,
  );
  if (tests.length > 1 && tests.every(({ p }) => p <= ALPHA))
    return fail(
      `answered ${Math.abs(tests[0]?.median ?? 0).toFixed(2)} ms ${(tests[0]?.median ?? 0) > 0 ? "later" : "sooner"} than a never-issued name, in two samples of ${sample.length} pairs`,
      evidence,
    );
  // Where one sample is significant and the other isn't, the other says that nothing is there.
  const power = Math.min(...samples.map(sampleSees));
  const chance = `${(100 * power).toFixed(1)} %`;
  if (power < POWER.demanded)
    return notTested(
      `too much noise: ${SHIFT} ms would have been seen by a chance of ${chance} in ${sample.length} pairs, ${100 * POWER.demanded} % are asked for`,
    );
  return pass(
    `no difference in ${sample.length} pairs; ${SHIFT} ms would have been seen by a chance of ${chance}`,
    evidence,
  );
}

/** Whether the members of a room see all whom the server counts in it. */
export function judgeOccupants(occupants: Occupants | undefined): Outcome {
  if (!occupants || (occupants.count === undefined && occupants.list === undefined))
    return notTested("the server tells a member neither how many are in the room nor who");
  const { seen, count, list } = occupants;
  const hidden = (list ?? []).filter((nick) => !seen.includes(nick)).length;
  if (hidden > 0 || (count !== undefined && count !== seen.length))
    return fail(
      `members see ${seen.length}, the server holds ${count ?? list?.length}: somebody is in the room whom its members don't see`,
    );
  return pass(`members see the ${seen.length} whom the server holds`);
}

function entry({ pairs, bridge }: Observed): Outcome {
  const tries = pairs.length + bridge.length;
  const entered = pairs.filter(({ asked, reference }) => asked.entered || reference.entered);
  const ways = [...new Set(entered.map(({ way, what }) => `${way}, ${what}`))];
  return entered.length > 0
    ? fail(`${entered.length} of ${tries} tries got in: ${ways[0]}`, ways.slice(0, 8))
    : pass(`none of ${tries} tries got in`);
}

const byKey = <T>(list: readonly T[], key: (one: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const one of list) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
};

/**
 * What a run shows. Where the positive control or a planted oracle wasn't found, silence proves
 * nothing: what would have passed reads not-tested. What was seen stays seen.
 */
export function judge(observed: Observed, domain: string): Finding[] {
  const findings: Finding[] = [];
  const say = (id: string, subject: string, outcome: Outcome): void => {
    findings.push({ id: `enumeration-${id}`, group: "enumeration", subject, ...outcome });
  };
  const { dead, planted } = observed;
  say(
    "control",
    domain,
    dead === undefined
      ? pass(observed.control.join("; "))
      : notTested(`the positive control failed: ${dead}`),
  );
  for (const { fault, way, found, seen } of planted)
    say("planted", `${fault}, by ${way}`, found ? pass(seen) : notTested(`not found: ${seen}`));

  const isState = ({ name }: Pair): boolean => (STATES as readonly string[]).includes(name);
  for (const [name, pairs] of byKey(observed.pairs.filter(isState), (pair) => pair.name))
    say("state", name, alike(pairs));
  for (const state of STATES)
    if (!observed.pairs.some(({ name }) => name === state))
      say("state", state, notTested(`the file of links names no meeting that is ${state}`));
  for (const [name, pairs] of byKey(
    observed.pairs.filter((pair) => !isState(pair)),
    (pair) => pair.name,
  ))
    say("guess", name, alike(pairs));
  for (const timing of observed.timings)
    say("timing", `${timing.state}, by ${timing.way}`, judgeTiming(timing));
  say("entry", domain, entry(observed));
  const posed = observed.bridge.filter(({ entered }) => entered).length;
  say(
    "bridge",
    domain,
    posed > 0
      ? fail(
          "a guest entered the bridges' room and can pose as one",
          observed.bridge.map(described),
        )
      : pass("a guest gets into no room of the bridges", observed.bridge.map(described)),
  );
  say("hidden", domain, judgeOccupants(observed.occupants));
  if (observed.unasked.length > 0)
    say(
      "unasked",
      domain,
      fail(`the server sent ${observed.unasked.length} stanzas that nobody asked for`, [
        ...new Set(observed.unasked),
      ]),
    );

  const blind =
    dead !== undefined
      ? "the positive control failed"
      : planted.length === 0
        ? "no oracle was planted"
        : planted.every(({ found }) => found)
          ? undefined
          : "a planted oracle wasn't found";
  return findings.map((finding) =>
    blind !== undefined && finding.verdict === "pass" && finding.id !== "enumeration-planted"
      ? { ...finding, verdict: "not-tested" as const, message: `${blind}: ${finding.message}` }
      : finding,
  );
}
