// What the gate costs Prosody, beside a Prosody of the same configuration without it, in turn. Processor time of
// Prosody's own process is counted, which other work on the machine disturbs least: what it does in a second of that is
// what it does a second when the processor is full. Rate limits are off in both. Part of `make bench`; alone:
// `node --import tsx scripts/bench-gate.ts [PAIRS]`. No test evaluates a time.
import { AccountClient, attemptEntry, GateClient, queryOf } from "../lab/testing/gate-client.ts";
import { Issuer } from "../lab/testing/gate-issuer.ts";
import { GateServer } from "../lab/testing/gate-server.ts";
import { raised } from "../lab/testing/gate-world.ts";
import { withoutGate } from "../lab/testing/without-gate.ts";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";

/** Short pairs, and many: the machine's noise comes in stretches that are longer than one. */
const PAIRS = Number(process.argv[2] ?? 31);
/** People in each meeting beside Jicofo, and meetings of that size: some 200 people in each case. */
const MEETINGS = [
  [2, 100],
  [10, 20],
  [30, 7],
] as const;
const BATCH = 100;

/** What lib-jitsi-meet's first presence brings along (ChatRoom, Caps, JitsiConference, SignalingLayerImpl; 2026-08-20). */
const FIRST_PRESENCE =
  "<stats-id>Vidal-xUR</stats-id>" +
  "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://jitsi.org/jitsi-meet' ver='1nKbKbPP0sXqJmTmbYf8d2dSd3Y='/>" +
  '<SourceInfo>{"abcd1234-a0":{"muted":true},"abcd1234-v0":{"muted":true}}</SourceInfo>' +
  "<jitsi_participant_codecList>av1,vp9,vp8,h264</jitsi_participant_codecList>" +
  "<nick xmlns='http://jabber.org/protocol/nick'>Jan de Vries</nick>";

const blueprint = buildBlueprint(inputOf(someInstance()));
const { domain } = blueprint;

/** Without limits; every refusal is written down, where a host writes some of an address and counts the others. */
const unlimited = (config: string): string => raised(config).replace('"limits"; ', "");
/** As a host writes refusals down. */
const asShipped = (config: string): string => {
  const written = /refusals = \d+/.exec(config);
  if (!written) throw new Error("prosody.cfg.lua says no more how many refusals are written down");
  return unlimited(config).replace("refusals = 100000", written[0]);
};
/** The same hosts, open to whoever comes. */
const ungated = (config: string): string =>
  withoutGate(unlimited(config)).replace(
    "muc_room_default_members_only = true",
    "muc_room_default_members_only = false",
  );

/** Waits for all, a number at once. */
async function each<T, R>(
  items: readonly T[],
  act: (item: T) => Promise<R>,
  width = 25,
): Promise<R[]> {
  const done: R[] = [];
  for (let i = 0; i < items.length; i += width)
    done.push(...(await Promise.all(items.slice(i, i + width).map(act))));
  return done;
}

/** A Prosody, and people in its rooms. */
class Subject {
  private readonly issuer: Issuer;
  private readonly server: GateServer;
  private readonly focus: AccountClient;
  private people: GateClient[] = [];

  private constructor(issuer: Issuer, server: GateServer, focus: AccountClient) {
    [this.issuer, this.server, this.focus] = [issuer, server, focus];
  }

  /** @param config what becomes of the rendered prosody.cfg.lua */
  static async start(config: (text: string) => string): Promise<Subject> {
    const issuer = new Issuer(domain);
    const server = await GateServer.start(blueprint, issuer, { config });
    return new Subject(issuer, server, await AccountClient.login(server, "focus"));
  }

  /** Opens a room as Jicofo does. */
  private async opened(): Promise<string> {
    const room = this.issuer.room();
    const answer = await this.focus.openRoom(`${room}@conference.${domain}`);
    if (answer !== "joined") throw new Error(`no room: ${answer}`);
    return room;
  }

