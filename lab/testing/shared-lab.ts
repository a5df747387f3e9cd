import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeAtomically } from "../../modules/workspace/index.ts";
import { defaultFolder, defaultQuota, down, type LabStatus, status, up } from "../cloud/index.ts";
import {
  hetznerProjects,
  hypervisorDown,
  hypervisorProjects,
  hypervisorUp,
  prepareImage,
} from "../hypervisor/index.ts";

/** Projects that the suites deploy to; none is an example's, so a user's clusters are left alone. */
export const TEST_PROJECTS = [
  "t-een",
  "t-twee",
  "t-direct",
  "t-fout",
  "t-quota",
  "t-cdktf",
  "t-http",
  "t-hyp-een",
  "t-hyp-twee",
  "t-hosts",
  "t-probes",
  "t-pakket",
  "t-folder",
  "t-shards",
] as const;

/** Projects of the stand-in of Hetzner's API; what is made there boots. */
const HETZNER = ["t-hz-hosts", "t-hz-cluster"];

const OURS: readonly string[] = [...TEST_PROJECTS, ...HETZNER];

/** Those whose servers boot; all others are records to the suites that make them. */
const BOOTED = [
  "t-hyp-een",
  "t-hyp-twee",
  "t-hosts",
  "t-probes",
  "t-folder",
  "t-shards",
  ...HETZNER,
];

/** Environment variable with the file that is there once the lab is up, or can't be: then it says why. */
export const OUTCOME = "POLDER_LAB_OUTCOME";

/** Environment variable that says that the lab was up before the suites: then others may be at work in it. */
const WAS_UP = "POLDER_LAB_WAS_UP";

/** Whether nobody but this run has anything in the lab: then its data is deleted at the end. */
export async function labIsOurs(): Promise<boolean> {
  if (process.env[WAS_UP] === "yes") return false;
  const folder = defaultFolder();
  const projects = [...(await status({ folder })).projects, ...hetznerProjects(folder)];
  return projects.every((name) => OURS.includes(name));
}

/**
 * One lab for all suites. It starts beside the tests that need none; await-lab.ts keeps the others
 * waiting. A lab that was up stays up; of one that wasn't, and holds the suites' alone, the data is deleted.
 */
export async function setup(): Promise<() => Promise<void>> {
  const before = await status({ folder: defaultFolder() });
  process.env[WAS_UP] = before.state === "up" ? "yes" : "no";
  const folder = mkdtempSync(join(tmpdir(), "polder-lab-"));
  const outcome = join(folder, "outcome");
  process.env[OUTCOME] = outcome;
  const started = start(before).then(
    (end) => {
      writeAtomically(outcome, "");
      return end;
    },
    (error) => writeAtomically(outcome, error instanceof Error ? error.message : String(error)),
  );
  return async () => {
    const end = await started;
    try {
      await end?.();
    } catch (error) {
      // vitest prints what a teardown throws and calls the run passed.
      process.exitCode = 1;
      throw error;
    }
    rmSync(folder, { recursive: true });
  };
}

/** Brings it up; gives the way back. */
async function start({ state, apiUrl }: LabStatus): Promise<() => Promise<void>> {
  const folder = defaultFolder();
  const progress = (line: string) => process.stderr.write(`lab: ${line}\n`);
  // `make test` makes the root while the first tests run.
  const patience = 1_200;
  // What a run that was cut short left: its instances' files are gone.
  if (apiUrl !== undefined && (await labIsOurs())) {
    await hypervisorDown({ folder, progress, patience, delete: "data" });
    await down({ folder, progress, patience, delete: "data" });
  }
  const booted = hypervisorProjects(folder);
  const lab = await up({
    folder,
    progress,
    projects: TEST_PROJECTS.map((name) => ({ name, quota: defaultQuota })),
    besideRoot: () => prepareImage({ folder, progress }),
    patience,
  });
  // A user's hosts that run go on running.
  const others = [...lab.projects, ...hetznerProjects(folder)].filter((n) => !OURS.includes(n));
  const users = booted === "none" ? [] : booted === "all" ? others : booted;
  const projects = [...new Set([...users, ...BOOTED])];
  await hypervisorUp({ folder, progress, projects, hetzner: HETZNER });
  return async () => {
    const ending = {
      folder,
      progress,
      patience,
      delete: (await labIsOurs()) ? "data" : undefined,
    } as const;
    if (ending.delete || booted === "none") await hypervisorDown(ending);
    else await hypervisorUp({ folder, progress, projects: booted === "all" ? undefined : booted });
    if (state !== "up") await down(ending);
  };
}
