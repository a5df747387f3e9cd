import { createHash } from "node:crypto";
import { type Finding, fail, notTested, type Outcome, pass } from "../../common/findings/index.ts";
import { type Check, findingId } from "./checks.ts";
import { FORMS } from "./names.ts";
import type { Answer, Observed, Occupants, Pair, Timing } from "./observed.ts";
import { ALPHA, POWER, STATES, TIMINGS, unnamed } from "./plan.ts";
import { powerOf } from "./power.ts";
import { seeded } from "./random.ts";
import { SHIFT, shiftTest } from "./randomisation-test.ts";

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
  const different = pairs.filter((pair) => difference(pair).length > 0);
  const [first] = different;
  if (first)
    return fail(
      `${different.length} of ${pairs.length} names differ from never-issued ones in ${difference(first).join(" and ")}: ${first.what}, asked by ${first.way}; the server must answer before it looks up any room`,
      different
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
export function evaluateTiming({ left, samples, tries }: Timing): Outcome {
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

const nicksOf = (seen: readonly string[]): string => [...seen].sort().join("\n");

/** Whether the members of a room see all whom the server holds in it; a text: why that isn't known. */
export function evaluateOccupants(occupants: Occupants | string): Outcome {
  if (typeof occupants === "string") return notTested(occupants);
  const { before, after, held } = occupants;
  const seen = nicksOf(after);
  if (nicksOf(before) !== seen)
    return notTested("somebody came or went while the server was asked: run it again");
  if (held.count !== after.length)
    return fail(
      `members see ${after.length}, the server holds ${held.count}: somebody is in the room whom its members don't see`,
    );
  if (createHash("sha256").update(seen).digest("hex") !== held.nicks)
    return fail(
      `members see ${after.length}, the server holds as many others: somebody is in the room whom its members don't see`,
    );
  return pass(`members see the ${after.length} whom the server holds`);
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

/** Kinds of guesses that a whole run makes. */
const GUESSES = [...new Set<string>(FORMS.map(({ kind }) => kind)), "likely"];

/** Why who is hidden isn't looked for unless an operator asks the server, too. */
const FROM_OUTSIDE =
  "the gate tells nobody outside who is in a room: an admin can ask it with --inside";

/**
 * What a run shows. Where the positive control or a planted oracle wasn't found, silence proves
 * nothing: what would have passed reads not-tested. What was seen stays seen.
 *
 * @param occupants of the live meeting; a text: why they aren't known
 */
export function evaluate(
  observed: Observed,
  domain: string,
  occupants: Occupants | string = FROM_OUTSIDE,
): Finding[] {
  const findings: Finding[] = [];
  const say = (check: Check, subject: string, outcome: Outcome): void => {
    findings.push({ id: findingId(check), group: "enumeration", subject, ...outcome });
  };
  const { dead, planted, interrupted } = observed;
  const ended =
    interrupted !== undefined
      ? `the run was interrupted at: ${interrupted}`
      : dead !== undefined
        ? "the run ended before it"
        : undefined;
  // The bridges' room is asked when all names are; what was being asked passes by no half of itself.
  const cut = ended !== undefined && observed.bridge.length === 0;
  const last = observed.pairs.at(-1)?.name;
  const whole = (isLast: boolean, outcome: Outcome): Outcome =>
    cut && isLast && outcome.verdict === "pass"
      ? notTested(`${ended}; so far: ${outcome.message}`)
      : outcome;
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
    say("state", name, whole(name === last, alike(pairs)));
  for (const state of STATES)
    if (!observed.pairs.some(({ name }) => name === state))
      say(
        "state",
        state,
        notTested(
          // Guesses come when all states were asked.
          (observed.pairs.every(isState) ? ended : undefined) ?? unnamed(state),
        ),
      );
  for (const [name, pairs] of byKey(
    observed.pairs.filter((pair) => !isState(pair)),
    (pair) => pair.name,
  ))
    say("guess", name, whole(name === last, alike(pairs)));
  for (const timing of observed.timings)
    say("timing", `${timing.state}, by ${timing.way}`, evaluateTiming(timing));
  if (ended !== undefined) {
    for (const kind of GUESSES)
      if (!observed.pairs.some(({ name }) => name === kind)) say("guess", kind, notTested(ended));
    for (const { way, state } of TIMINGS.slice(observed.timings.length))
      say("timing", `${state}, by ${way}`, notTested(ended));
  }
  say("entry", domain, whole(true, entry(observed)));
  const posed = observed.bridge.filter(({ entered }) => entered).length;
  say(
    "bridge",
    domain,
    cut
      ? notTested(ended)
      : posed > 0
        ? fail(
            "a guest entered the bridges' room and can pose as one",
            observed.bridge.map(described),
          )
        : pass("a guest gets into no room of the bridges", observed.bridge.map(described)),
  );
  say("hidden", domain, evaluateOccupants(occupants));
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
      : planted.length === 0 || (interrupted !== undefined && observed.pairs.length === 0)
        ? "no oracle was planted, or not each"
        : planted.every(({ found }) => found)
          ? undefined
          : "a planted oracle wasn't found";
  return findings.map((finding) =>
    blind !== undefined && finding.verdict === "pass" && finding.id !== findingId("planted")
      ? { ...finding, verdict: "not-tested" as const, message: `${blind}: ${finding.message}` }
      : finding,
  );
}
