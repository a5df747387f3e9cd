/** Requests that a project may send: so many at once, refilled by one each so often. */
export interface Limit {
  /** @default 3600, Hetzner's own */
  readonly requests: number;
  /** @default 1, Hetzner's own: 3600 an hour */
  readonly perSecond: number;
}

/** One project's share. */
export class Bucket {
  readonly #limit: Limit;
  #left: number;
  #at = Date.now();

  constructor(limit: Limit) {
    this.#limit = limit;
    this.#left = limit.requests;
  }

  /** Takes one, if there is one; the headers tell how many are left. */
  take(): { readonly allowed: boolean; readonly headers: Record<string, string> } {
    const { requests, perSecond } = this.#limit;
    const now = Date.now();
    this.#left = Math.min(requests, this.#left + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    const allowed = this.#left >= 1;
    if (allowed) this.#left -= 1;
    return {
      allowed,
      headers: {
        "ratelimit-limit": String(requests),
        "ratelimit-remaining": String(Math.floor(this.#left)),
        "ratelimit-reset": String(Math.ceil(now / 1000 + (requests - this.#left) / perSecond)),
      },
    };
  }
}
