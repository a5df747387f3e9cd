import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { run } from "../cloud/command.ts";
import { baseFile, imageRecipe } from "./image.ts";
import type { Volume } from "./inventory.ts";
import type { HypervisorPaths } from "./paths.ts";

const gib = 1024 ** 3;

/** Folders of a server; the mounts are seen in the hypervisor's own mount namespace only. */
export function serverPaths(paths: HypervisorPaths, id: string) {
  const folder = join(paths.servers, id);
  return {
    folder,
    image: join(folder, "disk.img"),
    disk: join(folder, "disk"),
    root: join(folder, "root"),
    console: join(folder, "console.log"),
  };
}

/**
 * Mounts a server's disk: the image below, what the server writes in a file system of the flavour's
 * size above, so that a full disk is full. Made at the first boot.
 */
export async function mountDisk(
  paths: HypervisorPaths,
  id: string,
  sizeGiB: number,
): Promise<void> {
  const { folder, image, disk, root } = serverPaths(paths, id);
  for (const one of [folder, disk, root]) mkdirSync(one, { recursive: true, mode: 0o700 });
  if (!existsSync(baseFile(folder))) writeFileSync(baseFile(folder), imageRecipe());
  if (!existsSync(image)) {
    const making = `${image}.new`;
    rmSync(making, { force: true });
    writeFileSync(making, "", { mode: 0o600 });
    truncateSync(making, sizeGiB * gib);
    const quick = ["-E", "lazy_itable_init=1,lazy_journal_init=1", "-m", "0"];
    await run("mkfs.ext4", ["-q", ...quick, making]);
    await run("mv", [making, image]);
  }
  await run("mount", ["-o", "loop,noatime", image, disk]);
  const [upper, work] = [join(disk, "upper"), join(disk, "work")];
  for (const one of [upper, work]) mkdirSync(one, { recursive: true });
  const lower = join(paths.images, readFileSync(baseFile(folder), "utf8"));
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  await run("mount", ["-t", "overlay", "-o", options, "overlay", root]);
}

/** Unmounts what is mounted of a server's disk; the loop device goes with it. */
export async function unmountDisk(paths: HypervisorPaths, id: string): Promise<void> {
  const { disk, root } = serverPaths(paths, id);
  for (const one of [root, disk]) await run("umount", [one]).catch(() => undefined);
}

const volumeFile = (paths: HypervisorPaths, id: string) => join(paths.volumes, id);

/** Gives a volume its loop device, such as `/dev/loop3`. Made, or grown, to its size before. */
export async function attachVolume(paths: HypervisorPaths, volume: Volume): Promise<string> {
  mkdirSync(paths.volumes, { recursive: true, mode: 0o700 });
  const file = volumeFile(paths, volume.id);
  if (!existsSync(file)) writeFileSync(file, "", { mode: 0o600 });
  if (statSync(file).size < volume.sizeGiB * gib) truncateSync(file, volume.sizeGiB * gib);
  return run("losetup", ["--find", "--show", file]);
}

export async function detachLoop(device: string): Promise<void> {
  await run("losetup", ["--detach", device]).catch(() => undefined);
}

/** Detaches the loop devices whose files lie below a folder: what a killed hypervisor has left. */
export async function sweepLoops(folder: string): Promise<void> {
  const listed = await run("losetup", ["--json", "--list", "--output", "NAME,BACK-FILE"]);
  if (!listed) return;
  const { loopdevices } = JSON.parse(listed) as {
    readonly loopdevices: readonly { readonly name: string; readonly "back-file": string }[];
  };
  for (const device of loopdevices) {
    if (device["back-file"]?.startsWith(`${folder}/`)) await detachLoop(device.name);
  }
}

/** Forgets a volume and its data. */
export function deleteVolume(paths: HypervisorPaths, id: string): void {
  rmSync(volumeFile(paths, id), { force: true });
}

/** Forgets a server's disk and its console. It must not be mounted. */
export function deleteServer(paths: HypervisorPaths, id: string): void {
  rmSync(serverPaths(paths, id).folder, { recursive: true, force: true });
}
