import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRoom, randomText, readRoomKeys } from "../../modules/meetings/rooms/index.ts";
import { signToken } from "../../modules/meetings/tokens/index.ts";
import {
  childOf,
  type Element,
  startWorker,
  workerCommand,
} from "../../modules/verification/probes/index.ts";
import { loadFeatures } from "../../modules/workspace/index.ts";
import { internetCommand } from "../hypervisor/index.ts";
import { cluster } from "../testing/cluster.ts";
import { attemptEntry, conditionOf, GateClient, queryOf } from "../testing/gate-client.ts";
import { pseudonymOf } from "../testing/gate-issuer.ts";
import { REFUSED } from "../testing/gate-world.ts";
import { PublicDoor } from "../testing/internet.ts";
import { type Link, linkOf, linksIn, nowForAnHour } from "../testing/links.ts";
import { openStore, type StoredLine, searchHost } from "../testing/log-search.ts";

/** Where the clients stand in the lab's internet; the first address is the probes', and the relay's asker's. */
const AT = {
  moderator: "192.0.2.13",
  guest: "192.0.2.11",
  stranger: "192.0.2.12",
  enumerator: "192.0.2.19",
  flooder: "192.0.2.18",
} as const;

/** Tries of the planted enumeration: above the alarm's number, 60 for the lab's plan. */
const TRIES = 80;
/** Between two of them, ms: below the gate's 40 handshakes in 10 s of one address. */
const PACE = 260;
/** Within this long a revocation ends an open session, ms. */
const REVOKED_WITHIN = 10_000;

/** Handshakes a second that a flood asks for, and what it must at least have come to on a busy machine. */
const FLOOD = { perSecond: 4000, atLeast: 1000 } as const;
/** Who joins meanwhile, one after the other. */
const JOINS = 8;

/** Issues a meeting that begins now, as its organiser would. */
async function invite(...args: string[]): Promise<readonly Link[]> {
  const ran = await cluster.polder("invite", [...nowForAnHour(), ...args]);
  expect(ran.code, ran.stderr).toBe(0);
  return linksIn(ran.stdout);
}

