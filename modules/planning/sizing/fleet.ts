/** A flavour, as far as a fleet goes. */
export interface Choice {
  readonly name: string;
  /** The share of the whole demand that one host carries. */
  readonly carries: number;
  readonly price: number;
}

/** How many of each flavour, in the order asked. */
export interface Fleet {
  readonly counts: readonly number[];
  readonly price: number;
}

/** A hair less, so that 3.0000000000000004 hosts, the sum of many loads, are 3. */
const HAIR = 1e-9;

/**
 * The cheapest hosts that carry the whole demand together, at least `least` of them: every mixture of
 * the flavours is looked at, but for those that can't become cheaper than what was found.
 */
function cheapestCover(parts: readonly Choice[], least: number): Fleet {
  // The best value first, so that a good fleet is found at once and most others are cut off.
  const order = parts
    .map((part, at) => ({ ...part, at }))
    .sort((a, b) => a.price / a.carries - b.price / b.carries || b.carries - a.carries);
  const cheapest = order.reduce((a, b) => (b.price < a.price ? b : a));
  let best: { counts: number[]; price: number } = { counts: [], price: Number.POSITIVE_INFINITY };
  const counts = new Array<number>(parts.length).fill(0);
  const end = (price: number, hosts: number) => {
    const more = Math.max(0, least - hosts);
    const whole = price + more * cheapest.price;
    if (whole >= best.price - HAIR) return;
    const found = [...counts];
    found[cheapest.at] = (found[cheapest.at] ?? 0) + more;
    best = { counts: found, price: whole };
  };
  const search = (from: number, left: number, price: number, hosts: number): void => {
    if (left <= HAIR) {
      end(price, hosts);
      return;
    }
    const part = order[from];
    if (!part) return;
    const following = order[from + 1];
    const most = Math.ceil(left / part.carries - HAIR);
    for (let n = most; n >= 0; n--) {
      const rest = left - n * part.carries;
      // Even if the rest were bought by the share, at the best price that is left.
      const bound = following ? (Math.max(0, rest) * following.price) / following.carries : 0;
      const spent = price + n * part.price;
      if (n < most && (!following || spent + bound >= best.price - HAIR)) break;
      counts[part.at] = n;
      search(from + 1, rest, spent, hosts + n);
    }
    counts[part.at] = 0;
  };
  search(0, 1, 0, 0);
  return best;
}

/**
 * The cheapest fleet that still carries the whole demand when its largest host has failed, with at least
 * `least` hosts besides that one.
 */
export function cheapestFleet(parts: readonly Choice[], least: number): Fleet {
  // Nobody takes a flavour that carries no more than another at no lower a price.
  const worth = (part: Choice, at: number) =>
    !parts.some(
      (other, i) =>
        i !== at &&
        other.carries >= part.carries &&
        other.price <= part.price &&
        (other.carries > part.carries || other.price < part.price || i < at),
    );
  let best: Fleet = { counts: [], price: Number.POSITIVE_INFINITY };
  for (const [i, spare] of parts.entries()) {
    if (!worth(spare, i)) continue;
    // A fleet with this one in reserve: no larger one is in it.
    const allowed = parts
      .map((part, at) => ({ part, at }))
      .filter(({ part, at }) => part.carries <= spare.carries && worth(part, at));
    const { counts, price } = cheapestCover(
      allowed.map(({ part }) => part),
      Math.max(1, least),
    );
    if (price + spare.price >= best.price - HAIR) continue;
    const all = new Array<number>(parts.length).fill(0);
    allowed.forEach(({ at }, k) => {
      all[at] = counts[k] ?? 0;
    });
    all[i] = (all[i] ?? 0) + 1;
    best = { counts: all, price: price + spare.price };
  }
  return best;
}
