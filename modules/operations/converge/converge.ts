import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cloudOf } from "../../clouds/known-clouds/index.ts";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { BadInput, nearest } from "../../common/input/index.ts";
import type { Testbed } from "../../common/testbed/index.ts";
import { today } from "../../common/today/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import type { JitsiFragments } from "../../hosts/configuration/index.ts";
import { renderAll } from "../../hosts/render/index.ts";
import { revokedText } from "../../meetings/issue-log/index.ts";
import { type Blueprint, carries, hostsWith } from "../../planning/blueprint/index.ts";
import {
  createVault,
  ensureSecrets,
  hasVault,
  identityFile,
  LAB_USER,
  loadHosts,
  openVault,
  recordHost,
  recordSteps,
  type Vault,
} from "../../secrets/vaults/index.ts";
import {
  INSTANCE_FILE,
  type LoadedInstance,
  loadIssueLog,
  loadPrograms,
  writeAtomically,
} from "../../workspace/index.ts";
import { noteInHistory } from "../history/index.ts";
import { exclusively } from "../lock/index.ts";
import { archiveOf, JITSI_FOLDER } from "../mirror/index.ts";
import { renderedDigest, writeConfigurations } from "./configurations.ts";
import { Connections, type Reached } from "./connections.ts";
import { type HostResult, Results } from "./events.ts";
import { type CheckOption, inventory } from "./inventory.ts";
import { type PlaybookOptions, playbook } from "./playbook.ts";
import { inForce, inRestartOrder, type Restarts } from "./restarts.ts";
import { shipRevoked } from "./revoked.ts";
import { sshFiles } from "./ssh-arguments.ts";
import { knownHosts, type SshUser, sshConfig } from "./ssh-config.ts";

export interface ConvergeOptions extends CheckOption {
  /** How what carries calls is restarted where its files ask for that; by default it isn't. */
  readonly restarts?: Restarts | undefined;
  /** Host ids; empty: all. */
  readonly limit: readonly string[];
  /** Login name of the admin; by default the lab's person, or POLDER_USER. */
  readonly user?: string | undefined;
  /** File with the person's age identity. */
  readonly identity?: string | undefined;
  /** File with the person's private SSH key. */
  readonly sshIdentity?: string | undefined;
  readonly progress: (line: string) => void;
  readonly testbed: Testbed;
  /** In the places of Jitsi's programs, for an instance of profile `lab` without their packages. */
  readonly standIns: JitsiFragments;
}

/** A file of the test bed's person, for an instance that stands there. */
function labPerson(blueprint: Blueprint, testbed: Testbed, ending: string): string | undefined {
  const own = cloudOf(blueprint, testbed).testbedOf(blueprint);
  const file = own && join(own.people, `${LAB_USER}${ending}`);
  return file && existsSync(file) ? file : undefined;
}

function refuse(loaded: LoadedInstance, message: string): never {
  throw new BadInput([{ file: join(loaded.folder, INSTANCE_FILE), message }]);
}

/** Who logs in. @throws BadInput when nobody is named, or no admin is. */
export function sshUser(
  loaded: LoadedInstance,
  options: Pick<ConvergeOptions, "user" | "sshIdentity" | "testbed">,
): SshUser {
  const { blueprint } = loaded;
  const lab = labPerson(blueprint, options.testbed, "");
  const user = options.user ?? (process.env["POLDER_USER"] || undefined) ?? (lab && LAB_USER);
  const admins = blueprint.admins.map((admin) => admin.user);
  if (user === undefined)
    refuse(loaded, `who are you? --user or POLDER_USER; admins: ${admins.join(", ")}`);
  // A person who is no admin would lock themselves out in the middle.
  if (!admins.includes(user)) {
    const near = nearest(user, admins);
    refuse(
      loaded,
      `admins: got user "${user}", who is none; ${near ? `did you mean "${near}"?` : `there are: ${admins.join(", ")}`}`,
    );
  }
  const identity =
    options.sshIdentity ??
    (process.env["POLDER_SSH_IDENTITY"] || undefined) ??
    (user === LAB_USER ? lab : undefined);
  return { user, identity };
}

/** The hosts that are asked for. @throws BadInput for a name that no host has. */
function limited({ blueprint, folder }: LoadedInstance, limit: readonly string[]): string[] {
  const all = blueprint.hosts.map(({ id }) => id);
  for (const id of limit)
    if (!all.includes(id)) {
      const near = nearest(id, all);
      const hint = near ? `did you mean "${near}"?` : `there are: ${all.join(", ")}`;
      throw new BadInput([{ file: folder, message: `--limit: no host "${id}"; ${hint}` }]);
    }
  return limit.length > 0 ? [...limit] : all;
}

