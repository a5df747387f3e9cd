import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloudOf } from "../../clouds/known-clouds/index.ts";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { applyWaivers, type Finding, tally } from "../../common/findings/index.ts";
import type { Testbed } from "../../common/testbed/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import { limitsOf } from "../../hosts/gate/index.ts";
import { controlOf, limitsOf as webLimits } from "../../hosts/nginx/index.ts";
import { type Blueprint, hostsWith, PORTS } from "../../planning/blueprint/index.ts";
import { identityFile, LAB_USER, openVault, type Vault } from "../../secrets/vaults/index.ts";
import {
  evaluate,
  type Links,
  type Occupants,
  report,
} from "../../verification/enumeration/index.ts";
import {
  type Door,
  occupantsOf,
  startAdmin,
  startWorker,
  type Worker,
  workerCommand,
} from "../../verification/probes/index.ts";
import { type LoadedInstance, writeAtomically } from "../../workspace/index.ts";
import { sshArguments } from "../converge/index.ts";
import { noteInHistory, whoWorks } from "../history/index.ts";

/** Seconds that a run takes at most, and how much longer one that asks all likely names. */
const SECONDS = { run: 300, allLikely: 500 } as const;
/** Questions a second in one session: 25 of some 350 bytes stay under Prosody's 10 kB/s. */
const STANZAS = 25;
/** The part of the limit in force that a run takes: who reaches it learns nothing but the limit. */
const SHARE = 0.9;
/** How long what was seen may take to come back once the run is interrupted, and its process to end, ms. */
const ENDING = { answer: 1_000, process: 300 } as const;
/** Live rooms that the effort of guessing is reckoned with. */
const ROOMS = 1_000;

export interface EnumerationOptions {
  readonly now: Date;
  readonly identity: string | undefined;
  readonly allLikely: boolean;
  /** Also ask the control host, as an admin, who is in the meeting. */
  readonly inside: boolean;
  /** Handshakes a second; absent: {@link SHARE} of the limit in force. */
  readonly rate: number | undefined;
  readonly seed: number;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
  readonly testbed: Testbed;
}

export interface Enumerated {
  readonly findings: readonly Finding[];
  /** The page for a person. */
  readonly page: readonly string[];
  /** Where both are written down. */
  readonly file: string;
}

/** Where the domain is reached. */
function doorOf({ blueprint }: LoadedInstance, vault: Vault | undefined): Door {
  const [control] = hostsWith(blueprint, "control");
  const address = control?.publicAddress?.ipv4;
  if (address === undefined)
    throw new ExternalFailure(
      `${blueprint.instance}: its public addresses aren't recorded: polder addresses ${blueprint.instance}`,
    );
  const door = { address, port: PORTS.https, domain: blueprint.domain };
  return {
    ...door,
    tls:
      blueprint.certificates.source === "instance-ca" ? { ca: vault?.get("ca/instance.crt") } : {},
  };
}

/** Who is in the meeting, from outside and by the admin path; a text: why that isn't known. */
async function lookInside(
  loaded: LoadedInstance,
  vault: Vault,
  vantagePoint: Worker,
  meeting: { readonly door: Door; readonly moderator: Links["moderator"] },
  signal: AbortSignal,
): Promise<Occupants | string> {
  const { blueprint } = loaded;
  const host = controlOf(blueprint, meeting.moderator.room).id;
  const argumentsFor = (id: string, sharing: readonly string[]) =>
    sshArguments(loaded, buildFolder(blueprint.instance), id, sharing);
  const sockets = mkdtempSync(join(tmpdir(), "polder-"));
  const admin = startAdmin(blueprint, argumentsFor, sockets);
  const stop = () => void admin.close();
  signal.addEventListener("abort", stop);
  try {
    const inside = { admin, host, pseudonymKey: vault.need("gate/pseudonym.key") };
    return await occupantsOf(vantagePoint, inside, meeting);
  } catch (error) {
    return `the server can't be asked: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    signal.removeEventListener("abort", stop);
    if (!signal.aborted) await admin.close();
    rmSync(sockets, { recursive: true, force: true });
  }
}

/** Handshakes a second that one link may make from one address; the attack holds links. */
function limitOfLink(blueprint: Blueprint): number {
  const { handshakes, seconds } = limitsOf(blueprint);
  return handshakes / seconds;
}

/**
 * Runs the attack of 2024 against an instance, from where an attacker stands, and writes down what
 * came of it.
 *
 * @throws ExternalFailure when there is no vantage point, or no address to attack
 */
export async function probeEnumeration(
  loaded: LoadedInstance,
  links: Links,
  { now, identity, allLikely, inside, rate, seed, progress, signal, testbed }: EnumerationOptions,
): Promise<Enumerated> {
  const { blueprint } = loaded;
  const own = cloudOf(blueprint, testbed).testbedOf(blueprint);
  // Of the instance's own authority, or to know the meeting in the log of the control host.
  const needed = inside || blueprint.certificates.source === "instance-ca";
  const vault = needed
    ? await openVault(loaded, {
        identityFile: identityFile(identity, own && join(own.people, `${LAB_USER}.age`)),
      })
    : undefined;
  const door = doorOf(loaded, vault);
  // Before the first converge there is no way in: say so at once.
  if (inside) {
    const { id } = controlOf(blueprint, links.moderator.room);
    sshArguments(loaded, buildFolder(blueprint.instance), id);
  }
  // Who guesses needs no link: what nginx lets one address try.
  const limit = webLimits(blueprint).handshakesPerSecond;
  const vantagePoint = startWorker(
    own?.internet.name ?? "this machine",
    own?.internet.command(workerCommand) ?? workerCommand,
    progress,
  );
  const stop = () => {
    void vantagePoint.ask("stopEnumeration", {}).catch(() => undefined);
    // Its thread may be reckoning, or the network be gone.
    setTimeout(() => void vantagePoint.close(ENDING.process), ENDING.answer).unref();
  };
  signal.addEventListener("abort", stop);
  try {
    const observed = await vantagePoint.ask("enumerate", {
      ...links,
      door,
      allLikely,
      shards: hostsWith(blueprint, "control").length,
      limits: {
        handshakes: rate ?? SHARE * limitOfLink(blueprint),
        stanzas: STANZAS,
        seconds: SECONDS.run + (allLikely ? SECONDS.allLikely : 0),
      },
      seed,
    });
    const at = now.toISOString();
    const occupants =
      vault && inside && observed.dead === undefined && !signal.aborted
        ? await lookInside(
            loaded,
            vault,
            vantagePoint,
            { door, moderator: links.moderator },
            signal,
          )
        : undefined;
    const found = evaluate(observed, blueprint.domain, occupants);
    const findings = applyWaivers(found, blueprint.waivers, at.slice(0, 10));
    const page = report(findings, observed, { domain: blueprint.domain, at, limit, rooms: ROOMS });
    const folder = join(buildFolder(blueprint.instance), "probe");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "enumeration.txt");
    writeAtomically(file, `${page.join("\n")}\n`, 0o600);
    writeAtomically(
      join(folder, "enumeration.json"),
      `${JSON.stringify({ at, findings, observed }, null, 2)}\n`,
      0o600,
    );
    await noteInHistory(loaded, {
      by: whoWorks(),
      event: { kind: "probe", what: "enumeration", findings: tally(findings) },
      files: { "findings.json": JSON.stringify(findings, null, 2) },
    });
    return { findings, page, file };
  } finally {
    signal.removeEventListener("abort", stop);
    await vantagePoint.close(signal.aborted ? ENDING.process : undefined);
  }
}
