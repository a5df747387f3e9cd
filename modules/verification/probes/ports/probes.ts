import { fail, type Outcome, pass, passUnless } from "../../../common/findings/index.ts";
import {
  type Blueprint,
  type Host,
  hostOf,
  PORTS,
  privateAddresses,
} from "../../../planning/blueprint/index.ts";
import { adminAlive } from "../alive.ts";
import { type Context, type Probe, probesWith } from "../probe.ts";
import { flowsTo, hostsOf, portsOf, publicAddresses } from "../services.ts";
import { differences } from "./rulesets.ts";
import type { ScanResult } from "./scan.ts";
import { isLoopback, readSockets, type Socket } from "./sockets.ts";

const publicHosts = (blueprint: Blueprint): string[] =>
  hostsOf(blueprint)
    .filter((host) => publicAddresses(host).length > 0)
    .map(({ id }) => id);

/** Time for one connection of a scan, ms: at least, and so many times the round trip. */
const LEAST = 250;
const ROUND_TRIPS = 5;
/** Connections under way at once: with nothing but silence, 65535 ports take 3.3 s. */
const IN_FLIGHT = 5_000;
/** Time for a planned port that a scan found silent, ms: a packet that was lost is sent again after a second. */
const AGAIN = 3_000;

/** A public web address and how long it takes to connect to it, ms; or why it can't be had. */
const roundTrip = ({ blueprint, vantagePoint, once }: Context): Promise<number | string> =>
  once("round-trip", async () => {
    const [control] = hostsOf(blueprint, "control");
    const [address] = control ? publicAddresses(control) : [];
    if (!control || !address) return "no control host has a public address";
    const { verdict, took } = await vantagePoint.ask("tryConnect", {
      address,
      port: PORTS.https,
      timeout: 3_000,
    });
    return verdict === "open"
      ? took
      : `${control.id} port ${PORTS.https} is ${verdict} from ${vantagePoint.where}`;
  });

/** Ports of a host that people reach from outside. */
const planned = (blueprint: Blueprint, host: Host): number[] =>
  portsOf(flowsTo(blueprint, host, "tcp", "internet"));

/** The admin path to the host works, and so does the way from outside to the instance. */
async function seen(subject: string, context: Context): Promise<string | undefined> {
  const took = await roundTrip(context);
  if (typeof took === "string") return took;
  return adminAlive(subject, context);
}

/** One scan of all ports of all public addresses, for all hosts, and a second look at planned ports that were silent. */
const scanned = (context: Context): Promise<readonly ScanResult[]> =>
  context.once("scan", async () => {
    const took = await roundTrip(context);
    const timeout = Math.max(LEAST, ROUND_TRIPS * (typeof took === "number" ? took : 0));
    const targets = publicHosts(context.blueprint).flatMap((id) =>
      publicAddresses(hostOf(context.blueprint, id)).map((address) => ({
        address,
        ports: [[1, 65_535]] as const,
      })),
    );
    const limits = { inFlight: IN_FLIGHT, timeout };
    const results = await context.vantagePoint.ask("scan", { targets, limits });
    return Promise.all(results.map((result) => lookedAgain(result, context)));
  });

async function lookedAgain(result: ScanResult, context: Context): Promise<ScanResult> {
  const { blueprint, vantagePoint } = context;
  const host = hostsOf(blueprint).find((one) => publicAddresses(one).includes(result.address));
  const silent = host ? planned(blueprint, host).filter((port) => !result.open.includes(port)) : [];
  const open = [...result.open];
  for (const port of silent) {
    const at = { address: result.address, port, timeout: AGAIN };
    if ((await vantagePoint.ask("tryConnect", at)).verdict === "open") open.push(port);
  }
  return { ...result, open: open.sort((a, b) => a - b) };
}

async function runTcp(subject: string, context: Context): Promise<Outcome> {
  const host = hostOf(context.blueprint, subject);
  const expected = planned(context.blueprint, host);
  const results = (await scanned(context)).filter(({ address }) =>
    publicAddresses(host).includes(address),
  );
  const wrong = results.flatMap(({ address, open }) => [
    ...open
      .filter((port) => !expected.includes(port))
      .map((port) => `tcp ${port} of ${address} is open and no flow asks for it`),
    ...expected
      .filter((port) => !open.includes(port))
      .map((port) => `tcp ${port} of ${address} is planned and doesn't answer`),
  ]);
  const evidence = results.map(
    ({ address, open, refused, tried }) =>
      `${address}: ${tried} ports tried, open ${open.join(", ") || "none"}, ${refused} refused by reset`,
  );
  return passUnless(wrong, `of 65535 ports open: ${expected.join(", ") || "none"}`, evidence);
}

/** Ports that every host has something behind, and those of the flows. */
const usual = (blueprint: Blueprint, host: Host): number[] => [
  ...new Set([
    22,
    80,
    PORTS.https,
    PORTS.xmpp,
    5280,
    PORTS.bridgeRest,
    PORTS.journal,
    ...portsOf(flowsTo(blueprint, host, "tcp")),
  ]),
];

async function runPrivate(subject: string, context: Context): Promise<Outcome> {
  const host = hostOf(context.blueprint, subject);
  const targets = privateAddresses(host).map((address) => ({
    address,
    ports: usual(context.blueprint, host).map((port) => [port, port] as const),
  }));
  const results = await context.vantagePoint.ask("scan", {
    targets,
    limits: { inFlight: 100, timeout: 1_000 },
  });
  const wrong = results.flatMap(({ address, open, refused }) => [
    ...open.map(
      (port) => `tcp ${port} of ${address} is reached from ${context.vantagePoint.where}`,
    ),
    ...(refused > 0 ? [`${address} answers from ${context.vantagePoint.where}`] : []),
  ]);
  return passUnless(wrong, `${privateAddresses(host).join(" and ")}: no answer`);
}

