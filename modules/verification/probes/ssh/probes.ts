import { fail, notTested, type Outcome, passUnless } from "../../../common/findings/index.ts";
import { carries, type Host, hostOf, PORTS } from "../../../planning/blueprint/index.ts";
import type { Ran } from "../admin.ts";
import { adminAlive } from "../alive.ts";
import { type Context, type Probe, probesWith } from "../probe.ts";
import { flowsTo, hostsOf, publicAddresses } from "../services.ts";
import { askSsh } from "./kexinit.ts";

/** Beginnings of names that ssh-audit 3.3.0 fails or warns of, and NCSC-like lists leave out. */
const OLD = {
  kex: /sha1|^diffie-hellman|^ecdh-sha2-nistp|^rsa/,
  hostKeys: /^ssh-rsa|^ssh-dss|^rsa-|ecdsa/,
  ciphers: /cbc|arcfour|3des|blowfish|^none$/,
  macs: /sha1|md5|umac-64|ripemd|^none$|^hmac-sha2-(256|512)$/,
} as const;

async function algorithms(subject: string, context: Context): Promise<Outcome> {
  const offer = await askSsh(() => context.admin.forward(subject, 22));
  const old = Object.entries(OLD).flatMap(([list, pattern]) =>
    offer[list as keyof typeof OLD]
      .filter((name) => !name.startsWith("kex-strict-") && !name.startsWith("ext-info-"))
      .filter((name) => pattern.test(name))
      .map((name) => `${name} is offered (${list})`),
  );
  return passUnless(
    [
      ...old,
      ...(offer.kex.some((name) => /^(mlkem768|sntrup761)/.test(name))
        ? []
        : ["no key exchange is safe against a quantum computer"]),
      ...(offer.kex.some((name) => name.startsWith("kex-strict-"))
        ? []
        : ["no strict key exchange, which stops Terrapin (CVE-2023-48795)"]),
      ...(/Debian|Ubuntu/.test(offer.banner) ? [`the banner tells more: ${offer.banner}`] : []),
    ],
    `${offer.kex[0]}, ${offer.hostKeys.join(" ")}, ${offer.ciphers[0]}`,
    Object.entries(offer).map(([name, value]) => `${name}: ${String(value)}`),
  );
}

/** What sshd would still take, from its refusal of the method "none". */
async function methods(subject: string, context: Context): Promise<Outcome> {
  const none = ["-o", "PreferredAuthentications=none", "-o", "ControlPath=none"];
  const wrong: string[] = [];
  const seen: string[] = [];
  // Root, and a name that nobody has: what a guesser tries.
  for (const user of ["root", "nobody-here"]) {
    const ran = await context.admin.ssh(subject, [...none, "-o", `User=${user}`], ["true"]);
    if (ran.code === 0) {
      wrong.push(`${user} is let in`);
      continue;
    }
    const [, offered] = /Permission denied \(([^)]*)\)/.exec(ran.stderr) ?? [];
    if (offered === undefined) return fail(`${user} gets no answer: ${ran.stderr.trim()}`);
    seen.push(offered);
    const more = offered.split(",").filter((method) => method !== "publickey");
    if (more.length > 0) wrong.push(`${user} may try ${more.join(", ")}`);
  }
  return passUnless(wrong, `only ${[...new Set(seen)].join(", ")}`);
}

