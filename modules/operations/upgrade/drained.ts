import type { Role } from "../../planning/sizing/index.ts";

/** A host with its place, as far as an upgrade has to know it. */
export interface Place {
  readonly id: string;
  readonly role: Role;
  /** All that it carries. One that carries bridge and Prosody restarts as Prosody's host does: when no meeting runs. */
  readonly roles: readonly Role[];
  readonly shard: number;
}

/** How a bridge says that it is. */
export interface BridgeState {
  /** It is well, and in the room where its Jicofo looks for bridges. */
  readonly ready: boolean;
  /** It takes nobody new. */
  readonly drained: boolean;
  /** People whose media it forwards. */
  readonly people: number;
  /** Those whose sound or picture reached it in the last seconds; it counts them every 5 (videobridge.stats.interval). */
  readonly senders: number;
}

/** How a shard's Jicofo says that it is. */
export interface FocusState {
  readonly meetings: number;
  /** Bridges that it can use. */
  readonly bridges: number;
}

/** What an upgrade asks of a cluster. Whatever can't be asked or done is thrown. */
export interface Cluster {
  /** Undefined where nothing answers on the host, so that nobody is on it. */
  bridge(id: string): Promise<BridgeState | undefined>;
  /** Undefined where nothing answers. */
  focus(control: string): Promise<FocusState | undefined>;
  drain(id: string, on: boolean): Promise<void>;
  /** Has the shard's Jicofo invite everybody of a bridge to others. */
  move(id: string): Promise<void>;
  /** Restarts what waits on a host. @returns whether it is well afterwards */
  restart(id: string): Promise<boolean>;
  /** Throws when the person interrupts. */
  wait(seconds: number): Promise<void>;
  progress(line: string): void;
}

export interface Patience {
  /** Seconds that a meeting is given to end by itself. */
  readonly end: number;
  /** Whether what hasn't ended by then may be cut off where nothing can take it over. */
  readonly cut: boolean;
}

/** A host whose restart still waits, and why. */
export interface Left {
  readonly id: string;
  readonly why: string;
}

/** Seconds between two questions. */
const PACE = 3;

/** Seconds until Jicofo knows that a bridge is drained: a bridge tells it every 5 (videobridge.stats.interval); 12 were seen. */
const KNOWN = 12;

/** Seconds for people to be on another bridge. Each is invited anew, and its media takes some seconds. Assumed. */
const MOVED = 60;

/**
 * Seconds for the media of those who moved to reach their new bridge: 2 to 14 were seen. Before that the next restart
 * would only slow down what they wait for, and a release whose media doesn't work would take the next bridge, too.
 */
const HEARD = 30;

/** Seconds for a program in Java to start, to log in and to be seen: 6.5 on a quiet machine, 60 with several on a busy one. */
const BACK = 180;

/** Why a host's restart still waits. */
interface Refusal {
  readonly why: string;
  /** The host isn't well, so that nothing else may be touched. */
  readonly broken: boolean;
}

const busy = (why: string): Refusal => ({ why, broken: false });
const broken = (why: string): Refusal => ({ why, broken: true });

const people = (count: number): string => (count === 1 ? "1 person" : `${count} people`);

/**
 * Restarts what waits, so that nobody is cut off where another host can take over: relays, bridges one after the other,
 * control hosts last. It remembers nothing: what an interrupted run left is seen on the hosts. It stops at the first
 * host that isn't well, so that a bad release takes one host and no meeting.
 *
 * @param waiting hosts on which a restart waits
 * @param all every host of the instance
 * @returns those on which it still does
 */
