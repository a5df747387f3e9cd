// What the rendered coturn relays beside a bare one, by coturn's own load tool, in turn, for each second of its processor
// time, since load tool and peer share the processors with it; and what a valid allocation
// takes while somebody without a login asks 1,000 times a second. Part of `make bench`; alone:
// `node --import tsx scripts/bench-relays.ts [ROUNDS]`. No test evaluates a time.
import { execFile, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { RelayServer } from "../lab/testing/relay-server.ts";
import { validatorRoot } from "../lab/testing/validator-root.ts";
import { buildBlueprint, hostsWith, instancePorts } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { restCredential } from "../modules/verification/probes/index.ts";

const ROUNDS = Number(process.argv[2] ?? 3);
/** People at a time, each with a name and allocations of their own, and what each of these sends. */
const PEOPLE = 6;
const ALLOCATIONS = 2;
const MESSAGES = 4_000;
const BYTES = 1_000;
const SECRET = "bench-secret-of-thirty-two-bytes";
/** Valid allocations, one after the other, of which the slowest hundredth counts. */
const ASKED = 300;
/** Allocations that somebody without a login asks for in a second. */
const FLOOD = 1_000;

/** Enough people for the quota of all valid allocations. */
const meetings = [{ kind: "overleg", simultaneous: 100, participants: 5, cameras: "all" }];
const blueprint = buildBlueprint(inputOf(someInstance({ demand: { meetings } })));
const root = await validatorRoot();
const run = promisify(execFile);
const [bridge] = hostsWith(blueprint, "bridge");
const PEER_PORT = 10_001;

/** Only what coturn needs to relay: Debian's defaults for all else. */
const bare = (text: string): string =>
  [
    ...(text.match(
      /^(listening-ip|listening-port|tls-listening-port|relay-ip|realm|cert|pkey)=.*$/gm,
    ) ?? []),
    "use-auth-secret",
    `static-auth-secret=${SECRET}`,
    "no-cli",
  ].join("\n");

const WAYS = {
  UDP: ["-p", "3478"],
  TLS: ["-t", "-S", "-p", `${instancePorts(blueprint).turnTls}`],
} as const;

/** Seconds of the processor that the coturn of a network of its own has used. */
function processorTime(server: RelayServer): number {
  const network = readlinkSync(server.way[1]?.split("=")[1] ?? "");
  const found = readdirSync("/proc").filter((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "turnserver" &&
        readlinkSync(`/proc/${pid}/ns/net`) === network
      );
    } catch {
      return false; // No process, or gone meanwhile.
    }
  });
  const [pid] = found;
  if (found.length !== 1) throw new Error(`${found.length} processes of coturn in its network`);
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Packets that were relayed there and back, for each second of coturn's processor time. */
async function relayed(server: RelayServer, way: keyof typeof WAYS): Promise<number> {
  const [command = "", ...inside] = [...server.way, "chroot", root];
  const peer = spawn(command, [
    ...[...inside, "/usr/bin/turnutils_peer"],
    ...["-L", bridge?.ipv4 ?? "", "-p", `${PEER_PORT}`],
  ]);
  try {
    await sleep(300);
    const before = processorTime(server);
    const ran = await Promise.all(
      Array.from({ length: PEOPLE }, (_, i) =>
        run(command, [
          ...[...inside, "/usr/bin/turnutils_uclient", ...WAYS[way], "-c"],
          ...["-u", `person-${i}`, "-W", SECRET, "-e", bridge?.ipv4 ?? "", "-r", `${PEER_PORT}`],
          ...["-m", `${ALLOCATIONS}`, "-n", `${MESSAGES}`, "-l", `${BYTES}`, "-z", "1"],
          server.host.ipv4,
        ]),
      ),
    );
    const seconds = processorTime(server) - before;
    const came = ran.map(({ stdout }) =>
      Number([...stdout.matchAll(/tot_recv_msgs=(\d+)/g)].at(-1)?.[1] ?? 0),
    );
    return came.reduce((sum, one) => sum + one, 0) / seconds;
  } finally {
    peer.kill();
  }
}

/** Asks for allocations without a login, so many a second, from 200 ports. */
const FLOODER = `
import os, socket, struct, sys, time
to, rate = (sys.argv[1], 3478), int(sys.argv[2])
ports = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(200)]
began, sent = time.monotonic(), 0
while True:
    while sent < (time.monotonic() - began) * rate:
        head = struct.pack("!HHI", 3, 8, 0x2112A442) + os.urandom(12)
        ports[sent % 200].sendto(head + struct.pack("!HHBxxx", 0x19, 4, 17), to)
        sent += 1
    time.sleep(0.002)
`;

/** Milliseconds that the slowest hundredth of valid allocations takes at least. */
async function slowest(server: RelayServer, name: string): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < ASKED; i++) {
    const began = performance.now();
    const { code } = await server.outside.ask("askTurn", {
      server: { address: server.host.ipv4, port: 3478 },
      what: "allocate",
      credential: restCredential(SECRET, Math.floor(Date.now() / 1000) + 60, `${name}-${i}`),
    });
    if (code !== 0) throw new Error(`a valid allocation is refused: ${code}`);
    took.push(performance.now() - began);
  }
  return took.toSorted((a, b) => a - b)[Math.ceil(ASKED * 0.99) - 1] ?? Number.NaN;
}

/** The same before and during a flood. */
async function flooded(): Promise<{ readonly idle: number; readonly during: number }> {
  process.stderr.write("relays: a flood without a login\n");
  const server = await RelayServer.start(blueprint, [SECRET]);
  try {
    await slowest(server, "first");
    const idle = await slowest(server, "idle");
    const [command = "", ...inside] = server.way;
    const flooder = spawn(command, [
      ...[...inside, "python3", "-c", FLOODER, server.host.ipv4, `${FLOOD}`],
    ]);
    await sleep(1_000);
    const during = await slowest(server, "during");
    flooder.kill();
    return { idle, during };
  } finally {
    await server.stop();
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const found = { UDP: { bare: [], rendered: [] }, TLS: { bare: [], rendered: [] } } as Record<
  keyof typeof WAYS,
  Record<"bare" | "rendered", number[]>
>;
for (let round = 0; round < ROUNDS; round++)
  for (const kind of ["bare", "rendered"] as const) {
    process.stderr.write(`relays: round ${round + 1} of ${ROUNDS}, ${kind}\n`);
    const server = await RelayServer.start(blueprint, [SECRET], kind === "bare" ? bare : undefined);
    try {
      for (const way of ["UDP", "TLS"] as const) found[way][kind].push(await relayed(server, way));
    } finally {
      await server.stop();
    }
  }
const { idle, during } = await flooded();
process.stdout.write(
  [
    `| Relayed, ${PEOPLE} people with ${ALLOCATIONS} allocations each, packets of ${BYTES} bytes, for each second of the processor | bare coturn | as rendered | ratio |`,
    "| --- | --- | --- | --- |",
    ...Object.entries(found).map(([way, { bare: of, rendered }]) => {
      const shown = (values: readonly number[]) =>
        `${median(values).toFixed(0)} packets/s, ${((median(values) * BYTES * 8) / 1e6).toFixed(0)} Mbit/s`;
      return `| ${way} | ${shown(of)} | ${shown(rendered)} | ${(median(rendered) / median(of)).toFixed(2)} |`;
    }),
    "",
    `| A valid allocation, p99 of ${ASKED} | ms |`,
    "| --- | --- |",
    `| idle | ${idle.toFixed(1)} |`,
    `| while somebody without a login asks ${FLOOD} times a second | ${during.toFixed(1)} |`,
    "",
  ].join("\n"),
);
