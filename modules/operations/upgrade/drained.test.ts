import { describe, expect, it } from "vitest";
import {
  type BridgeState,
  type Cluster,
  type FocusState,
  type Left,
  type Patience,
  type Place,
  restartDrained,
} from "./drained.ts";

interface ModelBridge extends Place {
  ready: boolean;
  drained: boolean;
  people: number;
  /** Whether media reaches it. */
  deaf: boolean;
}

const FAULT = new Error("planted");

/**
 * A model of a cluster, which counts what an upgrade must never do. Real hosts are asked by `make acceptance`; a model
 * alone can fail at each of its calls in turn.
 */
class ModelCluster implements Cluster {
  readonly hosts: Place[];
  readonly #bridges: ModelBridge[];
  readonly pending: Set<string>;
  readonly lines: string[] = [];
  readonly wrong: string[] = [];
  readonly restarted: string[] = [];
  meetings = 1;
  /** Restarts that end with a host that isn't well, by its id. */
  readonly bad = new Set<string>();
  /** Whether Jicofo answers. */
  answers = true;
  /** Whether Jicofo moves anybody. */
  moves = true;
  /** How often somebody waits until a bridge that was restarted takes people. */
  warmth = 0;
  /** How often somebody waits until the media of those who moved arrives. */
  way = 0;
  #coming: { readonly to: ModelBridge; waits: number }[] = [];
  #cold: { readonly bridge: ModelBridge; waits: number }[] = [];
  calls = 0;
  /** The call that fails. */
  failsAt = 0;

  constructor({ shards = 1, bridges = 2, people = 3, relays = 2 } = {}) {
    const of = (role: Place["role"], shard: number, count: number, first = 0): Place[] =>
      Array.from({ length: count }, (_, i) => ({
        id: `${role}-${first + i + 1}`,
        role,
        roles: [role],
        shard,
      }));
    const all = Array.from({ length: shards }, (_, i) => i + 1);
    this.hosts = [
      ...all.flatMap((shard) => of("control", shard, 1, shard - 1)),
      ...of("turn", 0, relays),
      ...all.flatMap((shard) => of("bridge", shard, bridges, (shard - 1) * bridges)),
    ];
    this.#bridges = this.hosts
      .filter(({ role }) => role === "bridge")
      .map((host) => ({ ...host, ready: true, drained: false, people, deaf: false }));
    this.pending = new Set(this.hosts.map(({ id }) => id));
  }

  model(id: string): ModelBridge {
    const found = this.#bridges.find((one) => one.id === id);
    if (!found) throw new Error(id);
    return found;
  }

  get waiting(): Place[] {
    return this.hosts.filter(({ id }) => this.pending.has(id));
  }

  get drained(): string[] {
    return this.#bridges.filter(({ drained }) => drained).map(({ id }) => id);
  }