export async function restartDrained(
  waiting: readonly Place[],
  all: readonly Place[],
  cluster: Cluster,
  patience: Patience,
): Promise<Left[]> {
  const upgrade = new Upgrade(all, cluster, patience);
  await upgrade.takeBack(waiting);
  const of = (role: Role) => waiting.filter((host) => host.role === role);
  const rest = waiting.filter(({ role }) => role !== "bridge" && role !== "control");
  const order = [...rest, ...of("bridge"), ...of("control")];
  const left: Left[] = [];
  for (const [i, host] of order.entries()) {
    const refusal = await upgrade.host(host);
    if (!refusal) continue;
    left.push({ id: host.id, why: refusal.why });
    if (!refusal.broken) continue;
    const why = `not begun, since ${host.id} isn't well`;
    return [...left, ...order.slice(i + 1).map(({ id }) => ({ id, why }))];
  }
  return left;
}

class Upgrade {
  readonly #bridges: readonly Place[];
  readonly #controls: readonly Place[];
  readonly #cluster: Cluster;
  readonly #patience: Patience;

  constructor(all: readonly Place[], cluster: Cluster, patience: Patience) {
    this.#bridges = all.filter(({ roles }) => roles.includes("bridge"));
    this.#controls = all.filter(({ roles }) => roles.includes("control"));
    this.#cluster = cluster;
    this.#patience = patience;
  }

