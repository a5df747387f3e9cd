import { fail, notTested, type Outcome, passUnless } from "../../../common/findings/index.ts";
import {
  carries,
  type Host,
  hostOf,
  instancePorts,
  PORTS,
  privateAddresses,
} from "../../../planning/blueprint/index.ts";
import { type Context, type Probe, probesWith } from "../probe.ts";
import { authorityOf, hostsOf, publicAddresses, serviceOf } from "../services.ts";
import type { TurnRelayed, TurnServer } from "./ask.ts";
import { type Credential, restCredential } from "./codec.ts";
import { askRelayKey, relayKeyOf } from "./issued.ts";

/** Life of the credentials that probes make for themselves, s. */
const LIFE = 300;

const addressOf = (host: Host): string => publicAddresses(host)[0] ?? host.ipv4;
const byUdp = (subject: string, { blueprint }: Context): TurnServer => ({
  address: addressOf(hostOf(blueprint, subject)),
  port: PORTS.turn,
});
const byTls = (subject: string, context: Context): TurnServer => {
  const service = serviceOf(context.blueprint, `${subject} turn`);
  return {
    address: addressOf(service.host),
    port: service.port,
    tls: { name: service.tlsName, ca: authorityOf(service, context) },
  };
};

/** A credential as Prosody would give it; each name has a quota of its own. */
const credential = (name: string, { now, secret }: Context, life = LIFE): Credential =>
  restCredential(
    secret("turn/shared-secret"),
    Math.floor(now.getTime() / 1000) + life,
    `probe-${name}`,
  );