  #called(): void {
    if (++this.calls === this.failsAt) throw FAULT;
  }

  async bridge(id: string): Promise<BridgeState | undefined> {
    this.#called();
    const { ready, drained, people, deaf } = this.model(id);
    const coming = this.#coming.filter(({ to }) => to.id === id).length;
    const senders = deaf || coming > 0 ? 0 : people;
    return { ready, drained, people, senders };
  }

  async focus(control: string): Promise<FocusState | undefined> {
    this.#called();
    if (!this.answers) return undefined;
    const shard = this.hosts.find(({ id }) => id === control)?.shard;
    const bridges = this.#bridges.filter((one) => one.shard === shard && one.ready).length;
    return { meetings: this.meetings, bridges };
  }

  async drain(id: string, on: boolean): Promise<void> {
    this.#called();
    const bridge = this.model(id);
    const out = this.#bridges.filter(
      (one) => one.shard === bridge.shard && one.id !== id && (one.drained || !one.ready),
    );
    if (on && out.length > 0) this.wrong.push(`${id} drained while ${out[0]?.id} is out`);
    bridge.drained = on;
  }

  async move(id: string): Promise<void> {
    this.#called();
    const from = this.model(id);
    const [to] = this.#bridges.filter(
      (one) => one.shard === from.shard && one.id !== id && one.ready && !one.drained,
    );
    if (!this.moves || !to) return;
    if (this.way > 0) this.#coming.push({ to, waits: this.way });
    to.people += from.people;
    from.people = 0;
  }

  async restart(id: string): Promise<boolean> {
    this.#called();
    this.restarted.push(id);
    if (this.#coming.length > 0) this.wrong.push(`${id} before people's media came`);
    const bridge = this.#bridges.find((one) => one.id === id);
    if (bridge && bridge.people > 0) this.wrong.push(`${bridge.people} people cut off on ${id}`);
    if (id.startsWith("control") && this.meetings > 0) this.wrong.push(`meetings cut off on ${id}`);
    if (id.startsWith("control") && [...this.pending].some((one) => !one.startsWith("control")))
      this.wrong.push(`${id} before bridges and relays`);
    const isWell = !this.bad.has(id);
    if (bridge) Object.assign(bridge, { drained: this.warmth > 0, ready: isWell, people: 0 });
    if (bridge && this.warmth > 0) this.#cold.push({ bridge, waits: this.warmth });
    if (isWell) this.pending.delete(id);
    return isWell;
  }

  async wait(): Promise<void> {
    this.#called();
    for (const cold of this.#cold) if (--cold.waits === 0) cold.bridge.drained = false;
    for (const one of this.#coming) one.waits--;
    this.#coming = this.#coming.filter(({ waits }) => waits > 0);
  }

  progress(line: string): void {
    this.lines.push(line);
  }
}

const GENTLE: Patience = { end: 0, cut: false };
const run = (cluster: ModelCluster, patience = GENTLE): Promise<Left[]> =>
  restartDrained(cluster.waiting, cluster.hosts, cluster, patience);

describe("restarts that cut nobody off", () => {
  it("come to relays, bridges one after the other, and to control hosts when their meetings have ended", async () => {
    const cluster = new ModelCluster({ shards: 2 });
    cluster.meetings = 0;
    expect(await run(cluster)).toEqual([]);
    const bridges = ["bridge-1", "bridge-2", "bridge-3", "bridge-4"];
    const order = ["turn-1", "turn-2", ...bridges, "control-1", "control-2"];
    expect(cluster.restarted).toEqual(order);
    expect(cluster.wrong).toEqual([]);
    expect(cluster.drained).toEqual([]);
  });

  it("wait until a bridge that was restarted takes people, before they go on to the next one", async () => {
    const cluster = new ModelCluster({ bridges: 3 });
    cluster.meetings = 0;
    cluster.warmth = 3;
    expect(await run(cluster)).toEqual([]);
    expect(cluster.wrong).toEqual([]);
    expect(cluster.restarted).toHaveLength(6);
  });

  it("leave what would end meetings, with the reason, and do all else", async () => {
    const cluster = new ModelCluster();
    expect(await run(cluster)).toEqual([
      { id: "control-1", why: "1 of its meetings go on, and its restart ends all of them" },
    ]);
    expect(cluster.wrong).toEqual([]);
    cluster.meetings = 0;
    expect(await run(cluster)).toEqual([]);
    expect(cluster.restarted.filter((id) => id.startsWith("bridge"))).toHaveLength(2);
  });

  it("leave a control host whose Jicofo can't be asked: meetings may go on", async () => {
    const cluster = new ModelCluster();
    for (const { id, role } of cluster.hosts) if (role !== "control") cluster.pending.delete(id);
    cluster.answers = false;
    const why = "a Jicofo doesn't answer, so that nobody knows whether meetings go on";
    expect(await run(cluster)).toEqual([{ id: "control-1", why }]);
    expect(cluster.restarted).toEqual([]);
  });

  it("leave every control host while any shard has meetings: people come by each", async () => {
    const cluster = new ModelCluster({ shards: 2 });
    for (const { id, role } of cluster.hosts) if (role !== "control") cluster.pending.delete(id);
    const why =
      "2 meetings go on, and its restart ends its own and cuts off who came by it to others";
    expect(await run(cluster)).toEqual([
      { id: "control-1", why },
      { id: "control-2", why },
    ]);
    expect(cluster.restarted).toEqual([]);
  });

  it("leave a bridge that stands alone until nobody is on it", async () => {
    const cluster = new ModelCluster({ bridges: 1 });
    const why = "3 people on it, and no other bridge of its shard can take them";
    expect((await run(cluster))[0]).toEqual({ id: "bridge-1", why });
    cluster.meetings = 0;
    cluster.model("bridge-1").people = 0;
    expect(await run(cluster)).toEqual([]);
    expect(cluster.wrong).toEqual([]);
  });

  it("leave a bridge whose people can't be moved, and let it take people again", async () => {
    const cluster = new ModelCluster();
    cluster.moves = false;
    const left = await run(cluster);
    expect(left.map(({ id }) => id)).toEqual(["bridge-1", "bridge-2", "control-1"]);
    expect(cluster.drained).toEqual([]);
    expect(cluster.wrong).toEqual([]);
  });

  it("wait until the media of those who moved arrives on their new bridge", async () => {
    const cluster = new ModelCluster();
    cluster.meetings = 0;
    cluster.way = 4;
    expect(await run(cluster)).toEqual([]);
    expect(cluster.wrong).toEqual([]);
  });

  it("stop where no media arrives, before they take the bridge that people could go back to", async () => {
    const cluster = new ModelCluster({ bridges: 3 });
    for (const id of ["bridge-2", "bridge-3"]) cluster.model(id).deaf = true;
    const [first, ...others] = await run(cluster, { end: 0, cut: true });
    const why = "its people moved to bridge-2, bridge-3, where no media arrives after 30 s";
    expect(first).toEqual({ id: "bridge-1", why });
    expect(others.map(({ id }) => id)).toEqual(["bridge-2", "bridge-3", "control-1"]);
    expect(cluster.restarted).toEqual(["turn-1", "turn-2"]);
    expect(cluster.drained).toEqual([]);
  });

  it("go on where nobody of those who moved sends anything", async () => {
    const cluster = new ModelCluster();
    cluster.meetings = 0;
    for (const id of ["bridge-1", "bridge-2"]) cluster.model(id).deaf = true;
    expect(await run(cluster)).toEqual([]);
  });

  it("cut people off where that was asked for, and only then", async () => {
    const cluster = new ModelCluster({ bridges: 1 });
    expect(await run(cluster, { end: 0, cut: true })).toEqual([]);
    expect(cluster.wrong).toEqual([
      "3 people cut off on bridge-1",
      "meetings cut off on control-1",
    ]);
  });

  it("stop at the first host that isn't well", async () => {
    const cluster = new ModelCluster({ bridges: 3 });
    cluster.bad.add("bridge-2");
    const left = await run(cluster);
    expect(left[0]).toEqual({ id: "bridge-2", why: "isn't well after its restart" });
    expect(left.slice(1).map(({ id }) => id)).toEqual(["bridge-3", "control-1"]);
    expect(cluster.restarted).toEqual(["turn-1", "turn-2", "bridge-1", "bridge-2"]);
    expect(cluster.drained).toEqual([]);
  });

  it("give back a bridge that an earlier run left drained and that waits for nothing", async () => {
    const cluster = new ModelCluster();
    cluster.model("bridge-2").drained = true;
    cluster.pending.clear();
    expect(await run(cluster)).toEqual([]);
    expect(cluster.drained).toEqual([]);
    expect(cluster.lines).toEqual(["bridge-2 was left drained: it takes people again"]);
  });
});

describe("a failure at any step", () => {
  /** How many calls a run without failure makes. */
  const callsOf = async (make: () => ModelCluster): Promise<number> => {
    const cluster = make();
    await run(cluster);
    return cluster.calls;
  };
  const make = (): ModelCluster => {
    const cluster = new ModelCluster({ shards: 2, bridges: 2 });
    cluster.meetings = 0;
    return cluster;
  };
  /** Runs, and lets the planted fault alone pass. */
  const fails = async (cluster: ModelCluster, at: number): Promise<void> => {
    cluster.failsAt = cluster.calls + at;
    await run(cluster).catch((error: unknown) => {
      if (error !== FAULT) throw error;
    });
    cluster.failsAt = 0;
  };

  it("leaves no bridge drained, cuts nobody off, and the next run goes on from there", async () => {
    for (let at = 1; at <= (await callsOf(make)); at++) {
      const cluster = make();
      await fails(cluster, at);
      expect(cluster.drained, `call ${at}`).toEqual([]);
      expect(await run(cluster), `call ${at}`).toEqual([]);
      expect([...cluster.pending], `call ${at}`).toEqual([]);
      expect(cluster.wrong, `call ${at}`).toEqual([]);
    }
  });

  it("may be followed by another in the next run", async () => {
    const calls = await callsOf(make);
    for (let first = 1; first <= calls; first += 2)
      for (let second = 1; second <= calls; second += 2) {
        const cluster = make();
        await fails(cluster, first);
        await fails(cluster, second);
        expect(await run(cluster), `calls ${first}, ${second}`).toEqual([]);
        expect(cluster.wrong, `calls ${first}, ${second}`).toEqual([]);
        expect(cluster.drained, `calls ${first}, ${second}`).toEqual([]);
      }
  });
});

describe("one host that carries all of meetings", () => {
  /** Its restart ends media and signalling at once; what it is asked is written down. */
  class OneHost implements Cluster {
    readonly host: Place = {
      id: "control-1",
      role: "control",
      roles: ["control", "bridge", "turn"],
      shard: 1,
    };
    readonly asked: string[] = [];
    meetings = 0;
    ready = true;

    async bridge(): Promise<BridgeState> {
      const people = 3 * this.meetings;
      return { ready: this.ready, drained: false, people, senders: people };
    }
    async focus(): Promise<FocusState> {
      return { meetings: this.meetings, bridges: this.ready ? 1 : 0 };
    }
    async drain(id: string): Promise<void> {
      this.asked.push(`drain ${id}`);
    }
    async move(id: string): Promise<void> {
      this.asked.push(`move ${id}`);
    }
    async restart(id: string): Promise<boolean> {
      this.asked.push(`restart ${id}`);
      return true;
    }
    async wait(): Promise<void> {}
    progress(): void {}
  }
  const upgrade = (one: OneHost, patience = GENTLE) =>
    restartDrained([one.host], [one.host], one, patience);

  it("restarts when no meeting runs, and drains nothing", async () => {
    const one = new OneHost();
    expect(await upgrade(one)).toEqual([]);
    expect(one.asked).toEqual(["restart control-1"]);
  });

  it("waits while a meeting runs, and says that its restart would end it", async () => {
    const one = new OneHost();
    one.meetings = 2;
    expect(await upgrade(one)).toEqual([
      { id: "control-1", why: "2 of its meetings go on, and its restart ends all of them" },
    ]);
    expect(one.asked).toEqual([]);
    expect(await upgrade(one, { end: 0, cut: true })).toEqual([]);
    expect(one.asked).toEqual(["restart control-1"]);
  });

  it("isn't well before its own bridge can be used again", async () => {
    const one = new OneHost();
    one.restart = async () => {
      one.ready = false;
      return true;
    };
    const [left] = await upgrade(one);
    expect(left?.why).toMatch(/^runs, and its Jicofo can't use control-1 after \d+ s$/);
  });
});
