/** Rooms of one size. */
export interface Rooms {
  readonly kind: string;
  readonly rooms: number;
  /** People in each. */
  readonly people: number;
  /** Bridges that each asks for, in parts of one. */
  readonly bridges: number;
  /** Of these, as many as it is spread over, whatever they carry; none where one is enough. */
  readonly apart: number;
}

/** What one shard carries. */
export interface Shard {
  readonly shard: number;
  readonly rooms: readonly { readonly kind: string; readonly rooms: number }[];
  /** People in these rooms, growth not included. */
  readonly people: number;
  /** Bridges that they ask for, before rounding up. */
  readonly needs: number;
  /** Of these, as many as its large rooms are spread over. */
  readonly apart: number;
}

interface Packing {
  readonly shards: number;
  /**
   * Rooms with more people than this get a shard each, smaller ones fill further shards. Without it,
   * each room counts as the next larger half, quarter, eighth... of a shard.
   */
  readonly threshold?: number;
}

/** The part of a shard, a power of 1/2, that holds a room: such parts fit together without a gap. */
const part = (people: number, most: number): number =>
  2 ** -Math.floor(Math.log2(most / people) + 1e-12);

/**
 * Shards that hold these rooms whole, at most `most` people in each. Two ways are always enough, and
 * never give fewer when a room grows or one more comes, as a packing heuristic may: for a threshold t,
 * larger rooms get a shard each, and smaller ones fill further shards to at least `most - t + 1`; or
 * each room takes a power of 1/2 of a shard. The fewest shards of all these ways are taken.
 */
export function shardsFor(rooms: readonly Rooms[], most: number): Packing {
  let best: Packing = {
    shards: Math.ceil(rooms.reduce((sum, one) => sum + one.rooms * part(one.people, most), 0)),
  };
  // Between the sizes of two rooms the smallest threshold is the best. Beyond half of a shard a small
  // room would count for more than a large one.
  const sizes = [...new Set([1, ...rooms.map((one) => Math.ceil(one.people))])];
  const half = Math.floor((most + 1) / 2);
  for (const threshold of sizes.filter((size) => size <= half).sort((a, b) => a - b)) {
    let [alone, people] = [0, 0];
    for (const one of rooms) {
      if (one.people > threshold) alone += one.rooms;
      else people += one.rooms * one.people;
    }
    const shards = alone + Math.ceil(people / (most - threshold + 1));
    if (shards < best.shards) best = { shards, threshold };
  }
  return best;
}

interface Open {
  people: number;
  needs: number;
  apart: number;
  readonly rooms: Map<string, number>;
}

const put = (shard: Open, one: Rooms): void => {
  shard.people += one.people;
  shard.needs += one.bridges;
  shard.apart += one.apart;
  shard.rooms.set(one.kind, (shard.rooms.get(one.kind) ?? 0) + 1);
};

/** Each room, the heaviest first, to the shard with the least load that has a seat for all of it. */
function balanced(rooms: readonly Rooms[], shards: number, most: number): Open[] | undefined {
  const open = Array.from(
    { length: shards },
    (): Open => ({ people: 0, needs: 0, apart: 0, rooms: new Map() }),
  );
  for (const one of rooms) {
    for (let i = 0; i < one.rooms; i++) {
      let least: Open | undefined;
      for (const shard of open)
        if (shard.people + one.people <= most && !(least && least.needs <= shard.needs))
          least = shard;
      if (!least) return undefined;
      put(least, one);
    }
  }
  return open;
}

/** As `shardsFor` counts them; rooms come the largest first. */
function filled(rooms: readonly Rooms[], { threshold }: Packing, most: number): Open[] {
  const open: Open[] = [];
  if (threshold === undefined) {
    const free: number[] = [];
    for (const one of rooms) {
      const size = part(one.people, most);
      for (let i = 0; i < one.rooms; i++) {
        let at = free.findIndex((space) => space >= size);
        if (at < 0) {
          at = free.push(1) - 1;
          open.push({ people: 0, needs: 0, apart: 0, rooms: new Map() });
        }
        free[at] = (free[at] ?? 0) - size;
        put(open[at] as Open, one);
      }
    }
    return open;
  }
  let last: Open | undefined;
  const more = (): Open => {
    const shard: Open = { people: 0, needs: 0, apart: 0, rooms: new Map() };
    open.push(shard);
    return shard;
  };
  for (const one of rooms) {
    for (let i = 0; i < one.rooms; i++) {
      if (one.people > threshold) put(more(), one);
      else {
        if (!last || last.people + one.people > most) last = more();
        put(last, one);
      }
    }
  }
  return open;
}

/** Which shard carries which rooms: as even as their load allows, no room in two. */
export function assignRooms(rooms: readonly Rooms[], shards: number, most: number): Shard[] {
  const heaviest = [...rooms].sort((a, b) => b.people - a.people || b.bridges - a.bridges);
  const open = balanced(heaviest, shards, most) ?? filled(heaviest, shardsFor(rooms, most), most);
  while (open.length < shards) open.push({ people: 0, needs: 0, apart: 0, rooms: new Map() });
  return open.map((one, i) => ({
    shard: i + 1,
    rooms: [...one.rooms].map(([kind, count]) => ({ kind, rooms: count })),
    people: one.people,
    needs: one.needs,
    apart: one.apart,
  }));
}
