/** Who is in a room, as far as the streams go. */
export interface Room {
  readonly people: number;
  /** People with their camera on. */
  readonly senders: number;
  /** Cameras that one person gets at most. */
  readonly lastN: number;
}

/** What one person gets, or a whole room: a second. */
export interface Sent {
  readonly videos: number;
  readonly bits: number;
  readonly packets: number;
}

/** Cameras that those who send get (all but their own), and those who only watch. */
export const videosTo = ({ senders, lastN, people }: Room) => ({
  sender: Math.min(lastN, Math.max(0, senders - 1)),
  watcher: people > senders ? Math.min(lastN, senders) : 0,
});

/**
 * From people and cameras to what a bridge sends to a room: the one chain, for published tests and
 * for plans.
 *
 * @param view what a person gets who is shown so many cameras.
 */
export function sentTo(room: Room, view: (cameras: number) => Sent): Sent {
  const { people, senders } = room;
  const { sender, watcher } = videosTo(room);
  const [a, b] = [view(sender), view(watcher)];
  const sum = (pick: (one: Sent) => number) => senders * pick(a) + (people - senders) * pick(b);
  return {
    videos: sum((one) => one.videos),
    bits: sum((one) => one.bits),
    packets: sum((one) => one.packets),
  };
}
