// What the rendered coturn relays beside a bare one, by coturn's own load tool: packets for each second of its processor time,
// since load tool and peer share the processors with it. And what a valid allocation takes while somebody without a login asks
// 1,000 times a second. Part of `make bench`; alone: `node --import tsx scripts/bench-relays.ts [ROUNDS]`. No test evaluates
// a time.
import { execFile, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { RelayServer } from "../lab/testing/relay-server.ts";
import { validatorRoot } from "../lab/testing/validator-root.ts";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import {
  buildBlueprint,
  hostsWith,
  instancePorts,
  PORTS,
} from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { median } from "../modules/verification/enumeration/index.ts";
import { restCredential } from "../modules/verification/probes/index.ts";
import { processorTime } from "./cost.ts";

const ROUNDS = Number(process.argv[2] ?? 7);
/** People at a time, each with a name and allocations of their own, and what each of these sends. */
const PEOPLE = 6;
const ALLOCATIONS = 2;
const MESSAGES = 3_000;
const BYTES = 1_000;
/** Milliseconds between two packets of an allocation: quicker ones are lost on two processors, by TLS more than a third. */
const PACE = 5;
const SECRET = "bench-secret-of-thirty-two-bytes";
/** Valid allocations, one after the other, of which the slowest hundredth counts. */
const ASKED = 300;
/** Allocations that somebody without a login asks for in a second. */
const FLOOD = 1_000;

/** Enough people for the quota of all valid allocations. */
const meetings = [{ kind: "overleg", simultaneous: 250, participants: 5, cameras: "all" }];
const blueprint = buildBlueprint(inputOf(someInstance({ demand: { meetings } })));
const root = await validatorRoot();
const run = promisify(execFile);
const [bridge] = hostsWith(blueprint, "bridge");
const FLOOD_PROGRAM = join(TOOLKIT, "lab/testing/allocation-flood.py");

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

/** The process of the coturn that is in a network of its own. */
function processOf({ network }: RelayServer): string {
  const own = readlinkSync(network);
  const found = readdirSync("/proc").filter((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "turnserver" &&
        readlinkSync(`/proc/${pid}/ns/net`) === own
      );
    } catch {
      return false; // No process, or gone meanwhile.
    }
  });
  const [pid] = found;
  if (pid === undefined || found.length > 1)
    throw new Error(`${found.length} processes of coturn in its network`);
  return pid;
}

/** Packets that were relayed there and back, for each second of coturn's processor time. */
async function relayed(server: RelayServer, way: keyof typeof WAYS): Promise<number> {
  const [command = "", ...inside] = [...server.way, "chroot", root, "/usr/bin/turnutils_uclient"];
  const pid = processOf(server);
  const before = processorTime(pid);
  const ran = await Promise.all(
    Array.from({ length: PEOPLE }, (_, i) =>
      run(command, [
        ...[...inside, ...WAYS[way], "-c", "-u", `person-${i}`, "-W", SECRET],
        ...["-e", bridge?.ipv4 ?? "", "-r", `${PORTS.media}`],
        ...["-m", `${ALLOCATIONS}`, "-n", `${MESSAGES}`, "-l", `${BYTES}`, "-z", `${PACE}`],
        server.host.ipv4,
      ]),
    ),
  );
  const seconds = processorTime(pid) - before;
  const came = ran
    .map(({ stdout }) => Number([...stdout.matchAll(/tot_recv_msgs=(\d+)/g)].at(-1)?.[1]))
    .reduce((sum, one) => sum + one, 0);
  const sent = PEOPLE * ALLOCATIONS * MESSAGES;
  // Packets that don't come back cost half, and would make any coturn look quick or slow.
  if (!(came > 0.99 * sent)) throw new Error(`${came} of ${sent} packets came back by ${way}`);
  return came / seconds;
}

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

/** The same before and during a flood, and what the flood was. */
async function flooded() {
  process.stderr.write("relays: a flood without a login\n");
  const server = await RelayServer.start(blueprint, [SECRET]);
  try {
    await slowest(server, "first");
    const idle = await slowest(server, "idle");
    const [command = "", ...inside] = server.way;
    const flood = spawn(
      command,
      [...inside, "python3", FLOOD_PROGRAM, server.host.ipv4, `${FLOOD}`],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const lines = createInterface({ input: flood.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value ?? "null") as unknown;
    if ((await next()) !== "begun") throw new Error("nobody refuses what the flood asks");
    const during = await slowest(server, "during");
    flood.stdin.end();
    return { idle, during, flood: (await next()) as { asked: number; refused: number } };
  } finally {
    await server.stop();
  }
}

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
const { idle, during, flood } = await flooded();
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
    `| while somebody without a login asks ${flood.asked} times a second, and is refused ${flood.refused} times | ${during.toFixed(1)} |`,
    "",
  ].join("\n"),
);
