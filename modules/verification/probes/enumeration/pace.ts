import { setTimeout as sleep } from "node:timers/promises";

/** Bounds of one run: nobody's server shall notice more of it than of a few people. */
export interface Limits {
  /** Handshakes a second, at most. */
  readonly handshakes: number;
  /** Questions a second in a session, at most; each is two stanzas. */
  readonly stanzas: number;
  /** Seconds, at most: what doesn't fit in reads not-tested. */
  readonly seconds: number;
}

/** Lets one thing at a time happen, at most so many a second. */
export class Pace {
  count = 0;
  private readonly gap: number;
  private readonly signal: AbortSignal;
  private next = 0;

  constructor(perSecond: number, signal: AbortSignal) {
    this.gap = 1_000 / perSecond;
    this.signal = signal;
  }

  /** @throws Error once the run is stopped: nothing is asked any more */
  async turn(): Promise<void> {
    this.signal.throwIfAborted();
    this.count++;
    const wait = this.next - performance.now();
    if (wait > 0) await sleep(wait, undefined, { signal: this.signal });
    this.next = performance.now() + this.gap;
  }
}
