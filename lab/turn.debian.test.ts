import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { turnLimits } from "../modules/hosts/turn/limits.ts";
import {
  type Blueprint,
  buildBlueprint,
  type Host,
  PORTS,
} from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { restCredential } from "../modules/verification/probes/turn/codec.ts";
import { type HeldRelay, holdRelay, RelayServer } from "./testing/relay-server.ts";

const whole = buildBlueprint(inputOf(someInstance()));
const bridges = whole.hosts.filter(({ role }) => role === "bridge");
const [first, added] = bridges as [Host, Host];
/** The same instance before its last bridge was asked for. */
const smaller: Blueprint = { ...whole, hosts: whole.hosts.filter((host) => host !== added) };

const OLD = "a".repeat(64);
const NEW = "b".repeat(64);
const MEDIA = 10_000;

let server: RelayServer;
let held: HeldRelay;
const at = () => ({ address: server.host.ipv4, port: 3478 });
const soon = (seconds = 60) => Math.floor(Date.now() / 1000) + seconds;

beforeAll(async () => {
  server = await RelayServer.start(smaller, [OLD]);
  held = await holdRelay(server.way, {
    server: at(),
    // Over before the tests are.
    credential: restCredential(OLD, soon(20), "held"),
    peer: { address: first.ipv4, port: MEDIA },
  });
}, 300_000);
afterAll(async () => {
  await held?.close();
  await server?.stop();
});

let names = 0;
const login = async (secret: string) =>
  (
    await server.outside.ask("askTurn", {
      server: at(),
      what: "allocate",
      credential: restCredential(secret, soon(), `login-${names++}`),
    })
  ).code;
const logins = async () => [await login(OLD), await login(NEW)];

/** Codes of CreatePermission, then of ChannelBind, for each peer. */
async function answersFor(peers: readonly string[], secret = OLD) {
  const asked = await server.outside.ask("relayTurn", {
    server: at(),
    credential: restCredential(secret, soon(), `peers-${names++}`),
    peers,
  });
  return asked.peers.map(({ permission, channel }) => [permission, channel]);
}

