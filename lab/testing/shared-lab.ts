import { defaultFolder, defaultQuota, down, status, up } from "../cloud/index.ts";

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
] as const;

/** One lab for all suites. It is left as it was found: a lab that was up stays up. */
export async function setup(): Promise<() => Promise<void>> {
  const folder = defaultFolder();
  const progress = (line: string) => process.stderr.write(`lab: ${line}\n`);
  const before = (await status({ folder })).state;
  await up({
    folder,
    progress,
    projects: TEST_PROJECTS.map((name) => ({ name, quota: defaultQuota })),
  });
  return async () => {
    if (before !== "up") await down({ folder, progress });
  };
}
