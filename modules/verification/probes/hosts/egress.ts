import { notTested, type Outcome, passUnless } from "../../../common/findings/index.ts";
import { type Flow, hostOf, privateAddresses } from "../../../planning/blueprint/index.ts";
import { adminAlive } from "../alive.ts";
import type { Context, Probe } from "../probe.ts";
import { hostsOf } from "../services.ts";

/** Where each attempt goes. */
interface Attempt {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
}

async function attempt(
  host: string,
  attempts: readonly Attempt[],
  context: Context,
): Promise<string[]> {
  const input = JSON.stringify({ name: host, attempts });
  const ran = await context.admin.python(host, "attempt", { input });
  if (ran.code !== 0) throw new Error(`python3 on ${host}: ${ran.stderr.trim()}`);
  return JSON.parse(ran.stdout) as string[];
}

/** Flows that lead from a host's role to ranges outside, over TCP. */
const outward = (host: string, { blueprint }: Context): Flow[] =>
  blueprint.flows.filter(
    ({ from, to, protocol }) =>
      from.kind === "role" &&
      from.role === hostOf(blueprint, host).role &&
      to.kind === "ranges" &&
      protocol === "tcp",
  );

/** The host does reach something that it may reach: silence elsewhere is the filter's. */
async function alive(subject: string, context: Context): Promise<string | undefined> {
  const dead = await adminAlive(subject, context);
  if (dead) return dead;
  const allowed = outward(subject, context).flatMap(({ to, ports: [port] }): Attempt[] =>
    to.kind === "ranges"
      ? to.ranges
          .filter((range) => /\/(32|128)$/.test(range))
          .map((range) => ({ protocol: "tcp", address: range.replace(/\/.*/, ""), port }))
      : [],
  );
  if (allowed.length === 0)
    return "no flow leads from it to one address, so nothing shows its way out";
  const results = await attempt(subject, allowed, context);
  return results.includes("sent")
    ? undefined
    : `it reaches nothing that it may: ${results.join(", ")}`;
}

async function run(subject: string, context: Context): Promise<Outcome> {
  if (!context.listens)
    return notTested(
      "no listener on the internet records what leaves the host: outside the lab there is none",
    );
  const { addresses, tcp, udp } = await context.once("listener", () =>
    context.vantagePoint.ask("listen", {}),
  );
  const targets = addresses.flatMap((address): Attempt[] => [
    { protocol: "tcp", address, port: tcp },
    { protocol: "udp", address, port: udp },
  ]);
  // The positive control: the listener connects to itself.
  for (const address of addresses)
    await context.vantagePoint.ask("tryConnect", { address, port: tcp, timeout: 1_000 });
  // Neighbours, on ports that no flow leads to.
  const neighbours = hostsOf(context.blueprint)
    .filter(({ id }) => id !== subject)
    .flatMap(privateAddresses)
    .map((address): Attempt => ({ protocol: "tcp", address, port: 9_999 }));
  const results = await attempt(subject, [...targets, ...neighbours], context);
  const heard = await context.vantagePoint.ask("arrivals", {});
  const wrong = [
    ...targets
      .filter((_, i) => results[i] === "sent")
      .filter(({ protocol }) => protocol === "tcp")
      .map(({ address, port }) => `it reaches ${address} tcp ${port}`),
    ...heard
      .filter((arrival) => arrival.endsWith(` ${subject}`))
      .map((arrival) => `a listener outside heard it (${arrival.split(" ")[0]})`),
    // A refusal by reset means that the packet came through.
    ...neighbours
      .filter((_, i) => /^(sent|ConnectionRefused)/.test(results[targets.length + i] ?? ""))
      .map(({ address, port }) => `it reaches its neighbour ${address} tcp ${port}`),
  ];
  return passUnless(
    wrong,
    `${targets.length} ways to ${context.vantagePoint.where} and ${neighbours.length} to neighbours are shut`,
    [...targets, ...neighbours].map(
      ({ protocol, address, port }, i) => `${protocol} ${address} ${port}: ${results[i]}`,
    ),
  );
}

export const egressProbes: readonly Probe[] = [
  {
    id: "egress",
    group: "egress",
    holds:
      "a host can connect only where its flows lead, both to the internet and to its neighbours",
    attack: "has become root on a host and calls home, or looks around",
    control:
      "the host reaches what its flows allow, and the listener on the internet records a test connection of its own",
    norms: ["ISO 27002 8.12", "ISO 27002 8.22"],
    subjects: (blueprint) => hostsOf(blueprint).map(({ id }) => id),
    alive,
    run,
  },
];