/** What the running server's file says of root; from outside a key of root's can't be tried. */
async function root(subject: string, context: Context): Promise<Outcome> {
  const ran = await context.admin.run(subject, [
    "sshd",
    "-T",
    "-C",
    "user=root,host=probe,addr=192.0.2.1",
  ]);
  const value = /^permitrootlogin (\S+)$/m.exec(ran.stdout)?.[1];
  const keys = await context.admin.run(subject, [
    "sh",
    "-c",
    "cat /root/.ssh/authorized_keys /etc/ssh/authorized_keys/root 2>/dev/null; true",
  ]);
  const listed = keys.stdout
    .split("\n")
    .filter((line) => /^[^#\s]/.test(line) && !/command="/.test(line)).length;
  return passUnless(
    [
      ...(value === "no" ? [] : [`PermitRootLogin is ${value ?? "not to be read"}`]),
      ...(listed > 0 ? [`root has ${listed} keys`] : []),
    ],
    "no root login, no key of root's",
  );
}

async function edgeClosed(subject: string, context: Context): Promise<Outcome> {
  const wrong: string[] = [];
  for (const address of publicAddresses(hostOf(context.blueprint, subject))) {
    const { verdict } = await context.vantagePoint.ask("tryConnect", {
      address,
      port: 22,
      timeout: 2_000,
    });
    if (verdict !== "silent")
      wrong.push(`port 22 of ${address} is ${verdict} from ${context.vantagePoint.where}`);
  }
  return passUnless(wrong, `silent from ${context.vantagePoint.where}`);
}

/** On a connection of its own; below INFO, ssh doesn't say that it was prohibited. */
const ASKING_WHY = ["-o", "ControlPath=none", "-o", "LogLevel=INFO"];

/** The jump leads to the hosts' port 22 and nowhere else. */
async function jump(_subject: string, context: Context): Promise<Outcome> {
  const { blueprint } = context;
  const wrong: string[] = [];
  let tried = 0;
  for (const host of hostsOf(blueprint).filter((host) => !carries(host, "edge"))) {
    const ports = [
      80,
      PORTS.https,
      PORTS.media,
      ...flowsTo(blueprint, host, "tcp").map(({ ports: [p] }) => p),
    ];
    const [port] = ports.filter((one) => one !== 22).slice(-1);
    for (const target of port === undefined ? [] : [port]) {
      tried++;
      if (await opens(context, host.id, target))
        wrong.push(`${host.id} port ${target} is reached through the jump`);
    }
  }
  for (const address of ["127.0.0.1", "169.254.169.254", "198.51.100.1"]) {
    tried++;
    const ran = await context.admin.ssh(
      edgeId(context),
      [...ASKING_WHY, "-W", `${address}:22`],
      [],
    );
    if (!/prohibited/.test(ran.stderr))
      wrong.push(`the jump doesn't refuse ${address}: ${last(ran)}`);
  }
  return passUnless(wrong, `${tried} other places refused`);
}

const last = (ran: Ran): string => ran.stderr.trim().split("\n").at(-1) ?? `code ${ran.code}`;
const edgeId = ({ blueprint }: Context): string => hostsOf(blueprint, "edge")[0]?.id ?? "";

async function opens(context: Context, host: string, port: number): Promise<boolean> {
  const { ipv4 } = hostOf(context.blueprint, host);
  const ran = await context.admin.ssh(
    edgeId(context),
    [...ASKING_WHY, "-W", `${ipv4}:${port}`],
    [],
  );
  return !/prohibited/.test(ran.stderr);
}

async function forwarding(subject: string, context: Context): Promise<Outcome> {
  const wrong: string[] = [];
  const own = ["-o", "ControlPath=none", "-o", "ExitOnForwardFailure=yes"];
  const back = await context.admin.ssh(subject, [...own, "-R", "0:127.0.0.1:9"], ["true"]);
  if (back.code === 0) wrong.push("it opens ports for whoever logs in (-R)");
  const shown = await context.admin.ssh(
    subject,
    ["-o", "ControlPath=none", "-A", "-o", "ForwardX11=yes"],
    ["sh", "-c", 'echo "agent=$SSH_AUTH_SOCK display=$DISPLAY"'],
  );
  if (shown.code !== 0) return notTested(`no login with forwarding asked for: ${last(shown)}`);
  const [, agent, display] = /agent=(\S*) display=(\S*)/.exec(shown.stdout) ?? [];
  if (agent) wrong.push("it forwards the agent");
  if (display) wrong.push("it forwards X11");
  return passUnless(wrong, "neither ports, nor agent, nor X11");
}

const probesOn = (role?: Host["role"]) =>
  probesWith({
    group: "ssh",
    control: "a named admin's key logs in on the host",
    norms: ["BIO2 8.20.02", "BIO2 8.24.04", "ISO 27002 8.5"],
    subjects: (blueprint) => hostsOf(blueprint, role).map(({ id }) => id),
    alive: adminAlive,
  });
const probe = probesOn();
const edgeProbe = probesOn("edge");

export const sshProbes: readonly Probe[] = [
  probe(
    "ssh-methods",
    "no way in but a key: neither password nor keyboard-interactive",
    "tries to log in as root and as a guessed name",
    methods,
  ),
  probe("ssh-root", "root doesn't log in and has no key", "logs in as root", root),
  probe(
    "ssh-algorithms",
    "only modern algorithms, a hybrid key exchange among them",
    "makes both sides agree on something old, or records for a later computer",
    algorithms,
  ),
  edgeProbe(
    "ssh-edge-closed",
    "the edge host's SSH answers to admin networks alone",
    "connects from outside",
    edgeClosed,
  ),
  edgeProbe(
    "ssh-jump",
    "the edge host passes connections on to the hosts' port 22 and to nothing else",
    "connects onward from the edge host with a stolen login",
    jump,
  ),
  probe(
    "ssh-forwarding",
    "a login forwards no port, no agent and no display",
    "uses somebody's login to come back later",
    forwarding,
  ),
];