/** Addresses that a relay must never reach, with what each stands for. */
function forbidden(subject: string, { blueprint }: Context): Map<string, string> {
  const others = hostsOf(blueprint).filter((host) => !carries(host, "bridge"));
  return new Map([
    ["127.0.0.1", "loopback"],
    ["127.1.2.3", "loopback"],
    ["0.0.0.0", "this host"],
    ["10.255.255.254", "a private network"],
    ["172.16.0.1", "a private network"],
    ["192.168.1.1", "a private network"],
    ["169.254.169.254", "the cloud's metadata"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["198.51.100.1", "somebody on the internet"],
    ["::1", "loopback"],
    ["::", "this host"],
    ["::ffff:127.0.0.1", "loopback, mapped"],
    ["::ffff:10.255.255.254", "a private network, mapped"],
    ["64:ff9b::7f00:1", "loopback by NAT64"],
    ["64:ff9b::a50:a", "a private network by NAT64"],
    ["2002:7f00:1::", "loopback by 6to4"],
    ["fd00::1", "a private network"],
    ["fe80::1", "the link"],
    ["ff02::1", "multicast"],
    ["2001:db8::1", "somebody on the internet"],
    ...others.flatMap((host): [string, string][] => {
      const who = host.id === subject ? "itself" : host.id;
      return [
        [`::ffff:${host.ipv4}`, `${who}, mapped`],
        ...[...privateAddresses(host), ...publicAddresses(host)].map(
          (address): [string, string] => [address, who],
        ),
      ];
    }),
  ]);
}

/** One session that asks for every peer, and sends to a bridge: it is the control of all others. */
const session = (subject: string, context: Context): Promise<TurnRelayed> =>
  context.once(`turn ${subject}`, () => {
    const [bridge] = hostsOf(context.blueprint, "bridge");
    return context.vantagePoint.ask("relayTurn", {
      server: byUdp(subject, context),
      credential: credential("session", context),
      peers: [
        ...forbidden(subject, context).keys(),
        ...hostsOf(context.blueprint, "bridge").map(({ ipv4 }) => ipv4),
      ],
      ...(bridge ? { echo: { address: bridge.ipv4, port: PORTS.media } } : {}),
    });
  });

async function alive(subject: string, context: Context): Promise<string | undefined> {
  const { allocated, failed } = await session(subject, context);
  if (allocated === 0) return undefined;
  return `a good credential gets no relay: ${failed ?? (allocated === undefined ? "no answer" : `error ${allocated}`)}`;
}

const word = (code: number | undefined): string =>
  code === undefined ? "no answer" : code === 0 ? "success" : `error ${code}`;

async function unauthenticated(subject: string, context: Context): Promise<Outcome> {
  const wrong: string[] = [];
  for (const [name, server] of [
    ["UDP", byUdp(subject, context)],
    ["TLS", byTls(subject, context)],
  ] as const) {
    const { code, failed } = await context.vantagePoint.ask("askTurn", {
      server,
      what: "allocate",
    });
    if (code !== 401) wrong.push(`by ${name}: ${failed ?? word(code)} instead of 401`);
  }
  return passUnless(wrong, "401 by UDP and by TLS");
}

/** Why the relay doesn't even challenge who has no login, or nothing. */
async function challenges(subject: string, context: Context): Promise<string | undefined> {
  const server = byUdp(subject, context);
  const { code, failed } = await context.vantagePoint.ask("askTurn", { server, what: "allocate" });
  return code === 401 ? undefined : `it challenges nobody: ${failed ?? word(code)}`;
}

/** A login by the secret that Prosody has in memory, be it the vault's last one or the one before. */
async function issued(subject: string, context: Context): Promise<Outcome> {
  const { blueprint, admin, now, secret } = context;
  const converge = `\`polder converge ${blueprint.instance}\` brings both sides to the vault's secrets`;
  const wrong: string[] = [];
  for (const { id } of hostsOf(blueprint, "control")) {
    const key = await context.once(`relay key ${id}`, () => askRelayKey(admin, id));
    const known = JSON.parse(secret("turn/accepted-secrets")) as string[];
    const used = known.find((one) => relayKeyOf(one) === key);
    if (used === undefined) {
      wrong.push(`${id} makes logins by a secret that the vault doesn't have: ${converge}`);
      continue;
    }
    const { code, failed } = await context.vantagePoint.ask("askTurn", {
      server: byUdp(subject, context),
      what: "allocate",
      credential: restCredential(used, Math.floor(now.getTime() / 1000) + LIFE, "probe-issued"),
    });
    if (code !== 0)
      wrong.push(`a login as ${id} makes it gets ${failed ?? word(code)}: ${converge}`);
  }
  return passUnless(wrong, "a login by the secret that Prosody has in memory gets a relay");
}

async function badCredential(subject: string, context: Context): Promise<Outcome> {
  const { now } = context;
  const soon = Math.floor(now.getTime() / 1000) + LIFE;
  const bad: Record<string, Credential> = {
    "another secret": restCredential("0".repeat(64), soon, "probe-bad"),
    "an expired user name": credential("old", context, -60),
    "no expiry in the user name": {
      ...restCredential(context.secret("turn/shared-secret"), soon),
      user: "probe",
    },
  };
  const wrong: string[] = [];
  for (const [what, one] of Object.entries(bad)) {
    const { code, failed } = await context.vantagePoint.ask("askTurn", {
      server: byUdp(subject, context),
      what: "allocate",
      credential: one,
    });
    if (code !== 401) wrong.push(`${what}: ${failed ?? word(code)} instead of 401`);
  }
  return passUnless(wrong, `401 for ${Object.keys(bad).join(", ")}`);
}

async function silent(subject: string, context: Context): Promise<Outcome> {
  const server = byUdp(subject, context);
  const binding = await context.vantagePoint.ask("askTurn", { server, what: "binding" });
  const challenge = await context.vantagePoint.ask("askTurn", { server, what: "allocate" });
  const all = [binding, challenge];
  // Sizes of the requests: a Binding has 20 bytes, an Allocate without credential 28.
  const factor = Math.max((binding.size ?? 0) / 20, (challenge.size ?? 0) / 28);
  return passUnless(
    [
      ...all.flatMap(({ software }) => (software ? [`it tells ${software}`] : [])),
      // RFC 5780: OTHER-ADDRESS, RESPONSE-ORIGIN.
      ...(all.some(({ attributes }) => attributes.includes("802c"))
        ? ["it offers to answer from other addresses (RFC 5780)"]
        : []),
    ],
    `no program's name; answers to who has no login are ${factor.toFixed(1)} times their question`,
  );
}

async function peers(subject: string, context: Context): Promise<Outcome> {
  const names = forbidden(subject, context);
  const { peers: asked } = await session(subject, context);
  const bridges = hostsOf(context.blueprint, "bridge").map(({ ipv4 }) => ipv4);
  const refused = (code: number | undefined) => code !== undefined && code >= 400;
  const wrong = asked.flatMap(({ peer, permission, channel }) => {
    const codes = `CreatePermission ${word(permission)}, ChannelBind ${word(channel)}`;
    if (bridges.includes(peer))
      return permission === 0 ? [] : [`its own bridge ${peer} is refused: ${codes}`];
    return refused(permission) && refused(channel)
      ? []
      : [`${names.get(peer)} (${peer}) isn't refused: ${codes}`];
  });
  const missing = [...names.keys(), ...bridges].filter(
    (peer) => !asked.some((one) => one.peer === peer),
  );
  return passUnless(
    [...wrong, ...missing.map((peer) => `${peer} wasn't asked`)],
    `${names.size} addresses refused, ${bridges.length} bridges allowed`,
    asked.map(
      ({ peer, permission, channel }) =>
        `${peer} (${names.get(peer) ?? "bridge"}): ${word(permission)}, ${word(channel)}`,
    ),
  );
}

/** Packets that a relay's own host dropped between the two, by its filter's counters. @returns or why they can't be read */
async function droppedByItself(host: string, context: Context): Promise<number | string> {
  const command = ["nft", "list", "chain", "inet", "polder", "input"];
  const { code, stdout, stderr } = await context.admin.run(host, command);
  if (code !== 0) return stderr.trim();
  const counters = stdout.matchAll(
    /counter packets (\d+) bytes \d+ drop comment "relay-to-itself"/g,
  );
  return [...counters].reduce((sum, [, packets]) => sum + Number(packets), 0);
}

/**
 * Sends something through the relay to a port of a bridge's host. That it came is reported by the kernel of that host, which
 * notes each connection that it lets in, by the relay's port, for half a minute. What a host sends to itself it notes on the
 * way out: there its filter, too, must have dropped nothing.
 *
 * @returns the relay's port and whether it came; or why nothing was sent, or nobody can say
 */
async function sentThrough(
  subject: string,
  bridge: Host,
  port: number,
  context: Context,
): Promise<{ readonly from: number; readonly came: boolean } | string> {
  const itself = bridge.id === subject;
  const before = itself ? await droppedByItself(subject, context) : 0;
  const { allocated, relayed, failed } = await context.vantagePoint.ask("relayTurn", {
    server: byUdp(subject, context),
    // coturn 4.6.1 refuses a name with a space.
    credential: credential(`arrives-${bridge.id}-${port}`, context),
    peers: [bridge.ipv4],
    echo: { address: bridge.ipv4, port },
  });
  if (!relayed) return `no relay to ${bridge.id}: ${failed ?? word(allocated)}`;
  const entry = `dst=${bridge.ipv4} sport=${relayed.port} dport=${port}`;
  const command = ["grep", "-m1", "-F", `${entry} `, "/proc/net/nf_conntrack"];
  const { code, stderr } = await context.admin.run(bridge.id, command);
  const after = itself ? await droppedByItself(subject, context) : 0;
  const why = [stderr.trim(), before, after].find((one) => typeof one === "string" && one !== "");
  return why === undefined
    ? { from: relayed.port, came: code === 0 && after === before }
    : `what came to ${bridge.id} can't be read: ${why}`;
}

/** What a videobridge gets it answers only if it is of one of its meetings: its host's kernel says that it came. */
async function arrives(subject: string, context: Context): Promise<Outcome> {
  const wrong: string[] = [];
  const seen: string[] = [];
  for (const bridge of hostsOf(context.blueprint, "bridge")) {
    const sent = await sentThrough(subject, bridge, PORTS.media, context);
    if (typeof sent === "string") wrong.push(sent);
    else if (sent.came) seen.push(`${bridge.id} from port ${sent.from}`);
    else wrong.push(`what was sent to ${bridge.id} through the relay didn't arrive`);
  }
  return passUnless(wrong, `arrived at ${seen.join(", ")}`);
}

/** Ports of a relay's own host by UDP: the relay's own, and one that nothing has. */
const OWN_PORTS = [PORTS.turn, PORTS.xmpp];

/** Where the bridge is on the relay's own host, no other filter stands between the two. */
async function ownHost(subject: string, context: Context): Promise<Outcome> {
  const host = hostOf(context.blueprint, subject);
  const wrong: string[] = [];
  const media = await sentThrough(subject, host, PORTS.media, context);
  if (typeof media === "string") return fail(media);
  if (!media.came) return fail("what is sent to the media port doesn't arrive either");
  for (const port of OWN_PORTS) {
    const sent = await sentThrough(subject, host, port, context);
    if (typeof sent === "string") wrong.push(sent);
    else if (sent.came) wrong.push(`it reaches port ${port} of its own host`);
  }
  return passUnless(
    wrong,
    `of its own host it reaches port ${PORTS.media}, and not ${OWN_PORTS.join(" or ")}`,
  );
}

async function relays(subject: string, context: Context): Promise<Outcome> {
  if (context.blueprint.jitsi) return arrives(subject, context);
  const { echoed, relayed } = await session(subject, context);
  return passUnless(
    echoed ? [] : ["what was sent to a bridge through the relay didn't come back"],
    `an echo of the bridge came back by ${relayed?.address} port ${relayed?.port}`,
  );
}

/** A quota in the host's own rendered file. */
function quotaOf(subject: string, context: Context): number | undefined {
  const file = context
    .configuration(subject)
    .files.find(({ path }) => path.endsWith("/turnserver.conf"));
  const text = /^user-quota=(\d+)$/m.exec(file?.content ?? "")?.[1];
  return text === undefined ? undefined : Number(text);
}

async function quota(subject: string, context: Context): Promise<Outcome> {
  const most = quotaOf(subject, context);
  if (most === undefined) return notTested("its rendered file has no user-quota");
  const codes = await context.vantagePoint.ask("fillTurn", {
    server: byUdp(subject, context),
    credential: credential("quota", context),
    most: most + 2,
  });
  const got = codes.filter((code) => code === 0).length;
  return passUnless(
    [
      ...(codes.at(-1) === 486
        ? []
        : [`after ${got} allocations comes ${word(codes.at(-1))}, not 486`]),
      ...(got > most ? [`one user got ${got} allocations, the quota is ${most}`] : []),
    ],
    `${got} allocations, then 486`,
  );
}

async function tls(subject: string, context: Context): Promise<Outcome> {
  const { code, failed } = await context.vantagePoint.ask("askTurn", {
    server: byTls(subject, context),
    what: "allocate",
    credential: credential("tls", context),
  });
  return passUnless(
    code === 0 ? [] : [failed ?? word(code)],
    `a relay by TLS on port ${instancePorts(context.blueprint).turnTls}`,
  );
}

async function tcpRelay(subject: string, context: Context): Promise<Outcome> {
  const wrong: string[] = [];
  for (const server of [byUdp(subject, context), byTls(subject, context)]) {
    const { code } = await context.vantagePoint.ask("askTurn", {
      server,
      what: "allocate-tcp",
      credential: credential("tcp", context),
    });
    if (code === undefined || code < 400)
      wrong.push(`port ${server.port}: ${word(code)} instead of a refusal`);
  }
  return passUnless(wrong, "refused by UDP and by TLS");
}

const probe = probesWith({
  group: "turn",
  control: "a credential made from the shared secret gets a relay",
  norms: ["ISO 27002 8.20", "ISO 27002 8.22"],
  subjects: (blueprint) => hostsOf(blueprint, "turn").map(({ id: host }) => host),
  alive,
});

export const turnProbes: readonly Probe[] = [
  probe(
    "turn-unauthenticated",
    "nobody gets a relay without a credential",
    "asks for a relay without a login",
    unauthenticated,
  ),
  {
    ...probe(
      "turn-login",
      "a login that Prosody issues gets a relay",
      "does nothing: after a rotation Prosody and coturn could have different secrets",
      issued,
    ),
    control: "somebody without a login is asked for one",
    alive: challenges,
  },
  probe(
    "turn-credential",
    "a credential of another secret, or one that has ended, gets no relay",
    "forges a credential, or keeps an old one",
    badCredential,
  ),
  probe(
    "turn-silent",
    "somebody without a login learns neither the program nor its version",
    "asks the relay what it is",
    silent,
  ),
  probe(
    "turn-peers",
    "the relay reaches the instance's bridges and nothing else",
    "asks for loopback, private, mapped, translated and neighbouring addresses, by both ways to name a peer",
    peers,
  ),
  probe(
    "turn-relay",
    "what is sent to a bridge through the relay arrives",
    "does nothing: this proves that the relay works at all",
    relays,
  ),
  {
    ...probe(
      "turn-own-host",
      "a relay whose bridge is on its own host reaches the media port of that host, and no other",
      "sends through the relay to other ports of the host that the relay is on",
      ownHost,
    ),
    subjects: (blueprint) =>
      hostsOf(blueprint, "turn")
        .filter((host) => carries(host, "bridge"))
        .map(({ id }) => id),
  },
  probe(
    "turn-quota",
    "one user gets no more relays than planned",
    "takes all relays with one credential",
    quota,
  ),
  probe(
    "turn-tls",
    `the relay works by TLS, on port ${PORTS.https} where it has an address of its own`,
    `does nothing: some firewalls let nothing out but port ${PORTS.https}`,
    tls,
  ),
  probe(
    "turn-tcp-relay",
    "the relay opens no TCP connections",
    "asks for a relay by TCP, to reach web servers inside",
    tcpRelay,
  ),
];
