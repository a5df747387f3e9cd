/** What was answered to one try. It holds neither the name that was asked nor a token. */
export interface Answer {
  /** The answer with one spelling, and with words in the place of what the asker chose: {@link Pair}s are compared by it. */
  readonly text: string;
  /** Bytes that came, without those that repeat what was asked. */
  readonly bytes: number;
  /** Until the first of them, ms. */
  readonly ms: number;
  /** Whether this let somebody in. */
  readonly entered: boolean;
}

/** A name that tells something if it is answered otherwise than a name of the same form that was never issued. */
export interface Pair {
  /** The way it was asked, such as `presence`. */
  readonly way: string;
  /** What the name is: a state such as `live`, or a kind of guess such as `unicode`. */
  readonly name: string;
  /** What was done to the name, in words. */
  readonly what: string;
  readonly asked: Answer;
  readonly reference: Answer;
}

/** One comparison of times: a name in some state against one that was never issued. */
export interface Timing {
  readonly way: string;
  readonly state: string;
  /** Why it was left out; then there are no samples. */
  readonly left?: string;
  /** Each side's tries within a pair. */
  readonly tries: number;
  /** Differences within pairs, ms: the sample, and a second one when the first was significant. */
  readonly samples: readonly (readonly number[])[];
}

/** A fault that stood between us and the server, and whether it was found. */
export interface Planted {
  /** `stanza`, `size` or `time`. */
  readonly fault: string;
  readonly way: string;
  readonly found: boolean;
  readonly seen: string;
}

/** The occupants of a room, as the server names them to an operator. */
export interface Held {
  readonly count: number;
  /** SHA-256 of the nicks in order, a line each, in hex. */
  readonly nicks: string;
}

/** Whom a member of the live room sees in it, before and after the server was asked, and whom it holds. */
export interface Occupants {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly held: Held;
}

/** A run, whole, as it comes from the vantage point. */
export interface Observed {
  /** Why the positive control failed; absent: the moderator joined, and the server let the guest wait. */
  readonly dead?: string;
  /** At what it was interrupted; absent: it ran to its end. */
  readonly interrupted?: string;
  readonly control: readonly string[];
  readonly planted: readonly Planted[];
  readonly pairs: readonly Pair[];
  readonly timings: readonly Timing[];
  /** Tries to be a bridge. */
  readonly bridge: readonly Answer[];
  /** Frames that came and answered nothing that was asked: what they are called. */
  readonly unasked: readonly string[];
  /** Likely names that were tried. */
  readonly likely: number;
  readonly tries: { readonly handshakes: number; readonly stanzas: number };
  /** The most in any second. */
  readonly seconds: number;
  readonly seed: number;
}
