import {
  ALPHA,
  type Answer,
  difference,
  differences,
  drawLikely,
  evaluateTiming,
  FORMS,
  type Invitation,
  type Links,
  MOST_PAIRS,
  neverIssued,
  neverIssuedBeside,
  type Observed,
  type Pair,
  PILOT,
  type Planted,
  POWER,
  plan,
  type Random,
  type Sample,
  SHIFT,
  STATES,
  type State,
  sampleSees,
  seeded,
  shiftTest,
  TIMINGS,
  type Times,
  type Timing,
  unnamed,
} from "../../enumeration/index.ts";
import { loadLikelyWords } from "./likely-words.ts";
import { type Limits, Pace } from "./pace.ts";
import { FAULTS, plantOracle } from "./planted-oracle.ts";
import { attemptEntry, Session } from "./session.ts";
import type { Door } from "./socket.ts";
import { brewery, DOOR_WAYS, type DoorWay, doorQuery, SESSION_WAYS } from "./ways.ts";

/** All that a run needs. It holds tokens: it goes to a worker by its standard input, nowhere else. */
export interface EnumerationQuestion extends Links {
  readonly door: Door;
  /** All likely names, not a draw of them. */
  readonly allLikely: boolean;
  readonly limits: Limits;
  /** Control hosts, each of which has a share of all names. */
  readonly shards: number;
  /** Draws and orders come again with it. */
  readonly seed: number;
}

/** The ways by which every form of a name is tried; the others get the states alone. */
const FORM_WAYS = ["presence", "disco info", "conference request"] as const;
const FORM_DOOR_WAY = "another room's token";
/** The ways behind which each oracle is planted: one in a session, one at the door. */
const PLANTED_WAYS = ["disco info", "no token"] as const;
/** Likely names between two looks at a never-issued one. */
const REFERENCE_EVERY = 25;

const isDoorWay = (way: string): way is DoorWay => (DOOR_WAYS as readonly string[]).includes(way);

/** A guest of another meeting who asks about rooms, at the door or from inside; comes again when thrown out. */
class Attacker {
  private session: Session | undefined;
  private readonly question: EnumerationQuestion;
  private readonly door: Door;
  private readonly paces: { readonly handshakes: Pace; readonly stanzas: Pace };
  readonly unasked: string[] = [];

  constructor(question: EnumerationQuestion, door: Door, paces: Attacker["paces"]) {
    this.question = question;
    this.door = door;
    this.paces = paces;
  }

  async ask(way: string, room: string): Promise<Answer> {
    if (isDoorWay(way)) {
      await this.paces.handshakes.turn();
      return attemptEntry(this.door, doorQuery(way, room, this.question.attacker.token));
    }
    const { domain } = this.door;
    return this.send(room, (id) => SESSION_WAYS[way]?.({ room, domain, id }) ?? "");
  }

  async send(room: string, stanza: (id: string) => string): Promise<Answer> {
    if (this.session === undefined || this.session.closed !== undefined) {
      this.leave();
      await this.paces.handshakes.turn();
      const { attacker } = this.question;
      this.session = await Session.enter(this.door, attacker.room, attacker.token);
    }
    await this.paces.stanzas.turn();
    return this.session.ask(room, stanza);
  }

  leave(): void {
    this.unasked.push(...(this.session?.unasked ?? []));
    this.session?.close();
    this.session = undefined;
  }
}

/**
 * One run against one instance. It never rejects: its result names what stopped it.
 *
 * @param signal ends the run at once; the result then holds what the run saw until that moment
 */
export async function enumerate(
  question: EnumerationQuestion,
  progress: (text: string) => void,
  signal: AbortSignal = new AbortController().signal,
): Promise<Observed> {
  const run = new Run(question, progress, signal);
  const stopped = new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  try {
    await Promise.race([run.all(), stopped]);
  } catch (error) {
    if (!signal.aborted) run.dead = error instanceof Error ? error.message : String(error);
  } finally {
    if (signal.aborted) run.interrupt();
    run.leave();
  }
  return run.observed();
}

class Run {
  dead: string | undefined = "it wasn't reached";
  private readonly control: string[] = [];
  private readonly planted: Planted[] = [];
  private readonly pairs: Pair[] = [];
  private readonly timings: Timing[] = [];
  private readonly bridge: Answer[] = [];
  private likely = 0;