  private async own(room: string, jid: string): Promise<void> {
    const item = `<item jid='${jid}' affiliation='owner'/>`;
    const answer = await this.focus.ask(
      `<iq type='set' to='${room}@conference.${domain}' ID><query xmlns='http://jabber.org/protocol/muc#admin'>${item}</query></iq>`,
    );
    if (answer.attributes["type"] !== "result") throw new Error(`not an owner: ${jid}`);
  }

  private async login(room: string, role: "guest" | "moderator"): Promise<GateClient> {
    return GateClient.login(this.server, room, await this.issuer.token(room, role));
  }

  private async join(one: GateClient): Promise<void> {
    const answer = await one.join(undefined, undefined, FIRST_PRESENCE);
    if (answer !== "joined") throw new Error(`not in: ${answer}`);
    one.seen.length = 0;
  }

  /** Meetings of one moderator, who lets the guests in; all are logged in, and join. */
  async meet(people: number, rooms: number): Promise<void> {
    for (const one of this.people.splice(0)) one.close();
    for (let i = 0; i < rooms; i++) {
      const room = await this.opened();
      const moderator = await this.login(room, "moderator");
      // The gate's act by the token; without the gate it is Jicofo's.
      await this.own(room, moderator.bareJid);
      await this.join(moderator);
      const guests = await each(Array(people - 1).fill(room), (at) => this.login(at, "guest"));
      for (const guest of guests) await moderator.setAffiliation(guest.bareJid, "member");
      await each(guests, (guest) => this.join(guest));
      this.people.push(moderator, ...guests);
    }
  }

  /** Milliseconds of processor for each of some acts, those that the answers make included. */
  private async cost(acts: number, act: () => Promise<unknown>): Promise<number> {
    const before = this.server.processorSeconds();
    await act();
    return ((this.server.processorSeconds() - before) / acts) * 1000;
  }

  /** A join of a session that stands: all have left, and all come at once. */
  async joins(): Promise<number> {
    const all = this.people;
    for (const one of all) one.leave();
    await Promise.all(all.map((one) => one.ping()));
    return this.cost(all.length, () => each(all, (one) => this.join(one), 50));
  }

  /** All of coming: to connect, log in and join, alone with Jicofo in a room. */
  async arrivals(): Promise<number> {
    const rooms: string[] = [];
    for (let i = 0; i < BATCH; i++) rooms.push(await this.opened());
    const tokens = await each(
      rooms,
      async (room) => [room, await this.issuer.token(room, "moderator")] as const,
    );
    const clients: GateClient[] = [];
    const spent = await this.cost(BATCH, () =>
      each(tokens, async ([room, token]) => {
        const client = await GateClient.login(this.server, room, token);
        await this.join(client);
        clients.push(client);
      }),
    );
    for (const client of clients) client.close();
    return spent;
  }

