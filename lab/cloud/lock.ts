import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { systemEnvironment } from "./command.ts";
import { LabError } from "./error.ts";
import type { LabPaths } from "./paths.ts";

/**
 * Runs work while no other `up` or `down` works on the same lab.
 *
 * The kernel holds the lock for a child that ends when we do, whatever ends us: there is no stale
 * lock to clear. The file names the process that holds it.
 *
 * @param patience seconds to wait for another one that holds it
 * @throws LabError when another one still holds it then
 */
export async function locked<T>(paths: LabPaths, work: () => Promise<T>, patience = 0): Promise<T> {
  const holder = spawn(
    "flock",
    [
      "--timeout",
      `${patience}`,
      "--conflict-exit-code",
      "9",
      paths.lockFile,
      "sh",
      "-c",
      "echo held; exec cat",
    ],
    { detached: true, stdio: ["pipe", "pipe", "ignore"], env: systemEnvironment },
  );
  const closed = new Promise<void>((resolve) => holder.on("close", () => resolve()));
  const outcome = await new Promise<"held" | "busy" | "missing">((resolve) => {
    holder.stdout.once("data", () => resolve("held"));
    holder.once("close", () => resolve("busy"));
    holder.once("error", () => resolve("missing"));
  });
  if (outcome === "missing") throw new LabError("flock is missing: apt-get install util-linux");
  if (outcome === "busy") {
    const pid = readFileSync(paths.lockFile, "utf8").trim();
    const who = pid && ` (process ${pid})`;
    throw new LabError(
      `another command is at work on the lab in ${paths.folder}${who}: wait for it or stop it`,
    );
  }
  try {
    writeFileSync(paths.lockFile, `${process.pid}\n`);
    return await work();
  } finally {
    holder.stdin.end();
    await closed;
  }
}
