import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cloudOf } from "../../clouds/known-clouds/index.ts";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { applyWaivers, type Finding, tally } from "../../common/findings/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import { renderHost } from "../../hosts/render/index.ts";
import { type Blueprint, hostOf, hostsWith } from "../../planning/blueprint/index.ts";
import { identityFile, LAB_USER, openVault, type Vault } from "../../secrets/vaults/index.ts";
import {
  type Drift,
  isListed,
  loadNotTested,
  onceOnly,
  type Probe,
  runProbes,
  startAdmin,
  startWorker,
  workerCommand,
} from "../../verification/probes/index.ts";
import { type LoadedInstance, loadPrograms, writeAtomically } from "../../workspace/index.ts";
import { type ConvergeOptions, convergeInstance, sshArguments } from "../converge/index.ts";
import { noteInHistory, whoWorks } from "../history/index.ts";

export interface ProbeOptions
  extends Pick<
    ConvergeOptions,
    "user" | "identity" | "sshIdentity" | "progress" | "testbed" | "standIns"
  > {
  readonly now: Date;
  /** Tell the monitor, which makes an alarm of each fail and ends it after a pass. */
  readonly alarm: boolean;
  readonly signal: AbortSignal;
}

export interface Probed {
  readonly findings: readonly Finding[];
  /** What couldn't be tried and isn't on the committed list. */
  readonly unlisted: readonly Finding[];
  /** Where all of it is written down. */
  readonly file: string;
}

/** One converge that only looks, for all hosts. */
async function driftOf(loaded: LoadedInstance, options: ProbeOptions): Promise<Map<string, Drift>> {
  const results = await convergeInstance(loaded, {
    limit: [],
    check: true,
    progress: () => undefined,
    user: options.user,
    identity: options.identity,
    sshIdentity: options.sshIdentity,
    testbed: options.testbed,
    standIns: options.standIns,
  });
  return new Map(
    results.map(({ host, outcome, lines, running, left }) => {
      if (outcome === "failed") throw new ExternalFailure(`${host}: ${lines.join("; ")}`);
      const files = lines.filter((line) => /^(drift|files): ?/.test(line));
      return [host, { files, running, beyond: left }];
    }),
  );
}

/** syslog's numbers (RFC 5424, 6.2.1): error, or informational. */
const PRIORITY = { fail: 3, pass: 6, waived: 6 } as const;

/**
 * What writes lines from its standard input into a host's journal, under a name. The shell writes them itself, and
 * stands until journald has read all of them: of a process that has ended by then, such as a `cat`, journald knows
 * no unit, and the monitor counts no line without one.
 */
export const journalWriter = (name: string): readonly string[] => [
  "systemd-cat",
  "-t",
  name,
  "sh",
  "-c",
  `while IFS= read -r line; do printf '%s\\n' "$line"; done; journalctl --sync`,
];

/**
 * Logs the verdicts on the edge host, whose journal goes to the monitor, which tells people what
 * turned red and, hearing of a pass, what turned green again.
 */
async function tellMonitor(
  findings: readonly Finding[],
  { blueprint }: LoadedInstance,
  admin: ReturnType<typeof startAdmin>,
  progress: (line: string) => void,
): Promise<void> {
  const [edge] = hostsWith(blueprint, "edge");
  // One line a finding; a report's evidence stays here.
  const lines = findings.flatMap(({ id, subject, message, verdict }) =>
    verdict === "not-tested" ? [] : [`<${PRIORITY[verdict]}>${id} ${subject}: ${message}`],
  );
  if (!edge || lines.length === 0) return;
  const ran = await admin.run(edge.id, journalWriter("polder-probe"), {
    input: `${lines.join("\n")}\n`,
  });
  if (ran.code !== 0) progress(`the monitor couldn't be informed: ${ran.stderr.trim()}`);
}

/**
 * Attacks a running instance and writes down what was found.
 *
 * @throws ExternalFailure when a vantage point can't be had at all
 */
export async function probeInstance(
  loaded: LoadedInstance,
  probes: readonly Probe[],
  options: ProbeOptions,
): Promise<Probed> {
  const { blueprint } = loaded;
  const own = cloudOf(blueprint, options.testbed).testbedOf(blueprint);
  const argumentsFor = (host: string, sharing?: readonly string[]) =>
    sshArguments(loaded, buildFolder(blueprint.instance), host, sharing);
  // Before the first converge there is no way in: say so at once.
  for (const { id } of blueprint.hosts.slice(0, 1)) argumentsFor(id);
  const vault = await openVault(loaded, {
    identityFile: identityFile(options.identity, own && join(own.people, `${LAB_USER}.age`)),
  });
  const sockets = mkdtempSync(join(tmpdir(), "polder-"));
  const vantagePoint = startWorker(
    own?.internet.name ?? "this machine",
    own?.internet.command(workerCommand) ?? workerCommand,
    options.progress,
  );
  const admin = startAdmin(blueprint, argumentsFor, sockets);
  const stop = async () => {
    await Promise.all([vantagePoint.close(), admin.close()]);
    rmSync(sockets, { recursive: true, force: true });
  };
  options.signal.addEventListener("abort", () => void stop());
  try {
    await assertAdminPath(blueprint, admin);
    const once = onceOnly();
    const found = await runProbes(
      probes,
      {
        blueprint,
        configuration: (id) =>
          renderHost(blueprint, hostOf(blueprint, id), loadPrograms(), options.standIns),
        now: options.now,
        vantagePoint,
        admin,
        secret: (name) => secretOf(vault, name),
        drift: async (host) => {
          const seen = (await once("drift", () => driftOf(loaded, options))).get(host);
          if (!seen) throw new Error(`converge said nothing about ${host}`);
          return seen;
        },
        listens: own !== undefined,
        once,
      },
      options.progress,
      options.signal,
    );
    if (options.signal.aborted)
      throw new ExternalFailure(
        `${blueprint.instance}: interrupted; nothing was changed, run it again`,
      );
    const findings = applyWaivers(found, blueprint.waivers, options.now.toISOString().slice(0, 10));
    if (options.alarm) await tellMonitor(findings, loaded, admin, options.progress);
    const file = join(buildFolder(blueprint.instance), "probe", "findings.json");
    mkdirSync(dirname(file), { recursive: true });
    const text = `${JSON.stringify(findings, null, 2)}\n`;
    writeAtomically(file, text, 0o600);
    await noteInHistory(loaded, {
      by: whoWorks(options.user),
      event: {
        kind: "probe",
        what: probes.map(({ id }) => id).join(","),
        findings: tally(findings),
      },
      files: { "findings.json": text },
    });
    const listed = loadNotTested();
    const unlisted = findings.filter(
      ({ id, verdict }) => verdict === "not-tested" && !isListed(listed, id, own !== undefined),
    );
    return { findings, unlisted, file };
  } finally {
    await stop();
  }
}

/** @throws ExternalFailure when nobody gets in at all: then all that looks inside would be silent */
async function assertAdminPath(blueprint: Blueprint, admin: ReturnType<typeof startAdmin>) {
  const [edge] = hostsWith(blueprint, "edge");
  const ran = edge && (await admin.run(edge.id, ["true"]));
  if (ran && ran.code !== 0)
    throw new ExternalFailure(
      `${blueprint.instance}: no way in by ${edge?.id}: ${ran.stderr.trim().split("\n").at(-1)}; is it up, and do you come from an admin network?`,
    );
}

function secretOf(vault: Vault, name: string): string {
  const value = vault.get(name);
  if (value === undefined) throw new Error(`the vault has no ${name}`);
  return value;
}