  /** Bridges that an interrupted run left drained take people again, unless their restart still waits. */
  async takeBack(waiting: readonly Place[]): Promise<void> {
    for (const { id } of this.#bridges) {
      if (waiting.some((host) => host.id === id)) continue;
      if (!(await this.#cluster.bridge(id))?.drained) continue;
      this.#cluster.progress(`${id} was left drained: it takes people again`);
      await this.#cluster.drain(id, false);
    }
  }

  host(host: Place): Promise<Refusal | undefined> {
    if (host.role === "bridge") return this.#bridge(host);
    if (host.role === "control") return this.#control(host);
    return this.#restart(host, []);
  }

  /** Restarts a host, and waits until its shard's Jicofo can use these bridges. */
  async #restart(host: Place, needed: readonly Place[]): Promise<Refusal | undefined> {
    if (!(await this.#cluster.restart(host.id))) return broken("isn't well after its restart");
    const focus = this.#controls.find(({ shard }) => shard === host.shard);
    const missing = async () => {
      const taking = await Promise.all(needed.map((bridge) => this.#takes(bridge)));
      const seen = focus && (await this.#cluster.focus(focus.id));
      const usable = Math.min(taking.filter(Boolean).length, seen?.bridges ?? 0);
      return needed.length - usable;
    };
    if (needed.length === 0 || (await this.#none(missing, BACK)) <= 0) return undefined;
    return broken(`runs, and its Jicofo can't use ${names(needed)} after ${BACK} s`);
  }

  async #bridge(host: Place): Promise<Refusal | undefined> {
    const { id } = host;
    const state = await this.#cluster.bridge(id);
    const ready: Place[] = [];
    for (const other of this.#bridges)
      if (other.shard === host.shard && other.id !== id && (await this.#takes(other)))
        ready.push(other);
    const needed = [...ready, host];
    // Nobody is on a bridge that doesn't answer, and no other can be spared from one that stands alone.
    if (!state) return this.#restart(host, needed);
    if (ready.length === 0) {
      const still = await this.#ended(id);
      if (still > 0 && !this.#patience.cut)
        return busy(`${people(still)} on it, and no other bridge of its shard can take them`);
      return this.#restart(host, needed);
    }
    try {
      this.#cluster.progress(`${id}: takes nobody new from now on`);
      await this.#cluster.drain(id, true);
      await this.#cluster.wait(KNOWN);
      const refusal = (await this.#ended(id)) > 0 ? await this.#moved(id, ready) : undefined;
      if (refusal && (refusal.broken || !this.#patience.cut)) {
        await this.#cluster.drain(id, false);
        return refusal;
      }
      return await this.#restart(host, needed);
    } catch (error) {
      await this.#giveBack(id);
      throw error;
    }
  }

  async #control(host: Place): Promise<Refusal | undefined> {
    // Of all shards: people of another's meetings may have come by this host's nginx. Who can't be asked may carry
    // meetings: Prosody has them, too, while Jicofo is down.
    const meetings = async () => {
      let all = 0;
      for (const { id } of this.#controls)
        all += (await this.#cluster.focus(id))?.meetings ?? Number.POSITIVE_INFINITY;
      return all;
    };
    const now = await meetings();
    if (now > 0 && this.#patience.end > 0)
      this.#cluster.progress(
        `${host.id}: waits ${Number.isFinite(now) ? `for the end of ${now} meetings` : "for an answer of Jicofo"}`,
      );
    const still = await this.#none(meetings, this.#patience.end);
    if (still > 0 && !this.#patience.cut) return busy(this.#goOn(still));
    const ready: Place[] = [];
    for (const other of this.#bridges)
      if (other.shard === host.shard && (await this.#takes(other))) ready.push(other);
    return this.#restart(host, ready);
  }

  /** Why a control host isn't restarted. */
  #goOn(meetings: number): string {
    if (!Number.isFinite(meetings))
      return "a Jicofo doesn't answer, so that nobody knows whether meetings go on";
    return this.#controls.length > 1
      ? `${meetings} meetings go on, and its restart ends its own and cuts off who came by it to others`
      : `${meetings} of its meetings go on, and its restart ends all of them`;
  }

  /** Waits for people to leave a bridge by themselves. @returns how many are still there */
  async #ended(id: string): Promise<number> {
    const now = await this.#people(id);
    if (now > 0 && this.#patience.end > 0)
      this.#cluster.progress(`${id}: waits for ${people(now)} to end their meetings`);
    return this.#none(() => this.#people(id), this.#patience.end);
  }

  /** Has people invited to other bridges, and waits until their media arrives there. */
  async #moved(id: string, ready: readonly Place[]): Promise<Refusal | undefined> {
    const elsewhere = (what: "people" | "senders") => async () => {
      const states = await Promise.all(ready.map((other) => this.#cluster.bridge(other.id)));
      return states.reduce((sum, state) => sum + (state?.[what] ?? 0), 0);
    };
    const senders = elsewhere("senders");
    const before = await senders();
    const moving = await this.#cluster.bridge(id);
    this.#cluster.progress(`${id}: ${people(moving?.people ?? 0)} move to other bridges`);
    await this.#cluster.move(id);
    const still = await this.#none(() => this.#people(id), MOVED);
    if (still > 0) return busy(`${people(still)} couldn't be moved to ${names(ready)}`);
    const all = before + (moving?.senders ?? 0);
    // Some may have left, or switched off what they sent: what nobody at all sends is the bridge's fault.
    await this.#none(async () => all - (await senders()), HEARD);
    if (all === 0 || (await senders()) > 0 || (await elsewhere("people")()) === 0) return undefined;
    return broken(`its people moved to ${names(ready)}, where no media arrives after ${HEARD} s`);
  }

  /** Whether a bridge takes people: one that was just started does when it is warm. */
  async #takes({ id }: Place): Promise<boolean> {
    const state = await this.#cluster.bridge(id);
    return state?.ready === true && !state.drained;
  }

  async #people(id: string): Promise<number> {
    return (await this.#cluster.bridge(id))?.people ?? 0;
  }

  /** After a failure: what was begun is undone, as far as the bridge can be reached. */
  async #giveBack(id: string): Promise<void> {
    try {
      await this.#cluster.drain(id, false);
      this.#cluster.progress(`${id}: takes people again`);
    } catch {
      this.#cluster.progress(`${id}: is still drained, run \`polder upgrade\` again`);
    }
  }

  /** Asks until there is none, or the seconds are over. @returns how many there still are */
  async #none(count: () => Promise<number>, seconds: number): Promise<number> {
    for (let waited = 0; ; waited += PACE) {
      const still = await count();
      if (still <= 0 || waited >= seconds) return still;
      await this.#cluster.wait(PACE);
    }
  }
}

const names = (hosts: readonly Place[]): string => hosts.map(({ id }) => id).join(", ");
