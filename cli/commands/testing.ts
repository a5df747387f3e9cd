import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../root.ts";

/** Runs `polder` as a user does, from a folder. */
export const polderFrom =
  (folder: string) =>
  (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(join(ROOT, "cli/polder"), args, {
      cwd: folder,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };
