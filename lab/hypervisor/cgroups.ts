import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../cloud/process.ts";

// Each host's systemd believes that the control groups below it are its own. So each gets a group of
// its own in every hierarchy that systemd looks at: `name=systemd` (version 1) and version 2.

/** Where those hierarchies are mounted, from the text of /proc/self/mounts. */
export function hierarchies(mounts: string): string[] {
  return mounts.split("\n").flatMap((line) => {
    const [, point = "", type = "", options = ""] = line.split(" ");
    const wanted = type === "cgroup2" || (type === "cgroup" && /\bname=systemd\b/.test(options));
    return wanted ? [point] : [];
  });
}

/** The lab's own group. The name follows from its folder. */
const ownGroup = (lab: string) =>
  `polder-${createHash("sha256").update(lab).digest("hex").slice(0, 12)}`;

const groups = (lab: string, host = "") =>
  hierarchies(readIfThere("/proc/self/mounts") ?? "").map((point) =>
    join(point, ownGroup(lab), host),
  );

/** Makes a host's groups. @returns the files to write a process id to */
export function makeGroups(lab: string, host: string): string[] {
  return groups(lab, host).map((folder) => {
    mkdirSync(folder, { recursive: true });
    return join(folder, "cgroup.procs");
  });
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  try {
    rmdirSync(folder);
  } catch {
    // A process is still in it: the code that ends the last one tries again.
  }
}

/** Removes the groups of a host that has ended, or of all of them. */
export function removeGroups(lab: string, host = ""): void {
  for (const folder of groups(lab, host)) removeTree(folder);
}