/** On a cluster that is deployed: real invitations, real clients, nginx and TLS between; then every log. */
export function meetingTests(): void {
  describe("a meeting on the deployed cluster", () => {
    const { webhook } = cluster;
    /** What must not be in any log, by what it is. */
    const secret: Record<string, string> = {};
    /** What security's log may have, and no other. */
    const personal: Record<string, string> = {};
    const NAMES = { moderator: "Wilhelmina", guest: "Kanariepiet" };
    let door: PublicDoor;
    let moderator: GateClient;
    let guest: GateClient;
    let links: { readonly moderator: Link; guest: Link };
    /** Who comes once the first guest is revoked, and a guest of another meeting. */
    let nextGuest: Link;
    let other: Link;

    const remember = (name: string, { room, token, person, id }: Link) => {
      const [, claims, signature] = token.split(".") as [string, string, string];
      Object.assign(secret, { [`${name}'s room`]: room, [`${name}'s claims`]: claims });
      Object.assign(secret, { [`${name}'s signature`]: signature });
      Object.assign(personal, { [`${name}'s pseudonym`]: person, [`${name}'s token id`]: id });
    };
    const arrive = async (role: "moderator" | "guest") => {
      const { room, token } = links[role];
      const one = await GateClient.login(door, room, token, AT[role]);
      secret[`the ${role}'s JID`] = one.bareJid.split("@")[0] ?? "";
      return one;
    };
    const ready = async (one: GateClient) =>
      childOf(await one.request(), "conference")?.attributes["ready"];
    const shown = (name: string) => `<nick xmlns='http://jabber.org/protocol/nick'>${name}</nick>`;
    /** A moderator and a guest who was let in. */
    const meet = async () => {
      moderator = await arrive("moderator");
      guest = await arrive("guest");
      expect(await ready(moderator)).toBe("true");
      expect(await moderator.join()).toBe("joined");
      const come = () => guest.join(guest.at("conference"), guest.nick, shown(NAMES.guest));
      expect(await come()).toBe("auth registration-required");
      const letIn = await moderator.setAffiliation(guest.bareJid, "member");
      expect(conditionOf(letIn)).toBe("result");
      expect(await come()).toBe("joined");
    };

    beforeAll(async () => {
      // Who may issue has a vault of their own from here on, and the hosts its public key.
      const ran = await cluster.polder("keys init");
      expect(ran.code, ran.stderr).toBe(0);
      await cluster.converge();
      door = await PublicDoor.open(
        cluster.lab,
        cluster.blueprint,
        (await cluster.vault()).need("ca/instance.crt"),
      );
      webhook.forget();
      for (const [who, address] of Object.entries(AT)) personal[`the ${who}'s address`] = address;
      for (const [who, name] of Object.entries(NAMES)) secret[`the ${who}'s name`] = name;
    });
    afterAll(async () => {
      moderator?.close();
      guest?.close();
      await door.close();
    });

    it("is issued, opened by Jicofo's stand-in, and held by who has its links", async () => {
      const asked = await invite("--name", NAMES.moderator, "--guests", "2");
      const [first, second, third] = asked as [Link, Link, Link];
      expect([first.role, second.role, third.role]).toEqual(["moderator", "guest", "guest"]);
      links = { moderator: first, guest: second };
      nextGuest = third;
      other = (await invite())[1] as Link;
      remember("the moderator", first);
      remember("the guest", second);
      remember("the next guest", third);
      remember("another", other);
      // As a browser does: the page first.
      expect(await door.page(`/${first.room}`, AT.guest)).toBe(404);
      await meet();
      const said = `canary${randomBytes(12).toString("hex")}`;
      secret["what was said"] = said;
      // The example's chat is off: nobody hears it, and no log repeats it.
      const answer = await moderator.ask(
        `<message type='groupchat' to='${moderator.at("conference")}' ID><body>${said}</body></message>`,
      );
      expect(conditionOf(answer)).toBe(REFUSED);
      const nicks = (one: GateClient, at: string) =>
        one.seen
          .filter(({ name, attributes }) => name === "presence" && attributes["from"] === at)
          .map((e) => childOf(e, "nick")?.text);
      expect(nicks(moderator, `${moderator.at("conference")}/${guest.nick}`)).toContain(
        `(?) ${NAMES.guest}`,
      );
    });

    it("gives its members a relay, and nobody else", async () => {
      const answer = await guest.ask(
        `<iq type='get' to='${cluster.blueprint.domain}' ID><services xmlns='urn:xmpp:extdisco:2'/></iq>`,
      );
      const service = childOf(answer, "services")?.children[0] as Element;
      const { username: user = "", password = "" } = service.attributes;
      secret["the relay's password"] = password;
      const turn = cluster.blueprint.hosts.find(({ role }) => role === "turn");
      const server = { address: turn?.publicAddress?.ipv4 ?? "", port: 3478 };
      const outside = startWorker(
        "the lab's internet",
        internetCommand(cluster.lab, workerCommand),
        () => undefined,
      );
      const ask = (credential: { user: string; password: string }) =>
        outside.ask("askTurn", { server, what: "allocate", credential });
      try {
        expect((await ask({ user, password })).code).toBe(0);
        expect((await ask({ user, password: "another" })).code).toBe(401);
      } finally {
        await outside.close();
      }
    });

    it("is left within 10 s by who is revoked, for good, and by nobody else", async () => {
      const began = performance.now();
      const ended = guest.untilEnded(60_000).then(() => performance.now());
      const log = join(cluster.instance.folder, "issued.jsonl");
      const revocations = () => readFileSync(log, "utf8").split("token-revoked").length;
      const before = revocations();
      let over = false;
      const revoking = cluster.polder("revoke", [links.guest.id]).finally(() => {
        over = true;
      });
      // From its line in the issue log on it counts; how long a program takes to start is a machine's matter.
      while (revocations() === before && !over) await sleep(20);
      const written = performance.now();
      const ran = await revoking;
      expect(ran.code, ran.stderr).toBe(0);
      const took = (await ended) - written;
      process.stderr.write(
        `revoked: the session ended ${Math.round(took)} ms after the log had it, ${Math.round(took + written - began)} ms after the command began\n`,
      );
      expect(took).toBeLessThan(REVOKED_WITHIN);
      const { room, token } = links.guest;
      expect(await attemptEntry(door, queryOf(room, token), AT.guest)).toMatchObject({
        status: 404,
      });
      expect(conditionOf(await moderator.ping())).toBe("result");
      links.guest = nextGuest;
    });

    it("isn't joined with a wrong token, for another room, or when it is over", async () => {
      const { room, token } = links.moderator;
      const forged = token.replace(/.{40}$/, (end) => end.replaceAll(/[A-M]/g, "z"));
      const now = Math.floor(Date.now() / 1000);
      const over = {
        ...({ domain: cluster.blueprint.domain, role: "guest", issued: now - 7200 } as const),
        from: now - 7200,
        until: now - 3600,
        room,
        id: randomText(randomBytes, 26),
        person: randomText(randomBytes, 26),
      };
      const key = (await cluster.vault("issuer")).need("issuer/token-signing.key");
      const expired = await signToken(over, loadFeatures().off, key);
      remember("who is late", linkOf(`https://x/${room}#jwt=${JSON.stringify(expired)}`));
      remember("who forges", { ...links.moderator, token: forged });
      const refusals = [];
      for (const [at, by] of [
        [room, forged],
        [room, other.token],
        [room, expired],
        [other.room, token],
      ] as const)
        refusals.push(await attemptEntry(door, queryOf(at, by), AT.stranger));
      expect(refusals.map((one) => "status" in one && one.status)).toEqual([404, 404, 404, 404]);
      // One answer, nginx's own, whatever was wrong.
      expect(new Set(refusals.map((one) => "body" in one && one.body)).size).toBe(1);
    });

    describe("an enumeration from one address", () => {
      /** Names that were tried, in order, and when. */
      const tried: string[] = [];
      const time = { began: 0, ended: 0 };
      const refusals = /^refusals\/control-1/;

      it("is refused, try by try, and raises the alarm that was silent until then", async () => {
        await cluster.on("monitor-1", "systemctl start polder-alarm.service");
        expect(webhook.has(refusals, "red")).toBe(false);
        const [key] = readRoomKeys((await cluster.vault()).need("gate/rooms.keys"));
        const { domain } = cluster.blueprint;
        time.began = Date.now();
        // The worst case: someone who may issue names, and holds a link to another meeting.
        for (let i = 0; i < TRIES; i++) {
          const { name } = makeRoom(domain, Date.now() / 1000, key, randomBytes);
          tried.push(name);
          const answer = await attemptEntry(door, queryOf(name, other.token), AT.enumerator);
          expect(answer).toMatchObject({ status: 404 });
          await sleep(Math.max(0, time.began + (i + 1) * PACE - Date.now()));
        }
        time.ended = Date.now();
        Object.assign(secret, Object.fromEntries(tried.map((name, i) => [`try ${i}`, name])));
        await webhook.heard(refusals, "red");
        const alarm = webhook.received.find(
          ({ alarm, state }) => refusals.test(alarm) && state === "red",
        );
        expect(alarm?.text).toMatch(/: the gate refused \d+ times in 5 minutes; /);
        // People who read alarms needn't know whom it is about.
        expect(alarm?.text).not.toContain(AT.enumerator);
      });

      it("stands in security's store: who, how often, when, what for, and what came of it", async () => {
        const lines = await storesUpToNow();
        // The gate notes full seconds.
        const events = eventsOf(lines.security).filter(
          (one) => one["address"] === AT.enumerator && Date.parse(one.at) > time.began - 1000,
        );
        expect(events).toHaveLength(TRIES);
        for (const event of events) {
          expect(event).toMatchObject({ action: "handshake", result: "refused" });
          expect(event).toMatchObject({ why: "other room", actor: other.person });
        }
        const key = (await cluster.vault()).need("gate/pseudonym.key");
        const pseudonyms = tried.map((name) => pseudonymOf(key, name));
        expect(events.map(({ room }) => room)).toEqual(pseudonyms);
        const times = events.map(({ at }) => Date.parse(at));
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(times.at(-1)).toBeLessThanOrEqual(time.ended);
      });
    });

    it("is joined by every guest while one address asks some thousand times a second for signalling", async () => {
      /** How long each guest took from the first packet until they were let in and had joined, ms, sorted. */
      const joins = async () => {
        const took: number[] = [];
        for (let i = 0; i < JOINS; i++) {
          const began = performance.now();
          const one = await arrive("guest");
          expect(await one.join()).toBe("auth registration-required");
          await moderator.setAffiliation(one.bareJid, "member");
          expect(await one.join()).toBe("joined");
          took.push(Math.round(performance.now() - began));
          one.leave();
          one.close();
        }
        return took.sort((a, b) => a - b);
      };
      guest.leave();
      guest.close();
      const before = await joins();
      const flood = await handshakeFlood();
      const during = await joins().catch(async (error: unknown) => {
        await flood.end();
        throw error;
      });
      const { seconds, statuses } = await flood.end();
      const asked = Object.values(statuses).reduce((sum, count) => sum + count, 0);
      process.stderr.write(
        `joins: ${before.join(" ")} ms; beside ${Math.round(asked / seconds)} handshakes a second (${JSON.stringify(statuses)}): ${during.join(" ")} ms\n`,
      );
      // It was one, and what it got was a refusal each time. How fast people join is for docs/benchmarks.md.
      expect(asked / seconds).toBeGreaterThan(FLOOD.atLeast);
      expect(Object.keys(statuses).filter((status) => !/^4/.test(status))).toEqual([]);
      await meet();
    });

    it("goes on after a restart of Prosody", async () => {
      await cluster.on("control-1", "systemctl restart prosody");
      await moderator.untilEnded();
      await expect
        .poll(() => meet().then(() => "met", String), { timeout: 60_000, interval: 2000 })
        .toMatch("met");
    });

    it("is refused by nginx alone while Prosody is down, and is there again afterwards", async () => {
      const { room, token } = links.moderator;
      await cluster.on("control-1", "systemctl stop prosody");
      try {
        for (const at of [AT.moderator, AT.stranger])
          expect(await attemptEntry(door, queryOf(room, token), at)).toMatchObject({ status: 502 });
      } finally {
        await cluster.on("control-1", "systemctl start prosody");
      }
      await expect
        .poll(() => meet().then(() => "met", String), { timeout: 60_000, interval: 2000 })
        .toMatch("met");
    });

    it("leaves nobody's name, room, token, pseudonym or address where it isn't to be", async () => {
      const planted = await plantMarks();
      const lines = await storesUpToNow();
      const wanted = { ...secret, ...personal, ...planted };
      const found = await Promise.all(
        cluster.hosts.map((host) => searchHost(cluster.lab, `${cluster.name}-${host}`, wanted)),
      );
      for (const { entries, files } of found)
        expect([entries > 100, files > 0]).toEqual([true, true]);
      const hits = found.flatMap((one) => one.hits);
      for (const stream of ["operations", "security"] as const)
        for (const { host, text, program } of lines[stream]) {
          const names = Object.entries(wanted).filter(([, value]) => text.includes(value));
          if (names.length > 0)
            hits.push({ host, stream, program, found: names.map(([name]) => name) });
        }
      const leaks = hits.flatMap(({ host, stream, program, found: names }) =>
        names
          .filter((name) => name in secret || (name in personal && stream === "operations"))
          .map((name) => `${stream} ${host} ${program}: ${name}`),
      );
      expect([...new Set(leaks)]).toEqual([]);
      // The search finds what is there: a mark of each host in its own journal and in the store, and
      // in the monitor's copy, unless the night has just cleared that.
      for (const mark of Object.keys(planted)) {
        const seen = hits.filter((one) => one.found.includes(mark)).map(({ stream }) => stream);
        expect([mark, ...seen]).toEqual([mark, ...Array(seen.length).fill(mark.split(" ")[0])]);
        expect(seen.length).toBeGreaterThanOrEqual(2);
      }
      const told = hits.filter(({ stream }) => stream === "security").flatMap((one) => one.found);
      for (const who of ["moderator's pseudonym", "enumerator's address"])
        expect(told).toContain(`the ${who}`);
    });
  });
}