/** Writes how ssh gets to an instance's hosts, and which keys they may show. */
export function writeSshFiles(loaded: LoadedInstance, person: SshUser, vault: Vault): void {
  const { blueprint, folder } = loaded;
  const files = sshFiles(buildFolder(blueprint.instance));
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  writeAtomically(files.config, sshConfig(blueprint, person, files.knownHosts), 0o644);
  const known = knownHosts(blueprint, loadHosts(folder), vault.get("ssh/ca.pub"));
  writeAtomically(files.knownHosts, known, 0o644);
}

/** The vault, with all that is missing made. */
async function secrets(loaded: LoadedInstance, options: ConvergeOptions): Promise<Vault> {
  const file = identityFile(options.identity, labPerson(loaded.blueprint, options.testbed, ".age"));
  if (!hasVault(loaded.folder, "instance")) {
    if (options.check)
      refuse(loaded, "no vault yet, so no host was ever converged: `polder converge` comes first");
    await createVault(loaded, "instance");
  }
  return openVault(loaded, { identityFile: file });
}

/** Makes missing secrets; check mode makes them for this run alone, so that the configurations are complete. */
async function makeSecrets(
  loaded: LoadedInstance,
  vault: Vault,
  { check, progress }: ConvergeOptions,
): Promise<void> {
  const keep = check ? "not saved" : "saved";
  const changes = await ensureSecrets(loaded, vault, new Date(), keep);
  const done = changes.filter(({ what }) => what !== "missing");
  const lines = done.map(({ name, what }) => `${name} ${check ? "would be " : ""}${what}`);
  if (lines.length > 0) progress(`secrets: ${lines.join(", ")}`);
  const missing = changes.filter(({ what }) => what === "missing");
  if (missing.length > 0)
    throw new ExternalFailure(
      missing.map(({ name, why }) => `secrets: ${name} is missing: ${why}`).join("\n"),
    );
}

/**
 * Brings the hosts of an instance to what the Blueprint says, or tells what would be done.
 *
 * @throws BadInput, ExternalFailure when nothing could begin. What fails on a host is in its result.
 */
export async function convergeInstance(
  loaded: LoadedInstance,
  options: ConvergeOptions,
): Promise<HostResult[]> {
  const { blueprint } = loaded;
  const archive = archiveOf(loaded);
  if (archive && archive.goodUntil < new Date())
    options.progress(
      `packages: ${archive.folder} is good until ${archive.goodUntil.toISOString()}: hosts install nothing from it; fill it again with \`polder mirror\``,
    );
  if (blueprint.addresses.state !== "allocated")
    refuse(
      loaded,
      `no public address is recorded for ${blueprint.addresses.missing.join(", ")}: \`polder apply\` and \`polder addresses\` come first`,
    );
  const ids = limited(loaded, options.limit);
  const person = sshUser(loaded, options);
  return exclusively(blueprint.instance, () => converge(loaded, ids, person, options));
}

async function converge(
  loaded: LoadedInstance,
  ids: readonly string[],
  person: SshUser,
  options: ConvergeOptions,
): Promise<HostResult[]> {
  const { blueprint, folder } = loaded;
  const { progress } = options;
  const files = sshFiles(buildFolder(blueprint.instance));
  const rendered = renderAll(blueprint, loadPrograms(), options.standIns);
  const configurations = writeConfigurations(blueprint.instance, rendered);
  const vault = await secrets(loaded, options);
  // Before anything is begun: a log that was tampered with stops a converge.
  const revoked = revokedText(loadIssueLog(folder).lines, Date.now() / 1000);
  writeSshFiles(loaded, person, vault);

  const results = new Results(ids, options.check);
  const connections = new Connections(blueprint, loadHosts(folder), files.config);
  const stop = () => connections.close();
  process.once("exit", stop);
  try {
    progress(`connecting to ${ids.length} hosts`);
    const note = (reached: readonly Reached[]): string[] => {
      for (const { host, key, failure } of reached) {
        if (failure !== undefined) results.add(lost(host, failure));
        else if (!loadHosts(folder)[host]) {
          const { fingerprint } = recordHost(folder, host, key, today());
          progress(
            `${host}: first visit, ${fingerprint} unverified: compare with its console, then \`polder keys confirm\``,
          );
        }
      }
      writeSshFiles(loaded, person, vault);
      return reached.flatMap(({ host, failure }) => (failure === undefined ? [host] : []));
    };
    const play = (book: PlaybookOptions["book"], limit: readonly string[]) =>
      run(loaded, configurations, vault, book, limit, connections, results, options);
    const stands = blueprint.hosts
      .filter((host) => carries(host, "edge") || carries(host, "monitor"))
      .every(({ id }) => loadHosts(folder)[id]);
    let edge = await connections.edge(progress);
    const [way] = note([edge]);
    await makeSecrets(loaded, vault, options);
    writeSshFiles(loaded, person, vault);
    const asked = way !== undefined && ids.includes(way) ? [way] : [];
    // The edge first: it leads to no host that it doesn't know yet. Not where nothing stands: bare, it leads
    // to all, and the monitor that it sends its journal to is still to come.
    const isFirst = asked.length > 0 && stands;
    if (isFirst) {
      await play("site.yml", asked);
      if (outcomeOf(results.all(), edge.host) !== "unchanged")
        edge = await connections.edge(progress);
    }
    const others = note(await connections.others(ids, edge, progress));
    const rest = isFirst ? others : [...asked, ...others];
    if (rest.length > 0) await play("site.yml", rest);
    if (options.restarts && !options.check)
      await options.restarts({
        blueprint,
        waiting: inRestartOrder(blueprint, results.all()),
        restart: async (id) => {
          await play("restart.yml", [id]);
          return isUp(results.all(), id);
        },
        ssh: (name) => [...connections.arguments, "-o", "BatchMode=yes", name],
        progress,
      });
    const done = results.all();
    if (!options.check) recordSteps(loaded, vault, inForce(done));
    for (const { id, name } of hostsWith(blueprint, "control"))
      if (!options.check && isUp(done, id))
        await shipRevoked([...connections.arguments, "-o", "BatchMode=yes", name], id, revoked);
    return done;
  } finally {
    process.off("exit", stop);
    stop();
    // Also of a run that was interrupted: hosts may have got their files.
    if (!options.check) await noteConverge(loaded, rendered, results.all(), person, options);
  }
}

