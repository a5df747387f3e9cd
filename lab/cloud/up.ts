import { Api, urlOf } from "./api.ts";
import { assertProjectNames, ensurePasswords, type Passwords, writeClouds } from "./credentials.ts";
import { locked } from "./lock.ts";
import { phase, startNamespaces, stop } from "./namespace.ts";
import { connect, freeNet, type LabNet } from "./network.ts";
import { type LabPaths, prepareFolder } from "./paths.ts";
import type { ProcessId } from "./process.ts";
import { type Progress, step } from "./progress.ts";
import type { LabProject } from "./project.ts";
import { assertPrograms, assertRoot, assertSpace } from "./requirements.ts";
import { buildRoot, needsRoot, rootStamp } from "./root.ts";
import { awaitComputes, awaitVolumes, seedCatalog, seedOffer, seedProjects } from "./seed.ts";
import {
  boundNet,
  lastNet,
  needsSchema,
  parseComputes,
  prepareState,
  recipeOf,
  recordSchema,
  type Settings,
  startedRecipe,
} from "./state.ts";
import { assertAlive, type LabStatus, status } from "./status.ts";

export interface UpOptions {
  /** The lab's folder; see `defaultFolder`. */
  readonly folder: string;
  /** Projects that must exist afterwards; others that exist are kept. */
  readonly projects: readonly LabProject[];
  readonly progress: Progress;
  /** Ends the start at any point. A lab that wasn't up before is then down. */
  readonly signal?: AbortSignal;
  /** What else takes long and needs no lab: it goes on beside the making of the Debian root, which uses one core. */
  readonly besideRoot?: () => Promise<void>;
  /** Seconds to wait for another command at work on the lab, such as one that makes its root; none unless given. */
  readonly patience?: number;
}

interface Start extends UpOptions {
  readonly paths: LabPaths;
  readonly computes: number;
  readonly passwords: Passwords;
}

function openAdmin(host: string, { passwords, signal }: Start): Promise<Api> {
  return Api.open({ host, user: "admin", password: passwords.admin, project: "admin", signal });
}

async function startServices(start: Start, id: ProcessId, settings: Settings): Promise<void> {
  const { paths, signal, progress } = start;
  const stamp = rootStamp(paths.root) ?? "";
  const run = (name: string) => phase(id, name, settings, signal);
  await step(progress, "database and message broker", () => run("databases"));
  if (needsSchema(paths, stamp)) {
    await step(progress, "tables of the services", () => run("schema"));
    recordSchema(paths, stamp);
  }
  await step(progress, "keystone and the services", () => run("control"));
  const api = await openAdmin(settings.net.lab, start);
  await step(progress, "service catalog", () => seedCatalog(api, settings.net.lab));
  const since = Date.now();
  const alive = () => assertAlive(paths, id);
  await step(progress, "computes and the other APIs", () => run("computes"));
  await step(progress, "flavors, image and networks", async () => {
    await Promise.all([
      seedOffer(api),
      awaitComputes(api, settings.computes, since, alive, signal),
      awaitVolumes(api, alive, signal),
    ]);
  });
  await run("check");
}

/** Makes the Debian root, and what goes on beside it. */
async function makeRoot(
  paths: LabPaths,
  { progress, signal, besideRoot }: Pick<UpOptions, "progress" | "signal" | "besideRoot">,
): Promise<void> {
  assertSpace(paths, true);
  const root = step(progress, "Debian root", (note) => buildRoot(paths, note, signal));
  // Both end before either's failure is reported: nothing of them goes on in a folder that is tidied up.
  const ends = await Promise.allSettled([root, besideRoot?.()]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** Makes what takes longest of a first start, where it isn't there yet: a later {@link up} finds it. */
export async function prepare(options: Omit<UpOptions, "projects">): Promise<void> {
  assertRoot();
  assertPrograms();
  const paths = prepareFolder(options.folder);
  await locked(paths, async () => {
    const { state } = await status({ folder: options.folder });
    // A lab that runs goes on with its root; `up` ends it first.
    if (state !== "up" && needsRoot(paths)) await makeRoot(paths, options);
  });
}

/** Starts the lab from nothing, or from what an earlier lab has kept. */
async function startLab(start: Start, wanted: LabNet | undefined): Promise<LabNet> {
  const { paths, computes, passwords, progress, signal } = start;
  await stop(paths);
  if (needsRoot(paths)) await makeRoot(paths, start);
  else assertSpace(paths, false);
  const net = await freeNet(wanted);
  const settings = { net, computes };
  await prepareState(paths, settings, passwords.admin);
  try {
    const id = await step(progress, "namespaces and link", async () => {
      const made = await startNamespaces(paths, signal);
      await connect(net, made.pid, paths.folder, signal);
      return made;
    });
    await startServices(start, id, settings);
    return net;
  } catch (error) {
    // What couldn't be stopped isn't why it didn't start.
    await stop(paths).catch((left) => progress(String(left)));
    throw error;
  }
}

/**
 * Brings the lab up, and makes what is missing: the Debian root (once), tables (once), services,
 * projects. Quick when nothing is missing.
 *
 * @returns the lab's status, which is `up`
 * @throws LabError when the machine lacks something, an input is wrong or a service fails; the
 *   message says what to do
 * @throws LabInterrupted when the signal fires
 */
export async function up(options: UpOptions): Promise<LabStatus> {
  const { folder, projects, progress, patience } = options;
  const names = projects.map(({ name }) => name);
  assertProjectNames(names);
  const computes = parseComputes(process.env["POLDER_LAB_COMPUTES"]);
  assertRoot();
  assertPrograms();
  const paths = prepareFolder(folder);
  return locked(
    paths,
    async () => {
      const wanted = boundNet(paths, process.env["POLDER_LAB_NET"]);
      const start = { ...options, paths, computes, passwords: ensurePasswords(paths, names) };
      const before = await status({ folder });
      let net = before.state === "up" ? lastNet(paths) : undefined;
      if (net && startedRecipe(paths) === recipeOf(computes)) {
        progress("the lab is up");
      } else {
        if (before.state === "broken") progress(`the lab was broken: ${before.reason}`);
        if (before.state === "up") progress("the lab's recipe has changed: starting it again");
        net = await startLab(start, wanted);
      }
      if (projects.length > 0) {
        const api = await openAdmin(net.lab, start);
        await step(progress, `projects ${names.join(", ")}`, () =>
          seedProjects(api, projects, start.passwords),
        );
      }
      writeClouds(paths, start.passwords, urlOf(net.lab, "identity"));
      return status({ folder });
    },
    patience,
  );
}
