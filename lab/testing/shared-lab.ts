import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeAtomically } from "../../modules/workspace/index.ts";
import { defaultFolder, defaultQuota, down, status, up } from "../cloud/index.ts";
import { readIfThere } from "../cloud/process.ts";
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
] as const;

/** Projects of the stand-in of Hetzner's API; what is made there boots. */
const HETZNER = ["t-hz-hosts", "t-hz-cluster"];

/** Those whose servers boot; all others are records to the suites that make them. */
const BOOTED = ["t-hyp-een", "t-hyp-twee", "t-hosts", "t-probes", "t-folder", ...HETZNER];

/** Environment variable with the file that is there once the lab is up, or can't be: a {@link LabOutcome}. */
const OUTCOME = "POLDER_LAB_OUTCOME";

export interface LabOutcome {
  /** Why the lab can't be up. */
  readonly problem?: string;
  /** At the end the data is deleted, with all that suites have deployed: there was none before. */
  readonly dataIsDeleted?: boolean;
}

/** What became of the start; undefined while it goes on. */
export function labOutcome(): LabOutcome | undefined {
  const text = readIfThere(process.env[OUTCOME] ?? "");
  return text === undefined ? undefined : (JSON.parse(text) as LabOutcome);
}

/**
 * One lab for all suites. It starts beside the tests that need none; await-lab.ts keeps the others
 * waiting. It is left as it was found: a lab that was up stays up, and one that held no data holds none.
 */
export function setup(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "polder-lab-"));
  const file = join(folder, "outcome");
  process.env[OUTCOME] = file;
  const write = (outcome: LabOutcome) => writeAtomically(file, JSON.stringify(outcome));
  const started = start().then(
    ({ dataIsDeleted, end }) => {
      write({ dataIsDeleted });
      return end;
    },
    (error) => write({ problem: error instanceof Error ? error.message : String(error) }),
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
async function start() {
  const folder = defaultFolder();
  const progress = (line: string) => process.stderr.write(`lab: ${line}\n`);
  const before = await status({ folder });
  // It has an address from its first start on.
  const dataIsDeleted = before.apiUrl === undefined;
  const booted = hypervisorProjects(folder);
  const lab = await up({
    folder,
    progress,
    projects: TEST_PROJECTS.map((name) => ({ name, quota: defaultQuota })),
    besideRoot: () => prepareImage({ folder, progress }),
    // `make test` makes the root while the first tests run.
    patience: 1_200,
  });
  // A user's hosts that run go on running.
  const tests: readonly string[] = [...TEST_PROJECTS, ...HETZNER];
  const others = [...lab.projects, ...hetznerProjects(folder)].filter((n) => !tests.includes(n));
  const users = booted === "none" ? [] : booted === "all" ? others : booted;
  const projects = [...new Set([...users, ...BOOTED])];
  await hypervisorUp({ folder, progress, projects, hetzner: HETZNER });
  const ending = { folder, progress, delete: dataIsDeleted ? ("data" as const) : undefined };
  const end = async () => {
    if (booted === "none") await hypervisorDown(ending);
    else await hypervisorUp({ folder, progress, projects: booted === "all" ? undefined : booted });
    if (before.state !== "up") await down(ending);
  };
  return { dataIsDeleted, end };
}