  private readonly question: EnumerationQuestion;
  private readonly progress: (text: string) => void;
  private readonly random: Random;
  private readonly paces: { readonly handshakes: Pace; readonly stanzas: Pace };
  private readonly began = performance.now();
  private readonly attacker: Attacker;
  private readonly sessions: Session[] = [];
  private stage = "";
  private interrupted: string | undefined;

  constructor(
    question: EnumerationQuestion,
    progress: (text: string) => void,
    signal: AbortSignal,
  ) {
    const { limits, seed, door } = question;
    this.question = question;
    this.progress = (stage) => {
      this.stage = stage;
      progress(stage);
    };
    this.random = seeded(seed);
    this.paces = {
      handshakes: new Pace(limits.handshakes, signal),
      stanzas: new Pace(limits.stanzas, signal),
    };
    this.attacker = new Attacker(question, door, this.paces);
  }

  async all(): Promise<void> {
    this.progress("positive control: valid tokens");
    await this.letIn();
    this.progress("planted oracles");
    for (const way of PLANTED_WAYS) for (const fault of FAULTS) await this.find(fault, way);
    this.progress("names that were issued");
    await this.askStates();
    this.progress("guesses near a live name");
    await this.askForms();
    this.progress("likely names");
    await this.askLikely();
    this.progress("a guest as a bridge");
    this.bridge.push(
      await this.attacker.send("jvbbrewery", (id) => brewery(this.question.door.domain, id)),
    );
    for (const { way, state } of TIMINGS) {
      this.progress(`times: ${state}, by ${way}`);
      this.timings.push(await this.time(way, state));
    }
    await this.stillLive();
  }

  interrupt(): void {
    this.interrupted = this.stage;
    // Whether tokens work isn't known yet, or it is.
    if (this.control.length < 2) this.dead = "interrupted";
  }

  leave(): void {
    this.attacker.leave();
    for (const session of this.sessions) session.close();
  }

  observed(): Observed {
    return {
      ...(this.dead === undefined ? {} : { dead: this.dead }),
      ...(this.interrupted === undefined ? {} : { interrupted: this.interrupted }),
      control: this.control,
      planted: this.planted,
      pairs: this.pairs,
      timings: this.timings,
      bridge: this.bridge,
      unasked: this.attacker.unasked,
      likely: this.likely,
      tries: { handshakes: this.paces.handshakes.count, stanzas: this.paces.stanzas.count },
      seconds: (performance.now() - this.began) / 1_000,
      seed: this.question.seed,
    };
  }

  /** Seconds that are left. */
  private left(): number {
    return this.question.limits.seconds - (performance.now() - this.began) / 1_000;
  }

  private async enter({ room, token }: Invitation): Promise<Session> {
    await this.paces.handshakes.turn();
    const session = await Session.enter(this.question.door, room, token);
    this.sessions.push(session);
    return session;
  }

  /** The positive control; the moderator stays, so that the room is live. @throws Error when it fails */
  private async letIn(): Promise<void> {
    const { moderator, guest } = this.question;
    const live = await this.enter(moderator);
    const joined = await live.join(moderator.room);
    if (joined !== "joined") throw new Error(`the moderator can't join: ${joined}`);
    this.control.push("the moderator joined");
    live.stay();
    const waits = await (await this.enter(guest)).join(guest.room);
    if (waits !== "registration-required")
      throw new Error(`the guest isn't told to wait (registration-required), but: ${waits}`);
    this.control.push("the guest is told to wait");
    this.dead = undefined;
  }

  /** The control's other half: what was compared was a live meeting to the end. @throws Error */
  private async stillLive(): Promise<void> {
    const [moderator] = this.sessions;
    if (!(await moderator?.isIn(this.question.moderator.room)))
      throw new Error(
        "the moderator was put out during the run: the meeting wasn't live to its end",
      );
    this.control.push("the moderator was in to the end");
  }

  private async pair(
    way: string,
    name: string,
    what: string,
    room: string,
    reference: string,
  ): Promise<void> {
    const asked = await this.attacker.ask(way, room);
    const answer = await this.attacker.ask(way, reference);
    this.pairs.push({ way, name, what, asked, reference: answer });
  }

  private roomsOf(state: State): readonly string[] {
    return state === "live" ? [this.question.moderator.room] : this.question.names[state];
  }

  private async askStates(): Promise<void> {
    for (const state of STATES)
      for (const room of this.roomsOf(state))
        for (const way of [...DOOR_WAYS, ...Object.keys(SESSION_WAYS)])
          await this.pair(way, state, `a meeting that is ${state}`, room, neverIssued(this.random));
  }

