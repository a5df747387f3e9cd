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
 * The cheapest hosts that carry so much together, the whole demand by default, at least `least` of them:
 * every mixture of the flavours is looked at, but for those that can't become cheaper than `below`, or
 * than what was found.
 */
function cheapestCover(
  order: Together["allowed"],
  { least = 0, much = 1, below = Number.POSITIVE_INFINITY },
): Fleet | undefined {
  let cheapest = 0;
  order.forEach(({ part }, k) => {
    if (part.price < (order[cheapest]?.part.price ?? 0)) cheapest = k;
  });
  const cheapestPrice = order[cheapest]?.part.price ?? 0;
  let best: { counts: number[]; price: number } | undefined;
  const counts = new Array<number>(order.length).fill(0);
  const end = (price: number, hosts: number) => {
    const more = Math.max(0, least - hosts);
    const whole = price + more * cheapestPrice;
    if (whole >= (best?.price ?? below) - HAIR) return;
    const found = [...counts];
    found[cheapest] = (found[cheapest] ?? 0) + more;
    best = { counts: found, price: whole };
  };
  const search = (from: number, left: number, price: number, hosts: number): void => {
    if (left <= HAIR) {
      end(price, hosts);
      return;
    }
    const part = order[from]?.part;
    if (!part) return;
    const following = order[from + 1]?.part;
    const most = Math.ceil(left / part.carries - HAIR);
    for (let n = most; n >= 0; n--) {
      const rest = left - n * part.carries;
      // Even if the rest were bought by the share, at the best price that is left.
      const bound = following ? (Math.max(0, rest) * following.price) / following.carries : 0;
      const spent = price + n * part.price;
      if (n < most && (!following || spent + bound >= (best?.price ?? below) - HAIR)) break;
      counts[from] = n;
      search(from + 1, rest, spent, hosts + n);
    }
    counts[from] = 0;
  };
  search(0, much, 0, 0);
  return best;
}

/** Nobody takes a flavour that carries no more than another at no lower a price. */
const worth = (parts: readonly Choice[], part: Choice, at: number): boolean =>
  !parts.some(
    (other, i) =>
      i !== at &&
      other.carries >= part.carries &&
      other.price <= part.price &&
      (other.carries > part.carries || other.price < part.price || i < at),
  );

/** What goes with one flavour in reserve: no larger one is in the fleet. */
export interface Together {
  /** Where the flavour in reserve is in the order asked. */
  readonly spare: number;
  /** The best value first, so that a good fleet is found at once and most others are cut off. */
  readonly allowed: readonly { readonly part: Choice; readonly at: number }[];
}

/** Each flavour that is worth to be in reserve, with those that go with it. */
export function together(parts: readonly Choice[]): Together[] {
  const useful = parts
    .map((part, at) => ({ part, at }))
    .filter(({ part, at }) => worth(parts, part, at));
  const byValue = [...useful].sort(
    (a, b) =>
      a.part.price / a.part.carries - b.part.price / b.part.carries ||
      b.part.carries - a.part.carries,
  );
  return useful.map((spare) => ({
    spare: spare.at,
    allowed: byValue.filter(({ part }) => part.carries <= spare.part.carries),
  }));
}

/**
 * The cheapest fleet that still carries the whole demand when its largest host has failed, with at least
 * `least` hosts besides that one.
 */
export function cheapestFleet(parts: readonly Choice[], least: number): Fleet {
  let best: Fleet = { counts: [], price: Number.POSITIVE_INFINITY };
  for (const { spare, allowed } of together(parts)) {
    const cover = cheapestCover(allowed, { least: Math.max(1, least) });
    if (!cover) continue;
    const whole = cover.price + (parts[spare]?.price ?? 0);
    if (whole >= best.price - HAIR) continue;
    const all = new Array<number>(parts.length).fill(0);
    allowed.forEach(({ at }, k) => {
      all[at] = cover.counts[k] ?? 0;
    });
    all[spare] = (all[spare] ?? 0) + 1;
    best = { counts: all, price: whole };
  }
  return best;
}

/** What several shards ask for, in units of a small host. */
export interface ShardsAsked {
  readonly shards: number;
  /** Hosts of at least one unit each, for rooms that are spread over several. */
  readonly apart: number;
  /** Units that the other hosts carry together. */
  readonly rest: number;
}

/** A fleet of several shards. Flavours by their place in the order asked. */
export interface ShardedFleet {
  readonly counts: ReadonlyMap<number, number>;
  readonly price: number;
  /** The largest: in reserve, and to round up with. */
  readonly spare: number;
  /** The one that large rooms are spread over. */
  readonly apart: number;
}

/**
 * The cheapest fleet that several shards, which share no host, can be filled from, whichever way rooms
 * fall. Beside the hosts that are asked for there are the largest flavour's: one in reserve for each
 * shard, and one more for each shard but one. A shard that takes the largest hosts first, until it has
 * enough, takes less than one of these too many; so something is always left for the last.
 *
 * @param all flavours that carry units, not shares, as `together` has them.
 * @param below a price that is there already; only a lower one is looked for.
 */
export function cheapestSharded(
  all: readonly Together[],
  { shards, apart, rest }: ShardsAsked,
  below: number,
): ShardedFleet | undefined {
  let best: ShardedFleet | undefined;
  for (const { spare, allowed } of all) {
    const limit = (best?.price ?? below) - HAIR;
    const largest = allowed.find(({ at }) => at === spare)?.part;
    let wide: Together["allowed"][number] | undefined;
    let perUnit = Number.POSITIVE_INFINITY;
    for (const one of allowed) {
      perUnit = Math.min(perUnit, one.part.price / one.part.carries);
      if (one.part.carries >= 1 - HAIR && !(wide && wide.part.price <= one.part.price)) wide = one;
    }
    if (!largest || (apart > 0 && !wide)) continue;
    const beside = apart * (wide?.part.price ?? 0) + (2 * shards - 1) * largest.price;
    if (beside + Math.max(0, rest) * perUnit >= limit) continue;
    const cover = cheapestCover(allowed, { much: rest, below: limit - beside });
    if (!cover) continue;
    const counts = new Map(allowed.map(({ at }, k) => [at, cover.counts[k] ?? 0]));
    const own = wide?.at ?? spare;
    counts.set(own, (counts.get(own) ?? 0) + apart);
    counts.set(spare, (counts.get(spare) ?? 0) + 2 * shards - 1);
    best = { counts, price: beside + cover.price, spare, apart: own };
  }
  return best;
}
