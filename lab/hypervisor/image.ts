import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transportSettings } from "../cloud/apt.ts";
import { run } from "../cloud/command.ts";
import { LabError, LabInterrupted } from "../cloud/error.ts";
import { readIfThere } from "../cloud/process.ts";
import type { Note } from "../cloud/progress.ts";
import { sources } from "../cloud/root.ts";
import { type HypervisorPaths, sourceFolder } from "./paths.ts";

/** Tells one image from another; servers keep the image that they were made from. */
export function imageRecipe(): string {
  const script = readFileSync(join(sourceFolder, "image.sh"));
  return createHash("sha256").update(script).digest("hex").slice(0, 16);
}

/** The file in a server's folder that names its image. */
export const baseFile = (serverFolder: string) => join(serverFolder, "image");

/** Removes images that no server stands on, and what an interrupted making has left. */
async function sweepImages(paths: HypervisorPaths): Promise<void> {
  const servers = existsSync(paths.servers) ? readdirSync(paths.servers) : [];
  const used = new Set(servers.map((id) => readIfThere(baseFile(join(paths.servers, id)))));
  for (const name of readdirSync(paths.images)) {
    if (name === imageRecipe() || used.has(name)) continue;
    await run("rm", ["-rf", "--one-file-system", join(paths.images, name)]);
  }
}

/** Makes the image when it isn't there, in less than a minute. What is cut short leaves nothing. */
export async function makeImage(
  paths: HypervisorPaths,
  note: Note,
  signal?: AbortSignal,
): Promise<void> {
  mkdirSync(paths.images, { recursive: true });
  await sweepImages(paths);
  const target = join(paths.images, imageRecipe());
  if (existsSync(target)) return;
  const [list, conf] = [join(paths.folder, "apt.list"), join(paths.folder, "apt.conf")];
  const log = join(paths.folder, "image.log");
  const secret = { mode: 0o600 };
  writeFileSync(list, `${sources().join("\n")}\n`, secret);
  const settings = transportSettings(await run("apt-config", ["dump"]));
  writeFileSync(conf, `${settings.join("\n")}\n`, secret);
  writeFileSync(log, "", secret);
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc"];
  const building = join(paths.images, "building");
  const script = join(sourceFolder, "image.sh");
  let complaint = "";
  const onLine = (line: string) => {
    writeFileSync(log, `${line}\n`, { flag: "a" });
    if (line.startsWith("I: ")) note(line.slice(3).replace(/\.+$/, ""));
    if (line.startsWith("E: ")) complaint ||= line.slice(3);
  };
  try {
    const args = ["bash", script, target, building, list, conf];
    await run("unshare", [...namespaces, "--kill-child=KILL", ...args], { signal, onLine });
  } catch (error) {
    if (error instanceof LabInterrupted) throw error;
    const reason = complaint || (error instanceof Error ? error.message : String(error));
    throw new LabError(`the image debian-13 can't be made: ${reason}; the whole log is ${log}`);
  } finally {
    for (const file of [list, conf]) rmSync(file, { force: true });
    await run("rm", ["-rf", "--one-file-system", building]);
  }
}