/** coturn looks for the peers that are allowed every 5 s (4.6.1, netengine.c). */
async function isAllowed(peer: string, wanted: boolean): Promise<boolean> {
  for (const end = Date.now() + 15_000; Date.now() < end; ) {
    // The quota's refusal, 486, says nothing about the peer.
    if ((await answersFor([peer]))[0]?.[0] === (wanted ? 0 : 403)) return true;
    // A quota is free again about a second after its relay is given back: asked without a pause, all of it is used up.
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return false;
}

describe("a running relay", () => {
  it("takes one bridge more without a restart, and one less, and reaches nothing else meanwhile", async () => {
    expect(await answersFor([first.ipv4])).toEqual([[0, 0]]);
    expect(await answersFor([added.ipv4])).toEqual([[403, 403]]);
    server.write(whole, [OLD]);
    expect(await server.reload()).toBe(0);
    expect(await isAllowed(added.ipv4, true)).toBe(true);
    expect(await answersFor([first.ipv4])).toEqual([[0, 0]]);
    server.write(smaller, [OLD]);
    expect(await server.reload()).toBe(0);
    expect(await isAllowed(added.ipv4, false)).toBe(true);
  }, 60_000);

  it("reaches the bridges and none of some 180 other addresses, however they are written", async () => {
    const plain = [
      "127.0.0.1",
      "127.1.2.3",
      "0.0.0.0",
      "0.0.0.1",
      "10.0.0.1",
      "10.255.255.254",
      "100.64.0.1",
      "169.254.169.254",
      "172.16.0.1",
      "192.0.0.8",
      "192.168.0.1",
      "198.18.0.1",
      "203.0.113.1",
      "224.0.0.1",
      "239.255.255.255",
      "240.0.0.1",
      "255.255.255.255",
      "8.8.8.8",
      ...smaller.hosts.filter(({ role }) => role !== "bridge").map(({ ipv4 }) => ipv4),
      ...smaller.hosts.flatMap(({ ipv4 }) => {
        const [a, b, c, d] = ipv4.split(".").map(Number) as [number, number, number, number];
        return [`${a}.${b}.${c}.${d + 100}`, `${a}.${b}.${(c + 1) % 256}.${d}`];
      }),
    ];
    const hex = (address: string) =>
      address
        .split(".")
        .map((part) => Number(part).toString(16).padStart(2, "0"))
        .join("")
        .replace(/(....)(....)/, "$1:$2");
    const others = [...new Set(plain)].filter((one) => one !== first.ipv4);
    const peers = [
      ...others,
      ...[...others, first.ipv4].flatMap((one) => [
        `::ffff:${one}`,
        `::${hex(one)}`,
        `64:ff9b::${hex(one)}`,
        `2002:${hex(one)}::1`,
      ]),
      "::1",
      "::",
      "fd00::1",
      "fe80::1",
      "ff02::1",
      "2001:db8::1",
      "2606:4700::1",
      ...smaller.hosts.flatMap(({ ipv6 }) => ipv6 ?? []),
    ];
    expect(peers.length).toBeGreaterThan(180);
    const answers = await answersFor(peers);
    const through = peers.filter((_, i) => answers[i]?.some((code) => (code ?? 0) < 400));
    expect(through).toEqual([]);
    expect(await answersFor([first.ipv4])).toEqual([[0, 0]]);
  }, 60_000);

  it("counts logins of both secrets while they change, and of no other", async () => {
    const change = async (...secrets: string[]) => {
      server.write(smaller, secrets);
      expect(await server.reload()).toBe(0);
      return logins();
    };
    expect(await logins()).toEqual([0, 401]);
    expect(await change(OLD, NEW)).toEqual([0, 0]);
    expect(await change(NEW, OLD)).toEqual([0, 0]);
    expect(await change(NEW)).toEqual([401, 0]);
    expect(await change(OLD)).toEqual([0, 401]);
  });

  it("keeps what it has when what comes can't be read", async () => {
    server.write(smaller, [NEW], (text) => text.replace("COMMIT", "COMMITT"));
    expect(await server.reload()).not.toBe(0);
    expect(await logins()).toEqual([0, 401]);
    server.write(smaller, [NEW], (text) => text.replace("allowed_peer_ip (ip_range)", "allowed"));
    expect(await server.reload()).not.toBe(0);
    expect(await logins()).toEqual([0, 401]);
    expect(await answersFor([first.ipv4])).toEqual([[0, 0]]);
  });

  it("shows a renewed certificate after a reload, and the former one no more", async () => {
    const { ipv4 } = server.host;
    const shows = async (ca: string) =>
      (
        await server.outside.ask("askTurn", {
          server: { address: ipv4, port: PORTS.https, tls: { name: "dummy", ca } },
          what: "allocate",
        })
      ).code === 401;
    server.write(smaller, [OLD]);
    const former = server.certificate(whole);
    server.renewCertificate(whole);
    const renewed = server.certificate(whole);
    // It reads them at the signal, not before.
    expect([await shows(former), await shows(renewed)]).toEqual([true, false]);
    expect(await server.reload()).toBe(0);
    await expect.poll(() => shows(renewed), { timeout: 10_000, interval: 250 }).toBe(true);
    expect(await shows(former)).toBe(false);
  });

  it("counts a place in a link as one, whenever its logins end", async () => {
    const { userQuota } = turnLimits(whole);
    const fill = (seconds: number) =>
      server.outside.ask("fillTurn", {
        server: at(),
        credential: restCredential(OLD, soon(seconds), "a-place"),
        most: userQuota + 1,
      });
    const codes = await Promise.all([fill(60), fill(120)]);
    const given = codes.flat().filter((code) => code === 0);
    expect(given.length).toBe(userQuota);
    expect(codes.flat()).toContain(486);
  });

  it("was used all the while, and asked for more time, also when its login was over", async () => {
    await held.more(21);
    expect(held.beats.filter(({ echoed, refresh }) => !echoed || refresh !== 0)).toEqual([]);
  });
});