/** What listens on a host. @throws Error when `ss` can't be run there */
const listening = (host: string, context: Context): Promise<Socket[]> =>
  context.once(`sockets ${host}`, async () => {
    const ran = await context.admin.run(host, ["ss", "-H", "-l", "-n", "-t", "-u", "-p"]);
    if (ran.code !== 0) throw new Error(`ss on ${host}: ${ran.stderr.trim()}`);
    return readSockets(ran.stdout);
  });

/** Ports that coturn takes for relays while somebody uses one; its own file says which. */
function relayPorts(host: string, context: Context): readonly [number, number] | undefined {
  const file = context
    .configuration(host)
    .files.find(({ path }) => path.endsWith("/turnserver.conf"));
  const number = (key: string) => new RegExp(`^${key}=(\\d+)$`, "m").exec(file?.content ?? "")?.[1];
  const [from, to] = [number("min-port"), number("max-port")];
  return from && to ? [Number(from), Number(to)] : undefined;
}

const inside =
  (protocol: "tcp" | "udp") =>
  async (subject: string, context: Context): Promise<Outcome> => {
    const host = hostOf(context.blueprint, subject);
    const planned = portsOf(flowsTo(context.blueprint, host, protocol));
    const all = (await listening(subject, context)).filter((one) => one.protocol === protocol);
    const open = all.filter((one) => !isLoopback(one));
    const relay = relayPorts(subject, context);
    const isRelay = ({ process, port }: Socket): boolean =>
      protocol === "udp" &&
      process === "turnserver" &&
      relay !== undefined &&
      port >= relay[0] &&
      port <= relay[1];
    const wrong = [
      ...open
        .filter((one) => !planned.includes(one.port) && !isRelay(one))
        .map(
          ({ process, address, port }) =>
            `${process} listens on ${address} ${protocol} ${port} and no flow asks for it`,
        ),
      ...planned
        .filter((port) => !open.some((one) => one.port === port))
        .map((port) => `nothing listens on ${protocol} ${port}, which a flow leads to`),
    ];
    const evidence = all.map(
      ({ process, address, port }) => `${protocol} ${address} ${port} ${process}`,
    );
    return passUnless(
      [...new Set(wrong)],
      `${protocol} ${planned.join(", ") || "none"}, and loopback`,
      evidence,
    );
  };

/** Rules of the packet filter that must stand at the head of input and output. */
async function runFilter(subject: string, context: Context): Promise<Outcome> {
  // The same program loads the rendered file into a namespace of its own and prints both alike.
  const script =
    'unshare --net sh -c "nft -f /etc/nftables.conf && nft --stateless list ruleset"; echo "@@@ $?"; nft --stateless list ruleset';
  const ran = await context.admin.run(subject, ["sh", "-c", script]);
  const [planned = "", loaded = ""] = ran.stdout.split(/^@@@ 0\n/m);
  if (ran.code !== 0 || planned.trim() === "")
    return fail(`the rules can't be read: ${ran.stderr.trim() || ran.stdout.slice(-200)}`);
  const { missing, extra } = differences(planned, loaded) ?? {};
  if (!missing || !extra) return pass(`${planned.split("\n").length} lines, loaded as rendered`);
  return fail(
    `the loaded rules differ from the rendered ones: ${missing.length} lines missing, ${extra.length} too many; \`polder converge\` loads them`,
    [...missing.map((line) => `missing: ${line}`), ...extra.map((line) => `too many: ${line}`)],
  );
}

const everyHost = (blueprint: Blueprint): string[] => hostsOf(blueprint).map(({ id }) => id);
const probeInside = probesWith({
  group: "ports",
  control: "`ss` runs on the host as root, and the planned sockets are there",
  norms: ["BIO2 8.20.02", "ISO 27002 8.9"],
  subjects: everyHost,
  alive: adminAlive,
});

export const portProbes: readonly Probe[] = [
  {
    id: "ports-tcp",
    group: "ports",
    holds: "of all 65535 TCP ports of each public address exactly the planned ones answer",
    attack: "connects to every port from outside",
    control: "the planned ports answer; a host without a planned port answers over the admin path",
    norms: ["BIO2 5.14.04", "BIO2 8.20.02"],
    subjects: publicHosts,
    alive: seen,
    run: runTcp,
  },
  {
    id: "ports-private",
    group: "ports",
    holds: "private addresses can't be reached from outside",
    attack: "connects to the private addresses' usual ports from outside",
    control: "the host answers over the admin path, and the instance from outside",
    norms: ["ISO 27002 8.22"],
    subjects: everyHost,
    alive: seen,
    run: runPrivate,
  },
  probeInside(
    "ports-inside",
    "every TCP socket that listens on a host, except on loopback, is one that a flow leads to",
    "looks for a service that only the packet filters hide, so that a mistake in a filter would expose it",
    inside("tcp"),
  ),
  probeInside(
    "ports-udp",
    "every UDP socket that is open on a host, except on loopback, is one that a flow leads to",
    "looks for a service by UDP; silence from outside proves nothing, so it looks inside",
    inside("udp"),
  ),
  {
    id: "packet-filter",
    group: "drift",
    holds: "the packet filter that a host has loaded is the rendered one, line by line",
    attack: "takes a rule out by hand",
    control: "the rendered file loads on the host, in a network namespace of its own",
    norms: ["BIO2 8.20.02", "ISO 27002 8.9"],
    subjects: everyHost,
    alive: adminAlive,
    run: runFilter,
  },
];