/** Notes in the history how the hosts came out, and what was rendered for them. */
async function noteConverge(
  loaded: LoadedInstance,
  rendered: ReturnType<typeof renderAll>,
  results: readonly HostResult[],
  { user }: SshUser,
  { restarts }: ConvergeOptions,
): Promise<void> {
  const digests = new Map(rendered.map((one) => [one.host, renderedDigest(one)]));
  const hosts = Object.fromEntries(
    results.map(({ host, outcome }) => [host, { outcome, digest: digests.get(host) ?? "" }]),
  );
  const event = { kind: "converge", restart: restarts !== undefined, hosts } as const;
  await noteInHistory(loaded, { by: user, event });
}

const outcomeOf = (results: readonly HostResult[], id: string) =>
  results.find(({ host }) => host === id)?.outcome;

function isUp(results: readonly HostResult[], id: string): boolean {
  const outcome = outcomeOf(results, id);
  return outcome !== undefined && outcome !== "failed";
}

const lost = (host: string, message: string) =>
  ({ event: "unreachable", host, task: "connect", changed: false, message }) as const;

async function run(
  loaded: LoadedInstance,
  configurations: string,
  vault: Vault,
  book: PlaybookOptions["book"],
  limit: readonly string[],
  connections: Connections,
  results: Results,
  options: ConvergeOptions,
): Promise<void> {
  const { blueprint, folder } = loaded;
  const { progress } = options;
  const path = join(buildFolder(blueprint.instance), "inventory.yaml");
  const certificates = Object.fromEntries(
    Object.entries(loadHosts(folder)).map(([id, entry]) => [id, entry.certificate ?? ""]),
  );
  const tokenKeys = vault.need("gate/tokens.pem");
  const archive = archiveOf(loaded);
  writeAtomically(
    path,
    inventory(blueprint, configurations, vault.path, certificates, tokenKeys, {
      check: options.check,
      ...(loaded.jitsiFolder && {
        packages: archive ? join(archive.folder, JITSI_FOLDER) : loaded.jitsiFolder,
      }),
      ...(archive && { archive: { folder: archive.folder, digest: archive.digest } }),
    }),
  );
  const interrupted = await playbook({
    book,
    inventory: path,
    limit,
    password: vault.password(),
    sshArguments: connections.arguments,
    onEvent: (event) => {
      results.add(event);
      if (event.event === "failed" || event.event === "unreachable")
        progress(`${event.host}: failed`);
      else if (event.event === "ok" && event.phase)
        progress(`${event.host}: ${event.phase}${event.report?.same ? ", nothing to do" : ""}`);
    },
    onInterrupt: () => progress("stopping: what is begun on a host is ended there, by itself"),
  });
  if (interrupted)
    throw new ExternalFailure(
      `${blueprint.instance}: interrupted; each host has its old files or its new ones, run it again to go on`,
    );
  const [said] = results.texts.filter((text) => /ERROR|error/.test(text));
  if (said && results.all().every(({ tasks }) => tasks === 0))
    throw new ExternalFailure(
      `${blueprint.instance}: Ansible: ${said.replace(/^.*?ERROR\S*:?\s*/, "")}`,
    );
}
