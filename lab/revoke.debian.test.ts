import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHost } from "../modules/hosts/render/index.ts";
import { shipRevoked } from "../modules/operations/converge/index.ts";
import type { Host } from "../modules/planning/blueprint/index.ts";
import { testFolder } from "../modules/secrets/vaults/testing.ts";
import { loadPrograms } from "../modules/workspace/index.ts";
import { standIns } from "./stand-ins/index.ts";
import { validatorRoot } from "./testing/validator-root.ts";

// A control host's own sshd, sudo and rules for sudo, in a copy of Debian 13's root.
const folder = mkdtempSync(join(tmpdir(), "polder-revoke-"));
const at = (name: string): string => join(folder, name);
const USER = "annakok";
let port: number;
let host: ChildProcess;
let inside: string;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });

const START = `
set -eu
root=$1 work=$2 port=$3 user=$4
mount -t tmpfs tmpfs "$work/copy"
mkdir "$work/copy/upper" "$work/copy/inner" "$work/copy/root"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/copy/upper,workdir=$work/copy/inner" "$work/copy/root"
cd "$work/copy/root"
mount -t proc proc proc
mount -t tmpfs tmpfs dev
for node in null zero full random urandom tty; do touch "dev/$node"; mount --bind "/dev/$node" "dev/$node"; done
mkdir -p dev/pts run/sshd
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
echo "127.0.0.1 $(uname -n)" >>etc/hosts
install -m 0440 "$work/sudoers" etc/sudoers
install -m 0600 "$work/host" etc/ssh/host
chroot . useradd --create-home --shell /bin/bash --password '*' "$user"
install -d -m 0700 "home/$user/.ssh"
install -m 0600 "$work/user.pub" "home/$user/.ssh/authorized_keys"
chroot . chown -R "$user" "home/$user/.ssh"
exec chroot . /usr/sbin/sshd -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey=/etc/ssh/host
`;

const ssh = (): string[] => [
  "-F",
  "/dev/null",
  "-p",
  String(port),
  "-i",
  at("user"),
  "-o",
  "IdentitiesOnly=yes",
  "-o",
  "BatchMode=yes",
  "-o",
  `UserKnownHostsFile=${at("known")}`,
  "-o",
  "LogLevel=ERROR",
  `${USER}@127.0.0.1`,
];
const asRoot = (command: string): string =>
  execFileSync("ssh", [...ssh(), `sudo -n sh -c '${command}'`], { encoding: "utf8" });

beforeAll(async () => {
  const place = testFolder();
  const { blueprint } = place.load([await place.person(USER)]);
  const control = blueprint.hosts.find(({ role }) => role === "control") as Host;
  const configuration = renderHost(blueprint, control, loadPrograms(), standIns);
  place.remove();
  const sudoers = configuration.files.find(({ path }) => path === "/etc/sudoers")?.content ?? "";
  expect(sudoers).toContain(`${USER} ALL=`);
  writeFileSync(at("sudoers"), sudoers);
  for (const name of ["host", "user"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(name)]);
  execFileSync("mkdir", [at("copy")]);
  port = await freePort();
  const key = readFileSync(at("host.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  writeFileSync(at("known"), `[127.0.0.1]:${port} ${key}\n`);
  writeFileSync(at("start"), START);
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork"];
  const root = await validatorRoot();
  host = spawn("unshare", [
    ...namespaces,
    "--kill-child=KILL",
    "sh",
    at("start"),
    root,
    folder,
    String(port),
    USER,
  ]);
  inside = "";
  host.stderr?.on("data", (data: Buffer) => {
    inside += data;
  });
  for (let i = 0; i < 100 && !inside.includes("Server listening"); i++) await sleep(100);
  expect(inside).toContain("Server listening");
}, 180_000);
afterAll(async () => {
  const ended = new Promise((resolve) => host.on("close", resolve));
  host.kill("SIGKILL");
  await ended;
  rmSync(folder, { recursive: true });
});

describe("what is revoked", () => {
  const list = `room ${"a".repeat(64)} 1796169600\n`.repeat(500);

  it("lies on the host a moment later, for the gate's group alone to read", async () => {
    const began = performance.now();
    await shipRevoked(ssh(), "control-1", list);
    // With the gate's 2 s this is well below 10 s.
    expect(performance.now() - began).toBeLessThan(6000);
    expect(asRoot("cat /var/lib/polder-gate/revoked")).toBe(list);
    expect(asRoot('stat -c "%a %U %G" /var/lib/polder-gate /var/lib/polder-gate/revoked')).toBe(
      "750 root prosody\n640 root prosody\n",
    );
  });

  it("can become nothing again", async () => {
    await shipRevoked(ssh(), "control-1", "");
    expect(asRoot("stat -c %s /var/lib/polder-gate/revoked")).toBe("0\n");
  });

  it("that doesn't arrive is told in one line, with what to do", async () => {
    const stranger = ssh().map((word) => (word === `${USER}@127.0.0.1` ? "bert@127.0.0.1" : word));
    await expect(shipRevoked(stranger, "control-1", list)).rejects.toThrow(
      /^control-1: what is revoked didn't arrive, it refuses the login: /,
    );
    const closed = ssh().map((word) => (word === String(port) ? "1" : word));
    await expect(shipRevoked(closed, "control-1", list)).rejects.toThrow(/doesn't answer: is the/);
    asRoot("mv /var/lib/polder-gate /var/lib/other; touch /var/lib/polder-gate");
    await expect(shipRevoked(ssh(), "control-1", list)).rejects.toThrow(
      /it install: .*File exists/,
    );
  });
});
