import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemEnvironment } from "../cloud/command.ts";
import { readIfThere } from "../cloud/process.ts";
import { makeGroups } from "./cgroups.ts";
import { serverPaths } from "./disks.ts";
import type { Server } from "./inventory.ts";
import { type HypervisorPaths, sourceFolder } from "./paths.ts";
import type { Seed } from "./seed.ts";

/** A guest that was started. */
export interface Guest {
  readonly process: ChildProcess;
  /** How systemd-nspawn ends: 0 after a poweroff, 133 after a reboot inside. */
  readonly ended: Promise<number>;
}

/** nspawn's code when the guest asked for a reboot. */
export const rebootCode = 133;

/** Names of disks as a guest sees them: vda is the system's. */
export const diskName = (index: number) => `vd${String.fromCharCode("b".charCodeAt(0) + index)}`;

/** Puts on the disk what a guest starts with: the boot program, cloud-init's seed. The resolver is the guest's own after the first boot. */
export function writeSeed(root: string, seed: Seed, resolvConf: string): void {
  const folder = join(root, "var/lib/cloud/seed/nocloud");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(seed)) {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
  }
  mkdirSync(join(root, "usr/lib/lab"), { recursive: true });
  for (const name of ["boot", "disk"]) {
    copyFileSync(join(sourceFolder, `${name}.sh`), join(root, "usr/lib/lab", name));
  }
  const resolver = join(root, "etc/resolv.conf");
  // Not through a link: it would lead to the machine's own files.
  if (lstatSync(resolver, { throwIfNoEntry: false }) === undefined) {
    writeFileSync(resolver, resolvConf);
  }
}

/** Starts a guest on its mounted disk, in its network namespace, in control groups of its own. */
export function startGuest(
  paths: HypervisorPaths,
  server: Server,
  namespace: string,
  disks: readonly { readonly link: string; readonly device: string }[],
): Guest {
  const { root, console: consoleFile } = serverPaths(paths, server.id);
  const groups = makeGroups(paths.lab, server.id);
  const links = disks.map(({ link }, index) => `${diskName(index)}=${link}`);
  const nspawn = [
    "systemd-nspawn",
    "--quiet",
    `--directory=${root}`,
    `--machine=polder-${server.id.slice(0, 13)}`,
    `--hostname=${server.hostname}`,
    // What a virtual machine's firmware would give: it becomes the machine id.
    `--uuid=${server.id}`,
    "--register=no",
    "--keep-unit",
    "--settings=no",
    "--console=pipe",
    `--network-namespace-path=/run/netns/${namespace}`,
    "--capability=CAP_NET_ADMIN",
    "--kill-signal=SIGRTMIN+3",
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    `--setenv=LAB_DISKS=${links.join(" ")}`,
    ...disks.map(({ device }, index) => `--bind=${device}:/dev/${diskName(index)}`),
    "/usr/lib/lab/boot",
  ];
  const enter = 'for file in $GROUPS_OF_HOST; do echo $$ >"$file"; done; exec "$@"';
  const output = openSync(consoleFile, "a", 0o600);
  writeFileSync(output, `--- boot at ${new Date().toISOString()}\n`);
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "sh", "-c", enter, "sh", ...nspawn], {
    detached: true,
    stdio: ["ignore", output, output],
    env: {
      ...systemEnvironment,
      GROUPS_OF_HOST: groups.join(" "),
      // Else a guest could set nothing of its own network.
      SYSTEMD_NSPAWN_API_VFS_WRITABLE: "yes",
    },
  });
  closeSync(output);
  const ended = new Promise<number>((resolve) => {
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code ?? 137));
  });
  return { process: child, ended };
}

/** The guest's pid 1 as the hypervisor sees it, once it is there. */
export function leaderOf(guest: Guest): number | undefined {
  const { pid } = guest.process;
  const children = readIfThere(`/proc/${pid}/task/${pid}/children`) ?? "";
  return children
    .trim()
    .split(" ")
    .map(Number)
    .find((child) => /^NSpid:.*\t1$/m.test(readIfThere(`/proc/${child}/status`) ?? ""));
}

/** Names the guest's pid namespace for good, on the machine and in here alike. */
export function pidNamespace(leader: number): string | undefined {
  try {
    return readlinkSync(`/proc/${leader}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** Waits until cloud-init has done all that it does in a boot. @returns its complaints, or undefined when it didn't */
export async function awaitBoot(
  guest: Guest,
  seconds: number,
): Promise<readonly string[] | undefined> {
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline && guest.process.exitCode === null) {
    const leader = leaderOf(guest);
    const result = leader && readIfThere(`/proc/${leader}/root/run/cloud-init/result.json`);
    if (result) {
      const { v1 } = JSON.parse(result) as { readonly v1: { readonly errors: readonly string[] } };
      return v1.errors;
    }
    await sleep(100);
  }
  return undefined;
}

/** Lets a guest shut down, and ends it when it doesn't in time. */
export async function stopGuest(guest: Guest, seconds: number): Promise<void> {
  const late = sleep(seconds * 1000, "late");
  // nspawn passes this on as a request to power off.
  if (seconds > 0) guest.process.kill("SIGTERM");
  if (seconds === 0 || (await Promise.race([guest.ended, late])) === "late") {
    guest.process.kill("SIGKILL");
  }
  await guest.ended;
}