  /** A question about a room that isn't the asker's; without the gate, Prosody's own answer that there is none. */
  async refusedStanzas(): Promise<number> {
    const [one] = this.people;
    if (!one) throw new Error("nobody is in");
    const other = `${this.issuer.room()}@conference.${domain}`;
    const ask = `<iq type='get' to='${other}' ID><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
    return this.cost(10 * BATCH, () =>
      each(Array(10 * BATCH).fill(ask), (xml) => one.ask(xml), 100),
    );
  }

  /** A handshake that is refused; without the gate, Prosody's own answer to a path that it doesn't have. */
  async refusedHandshakes(query: string): Promise<number> {
    return this.cost(BATCH, () =>
      each(Array(BATCH).fill(query), (one) => attemptEntry(this.server, one)),
    );
  }

  /** A false credential that Prosody itself evaluates. */
  async wrongPasswords(): Promise<number> {
    const bearer = Buffer.from("\0focus\0wrong").toString("base64");
    const attempt = async () => {
      const client = await GateClient.connect(this.server, "", "");
      await client.open(`auth.${domain}`);
      client.send(
        `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${bearer}</auth>`,
      );
      await client.take(({ name }) => name === "failure");
      client.close();
    };
    return this.cost(BATCH, () => each(Array(BATCH).fill(undefined), attempt));
  }

  /** A token of this issuer's form, signed by another's key of the same name. */
  async forged(): Promise<string> {
    const room = this.issuer.room();
    const other = new Issuer(domain);
    return queryOf(room, await other.sign(other.claims(room), { kid: this.issuer.kid }));
  }

  memory(): number {
    return this.server.memoryMiB();
  }

  async stop(): Promise<void> {
    for (const one of this.people) one.close();
    this.focus.close();
    await this.server.stop();
  }
}

/** The value below which a share of all lies. */
const quantile = (all: readonly number[], share: number): number =>
  [...all].sort((a, b) => a - b)[Math.floor(all.length * share)] ?? Number.NaN;

const rows: string[] = [];
const gated = await Subject.start(asShipped);
const writing = await Subject.start(unlimited);
const plain = await Subject.start(ungated);

/** A row of the table: the same act on both, in turn, and the ratios of the pairs. */
async function compare(
  what: string,
  withGate: () => Promise<number>,
  without: () => Promise<number>,
): Promise<void> {
  const pairs: { readonly gate: number; readonly none: number }[] = [];
  // The first warms both.
  for (let i = 0; i <= PAIRS; i++) {
    const pair =
      i % 2 === 0
        ? { none: await without(), gate: await withGate() }
        : { gate: await withGate(), none: await without() };
    if (i > 0) pairs.push(pair);
    process.stderr.write(`${what}: ${i} of ${PAIRS}\n`);
  }
  // Of the sums: to look for garbage takes long, and falls now into one of a pair and now into the other.
  const mean = (of: "gate" | "none") => pairs.reduce((sum, pair) => sum + pair[of], 0) / PAIRS;
  const [gate, none] = [mean("gate"), mean("none")];
  const ratios = pairs.map((pair) => pair.gate / pair.none);
  const ratio = (share: number) => quantile(ratios, share).toFixed(2);
  rows.push(
    `| ${what} | ${gate.toFixed(2)} | ${none.toFixed(2)} | ${(gate / none).toFixed(2)} | ` +
      `${ratio(0.25)} to ${ratio(0.75)} |`,
  );
}

try {
  await compare(
    "connect, log in, join",
    () => gated.arrivals(),
    () => plain.arrivals(),
  );
  for (const [people, rooms] of MEETINGS) {
    for (const subject of [gated, plain]) await subject.meet(people, rooms);
    await compare(
      `join of one who is logged in, meetings of ${people}`,
      () => gated.joins(),
      () => plain.joins(),
    );
  }
  await compare(
    "refuse a question about another's room",
    () => gated.refusedStanzas(),
    () => plain.refusedStanzas(),
  );
  await writing.meet(2, 1);
  await compare(
    "refuse the same, a line in the log for each",
    () => writing.refusedStanzas(),
    () => plain.refusedStanzas(),
  );
  const nowhere = () => plain.refusedHandshakes("-nowhere");
  await compare("refuse a handshake without a token", () => gated.refusedHandshakes(""), nowhere);
  const forged = await gated.forged();
  await compare(
    "refuse a forged token; without: a long path that isn't there",
    () => gated.refusedHandshakes(forged),
    () => plain.refusedHandshakes(`-nowhere${forged}`),
  );
  await compare(
    "refuse a forged token; without: a wrong password",
    () => gated.refusedHandshakes(forged),
    () => plain.wrongPasswords(),
  );
  process.stderr.write("1,000 meetings of two\n");
  await gated.meet(2, 1000);
  process.stdout.write(
    [
      "| Prosody's processor, ms each | with the gate | without | ratio of the sums | middle half of the pairs' |",
      "| --- | --- | --- | --- | --- |",
      ...rows,
      "",
      `With 1,000 rooms and 2,000 sessions in them Prosody holds ${gated.memory().toFixed(0)} MiB (PSS).`,
      "",
    ].join("\n"),
  );
} finally {
  for (const subject of [gated, writing, plain]) await subject.stop();
}