  private async askForms(): Promise<void> {
    const { room } = this.question.moderator;
    for (const { kind, what, change } of FORMS) {
      const reference = change(neverIssued(this.random));
      for (const way of [FORM_DOOR_WAY, ...FORM_WAYS])
        await this.pair(way, kind, what, change(room), reference);
    }
  }

  private async askLikely(): Promise<void> {
    const names = drawLikely(loadLikelyWords(), this.question.allLikely, this.random);
    let reference: Answer | undefined;
    for (const [i, room] of names.entries()) {
      if (i % REFERENCE_EVERY === 0)
        reference = await this.attacker.ask("presence", neverIssued(this.random));
      const asked = await this.attacker.ask("presence", room);
      const what = `the name "${room}"`;
      if (reference) this.pairs.push({ way: "presence", name: "likely", what, asked, reference });
      this.likely++;
    }
  }

  /** Times of one name and of one that was never issued, by turns; who begins is tossed. */
  private async sample(
    attacker: Attacker,
    way: string,
    names: { readonly asked: string; readonly never: string },
    { pairs, tries }: Sample,
  ): Promise<Times[]> {
    const taken: Times[] = [];
    for (let i = 0; i < pairs; i++) {
      const times = { asked: [] as number[], never: [] as number[] };
      const order =
        this.random() < 0.5 ? (["asked", "never"] as const) : (["never", "asked"] as const);
      for (let at = 0; at < tries; at++)
        for (const side of order) times[side].push((await attacker.ask(way, names[side])).ms);
      taken.push(times);
    }
    return taken;
  }

  /** Measures the noise, plans a sample by it, takes it, and a second one if the first is significant. */
  private async time(way: string, state: State, attacker = this.attacker): Promise<Timing> {
    const none = (left: string): Timing => ({ way, state, left, tries: 0, samples: [] });
    const [asked] = this.roomsOf(state);
    if (asked === undefined) return none(unnamed(state));
    // Both are asked equally often: what a server keeps of a name is then the same for both.
    const { shards } = this.question;
    const names = { asked, never: neverIssuedBeside(asked, shards, this.random) };
    const { handshakes, stanzas } = this.question.limits;
    const pace = isDoorWay(way) ? handshakes : stanzas;
    const fits = (one: Sample): boolean => (2 * one.pairs * one.tries) / pace < this.left();
    if (!fits(PILOT)) return none("the time of the run was used up");
    const pilot = await this.sample(attacker, way, names, PILOT);
    const sample = plan(pilot, SHIFT, ALPHA, POWER.planned, this.random);
    if (!sample) return none(`too much noise: ${SHIFT} ms can't be seen in any sample`);
    const timing = { way, state, tries: sample.tries };
    /** Pairs until 2 ms would be seen by their own noise, which may be more than the pilot's. */
    const taken = async (least: number): Promise<number[]> => {
      const all: number[] = [];
      do {
        const more = { ...sample, pairs: Math.max(sample.pairs, least - all.length) };
        if (!fits(more)) return [];
        all.push(...differences(await this.sample(attacker, way, names, more), sample.tries));
      } while (all.length + sample.pairs <= MOST_PAIRS && sampleSees(all) < POWER.demanded);
      return all;
    };
    const first = await taken(sample.pairs);
    if (first.length === 0) return none(`the time of the run doesn't do for ${sample.pairs} pairs`);
    if (shiftTest(first).p > ALPHA) return { ...timing, samples: [first] };
    const second = await taken(first.length);
    if (second.length === 0)
      return none("one sample shows a difference, and there is no time for another");
    return { ...timing, samples: [first, second] };
  }

  private async find(fault: (typeof FAULTS)[number], way: string): Promise<void> {
    const { moderator, door } = this.question;
    const planted = await plantOracle(door, moderator.room, fault);
    const attacker = new Attacker(this.question, planted.door, this.paces);
    try {
      if (fault === "time") {
        const { verdict, message } = evaluateTiming(await this.time(way, "live", attacker));
        this.planted.push({ fault, way, found: verdict === "fail", seen: message });
        return;
      }
      const asked = await attacker.ask(way, moderator.room);
      const reference = await attacker.ask(way, neverIssued(this.random));
      const seen = difference({ asked, reference });
      const found = seen.includes(fault);
      this.planted.push({
        fault,
        way,
        found,
        seen: `differs by ${seen.join(" and ") || "nothing"}`,
      });
    } finally {
      attacker.leave();
      planted.close();
    }
  }
}
