import { defaultFolder, defaultQuota, down, status, up } from "../cloud/index.ts";
import { hypervisorDown, hypervisorProjects, hypervisorUp } from "../hypervisor/index.ts";

/** Projects that the suites deploy to; none is an example's, so a user's clusters are left alone. */
export const TEST_PROJECTS = [
  "t-een",
  "t-twee",
  "t-direct",
  "t-fout",
  "t-quota",
  "t-cdktf",
  "t-geheim",
  "t-http",
  "t-hyp-een",
  "t-hyp-twee",
  "t-hosts",
  "t-probes",
] as const;

/** Those whose servers boot; all others are records to the suites that make them. */
const BOOTED = ["t-hyp-een", "t-hyp-twee", "t-hosts", "t-probes"];

/** One lab for all suites. It is left as it was found: a lab that was up stays up. */
export async function setup(): Promise<() => Promise<void>> {
  const folder = defaultFolder();
  const progress = (line: string) => process.stderr.write(`lab: ${line}\n`);
  const before = (await status({ folder })).state;
  const booted = hypervisorProjects(folder);
  const lab = await up({
    folder,
    progress,
    projects: TEST_PROJECTS.map((name) => ({ name, quota: defaultQuota })),
  });
  // A user's hosts that run go on running.
  const others = lab.projects.filter(
    (name) => !(TEST_PROJECTS as readonly string[]).includes(name),
  );
  const users = booted === "none" ? [] : booted === "all" ? others : booted;
  await hypervisorUp({ folder, progress, projects: [...new Set([...users, ...BOOTED])] });
  return async () => {
    if (booted === "none") await hypervisorDown({ folder, progress });
    else await hypervisorUp({ folder, progress, projects: booted === "all" ? undefined : booted });
    if (before !== "up") await down({ folder, progress });
  };
}