/** A flood of handshakes from the lab's internet at the cluster's page, until it is ended. */
async function handshakeFlood() {
  const control = cluster.blueprint.hosts.find(({ role }) => role === "control");
  const [name = "", ...args] = internetCommand(cluster.lab, [
    "python3",
    join(import.meta.dirname, "../testing/handshake-flood.py"),
    control?.publicAddress?.ipv4 ?? "",
    cluster.blueprint.domain,
    String(FLOOD.perSecond),
    AT.flooder,
  ]);
  const child = spawn(name, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("ready");
  return {
    async end() {
      child.stdin.end();
      const { value } = await lines.next();
      return JSON.parse(value) as { seconds: number; statuses: Record<string, number> };
    },
  };
}

/** What the gate wrote, as fields. */
const eventsOf = (lines: readonly StoredLine[]) =>
  lines
    .filter(({ program }) => program === "polder-gate")
    .map(({ message }) => JSON.parse(message) as Readonly<Record<string, string>> & { at: string });

/** Writes one entry with bytes that are no text into each stream of each host; gives the marks. */
async function plantMarks(): Promise<Record<string, string>> {
  const marks: Record<string, string> = {};
  await Promise.all(
    cluster.hosts.map(async (host) => {
      for (const [stream, facility] of [
        ["operations", 3],
        ["security", 4],
      ] as const) {
        const mark = randomBytes(12).toString("hex");
        marks[`${stream} mark of ${host}`] = mark;
        await cluster.on(
          host,
          `python3 -c 'import socket
text = b"\\xff\\x00${mark}\\n"
fields = b"SYSLOG_IDENTIFIER=mark\\nPRIORITY=6\\nSYSLOG_FACILITY=${facility}\\nMESSAGE\\n" + len(text).to_bytes(8, "little") + text + b"\\n"
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(fields, "/run/systemd/journal/socket")'`,
        );
      }
    }),
  );
  return marks;
}

/** Both stores, once they have what every host has written until now. */
async function storesUpToNow() {
  const marks = Object.values(await plantMarks());
  for (let tries = 0; tries < 60; tries++) {
    await cluster.on("monitor-1", "systemctl start polder-journal-split.service");
    const [operations, security] = [await openStore("operations"), await openStore("security")];
    const all = [...operations, ...security].map(({ text }) => text).join("\n");
    if (marks.every((mark) => all.includes(mark))) return { operations, security };
    await sleep(1000);
  }
  throw new Error("a host's journal doesn't reach the monitor's stores");
}
