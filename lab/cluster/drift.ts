import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump, JSON_SCHEMA, load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { buildFolder } from "../../modules/common/toolkit/index.ts";
import { sshFiles } from "../../modules/operations/converge/index.ts";
import { awaitRunning } from "../hypervisor/index.ts";
import { byHand } from "../testing/by-hand.ts";
import { cluster } from "../testing/cluster.ts";
import { adminsFile, makePerson } from "../testing/person.ts";
import { program } from "../testing/polder.ts";

const on = async (host: string, script: string) => (await cluster.on(host, script)).trim();
const converge = (host: string, ...args: string[]) =>
  cluster.polder("converge", ["--limit", host, ...args]);

/** Whether root here has CAP_SYS_RESOURCE, number 24, by which a mounted ext4 grows. */
const GROWS =
  (BigInt(`0x${/^CapBnd:\s*(\w+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0}`) >>
    24n) %
    2n ===
  1n;

/** The server of a host, by the cloud's API. */
async function server(host: string) {
  const api = await byHand(cluster.blueprint);
  const servers = await api.list("compute", "/servers", "servers");
  const id = String(servers.find(({ name }) => name === `${cluster.name}-${host}`)?.["id"]);
  return { api, id };
}

/** Takes hosts' keys out of the instance's record, as a person would. */
function forget(hosts: readonly string[]): void {
  const file = join(cluster.instance.folder, "hosts.yaml");
  const known = load(readFileSync(file, "utf8"), { schema: JSON_SCHEMA }) as {
    hosts: Record<string, unknown>;
  };
  const kept = Object.entries(known.hosts).filter(([id]) => !hosts.includes(id));
  writeFileSync(file, dump({ hosts: Object.fromEntries(kept) }, { lineWidth: -1 }));
}

/** Waits until a host that was asked to reboot, or was made anew, runs. */
async function runs(host: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5000));
  await awaitRunning(cluster.lab, [`${cluster.name}-${host}`], 90);
}

/** What is loaded, what runs and what is there beyond: a host is more than its files. */
export function driftTests(): void {
  describe("what lies in a release", () => {
    test("drift is told by --check, named and put right", async () => {
      await on("turn-1", "sed -i 's/^/ /' /etc/issue; echo x >>/etc/polder/current/etc/hosts");
      const told = await converge("turn-1", "--check");
      expect(told.code).toBe(1);
      expect(told.stdout).toContain("drift: /etc/issue: replaced by a file");
      expect(told.stdout).toContain("drift: /etc/hosts: edited");
      expect(await on("turn-1", "tail -1 /etc/hosts")).toBe("x");
      const done = await converge("turn-1");
      expect(done.stdout).toContain("turn-1: changed");
      expect((await converge("turn-1", "--check")).code).toBe(0);
    });
  });

  describe("what is loaded and what runs", () => {
    test("a flushed packet filter, and one rule more: told, then loaded anew", async () => {
      for (const [fault, told] of [
        ["nft flush ruleset", "nothing is loaded"],
        ["nft insert rule inet polder input tcp dport 8443 accept", "0 missing, 1 too many"],
        ["nft add table ip other", "0 missing, 1 too many"],
      ] as const) {
        await on("bridge-1", fault);
        const check = await converge("bridge-1", "--check");
        expect(check.stdout).toContain("not in force: /etc/nftables.conf: ");
        expect(check.stdout).toContain(told);
        expect(check.code).toBe(1);
        const done = await converge("bridge-1");
        expect(done.stdout).toContain("done: reload nftables.service");
        expect(done.code).toBe(0);
        expect((await converge("bridge-1", "--check")).code).toBe(0);
      }
    });

    test("a kernel's setting that was changed: told, then set again", async () => {
      const name = "net.ipv4.conf.all.send_redirects";
      await on("bridge-1", `echo 1 >/proc/sys/${name.replaceAll(".", "/")}`);
      const check = await converge("bridge-1", "--check");
      expect(check.stdout).toContain(`${name} is 1, not 0`);
      expect(check.code).toBe(1);
      expect((await converge("bridge-1")).code).toBe(0);
      // Also of the links that were there before the settings were read.
      const every = "cat /proc/sys/net/ipv4/conf/*/accept_source_route | sort -u";
      expect(await on("bridge-1", every)).toBe("0");
      expect(await on("bridge-1", `cat /proc/sys/${name.replaceAll(".", "/")}`)).toBe("0");
    });

    test("packages that came in under running daemons: nginx hands over, Prosody waits for --restart", async () => {
      const started = (unit: string) =>
        on("control-1", `systemctl show -p InvocationID --value ${unit}`);
      const before = [await started("nginx"), await started("prosody")];
      const main = () => on("control-1", "cat /run/nginx/nginx.pid");
      const former = await main();
      // Debian's package of Prosody asks, and may not restart it; a file's own rename asks nobody.
      await on(
        "control-1",
        `apt-get -qq update; apt-get -qq -y install --reinstall prosody >/dev/null 2>&1
         cp -p /usr/sbin/nginx /usr/sbin/nginx.new; mv /usr/sbin/nginx.new /usr/sbin/nginx`,
      );
      const ran = await converge("control-1");
      expect(ran.stdout).toContain("old program: nginx.service runs ");
      expect(ran.stdout).toContain("done: handover nginx.service");
      expect(ran.stdout).toContain("pending: prosody.service");
      expect(ran.code).toBe(0);
      expect(await main()).not.toBe(former);
      expect(await on("control-1", "systemctl show -P MainPID nginx")).toBe(await main());
      expect([await started("nginx"), await started("prosody")]).toEqual(before);
      const again = await converge("control-1", "--restart");
      expect(again.code).toBe(0);
      expect(again.stdout).toContain("old program: prosody.service runs ");
      expect(await started("nginx")).toBe(before[0]);
      expect(await started("prosody")).not.toBe(before[1]);
      expect((await converge("control-1", "--check")).stdout).toContain("control-1: unchanged");
    });
  });

  describe("what is there beyond the release", () => {
    const PLANTED = [
      [
        "/etc/systemd/system/planted.service",
        "printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/planted.service",
      ],
      ["/etc/cron.d/planted", "echo '* * * * * root true' >/etc/cron.d/planted"],
      ["/var/tmp/sh", "cp /bin/dash /var/tmp/sh; chmod 4755 /var/tmp/sh"],
      ["/usr/local/bin/planted", "cp /bin/true /usr/local/bin/planted"],
      ["/etc/ssh/authorized_keys/root", "echo x >/etc/ssh/authorized_keys/root"],
      ["/etc/ld.so.preload", ": >/etc/ld.so.preload"],
      ["/etc/ssl/certs/0a1b2c3d.0", ": >/etc/ssl/certs/0a1b2c3d.0"],
      ["account toor", "useradd -o -u 0 -M toor"],
    ] as const;
    const UNDO =
      "userdel -f toor 2>/dev/null; rm -f " +
      PLANTED.map(([path]) => path)
        .filter((path) => path.startsWith("/"))
        .join(" ");

    test("is named, makes --check and converge end with 1, and stays", async () => {
      await on("edge-1", PLANTED.map(([, script]) => script).join("; "));
      try {
        for (const args of [["--check"], []]) {
          const ran = await converge("edge-1", ...args);
          for (const [name] of PLANTED) expect(ran.stdout).toContain(`beyond: ${name}: `);
          expect(ran.stdout).toContain("edge-1: differs");
          expect(ran.stderr).toContain("left to you");
          expect(ran.code).toBe(1);
        }
      } finally {
        await on("edge-1", `${UNDO}; true`);
      }
      expect((await converge("edge-1", "--check")).code).toBe(0);
    });
  });

  describe("left behind", () => {
    test("somebody who is no admin leaves nothing that starts at boot", async () => {
      await on(
        "edge-1",
        "useradd -m -s /bin/bash eerdere; mkdir -p /var/lib/systemd/linger; : >/var/lib/systemd/linger/eerdere",
      );
      expect((await converge("edge-1", "--check")).stdout).toContain("no admins any more: eerdere");
      expect((await converge("edge-1")).code).toBe(0);
      expect(await on("edge-1", "ls /var/lib/systemd/linger; stat -c %U%a /home/eerdere")).toBe(
        "root700",
      );
      const { api, id } = await server("edge-1");
      await api.call("compute", "POST", `/servers/${id}/action`, { reboot: { type: "SOFT" } });
      await runs("edge-1");
      expect(await on("edge-1", "systemctl is-system-running --wait || true")).toBe("running");
    });

    test("an admin who was taken out and comes back logs in again, and not in between", async () => {
      const file = adminsFile(cluster.instance);
      const before = readFileSync(file, "utf8");
      const { line, person } = await makePerson(cluster.instance, "terugkeerder");
      /** The answers of `id`, as themselves and by sudo; undefined: they can't log in. */
      const login = async () => {
        const { config } = sshFiles(buildFolder(cluster.name));
        const ran = await program("ssh", [
          "-F",
          config,
          "-o",
          "BatchMode=yes",
          "-i",
          person.POLDER_SSH_IDENTITY,
          "-l",
          person.POLDER_USER,
          `edge-1.${cluster.name}.internal`,
          "id -un; sudo -n id -un",
        ]);
        return ran.code === 0 ? ran.stdout : undefined;
      };
      try {
        for (const [text, answer] of [
          [before, undefined],
          [before.replace("admins:\n", `admins:\n${line}`), "terugkeerder\nroot\n"],
          [before, undefined],
          [before.replace("admins:\n", `admins:\n${line}`), "terugkeerder\nroot\n"],
        ] as const) {
          writeFileSync(file, text);
          expect((await converge("edge-1")).code).toBe(0);
          expect(await login()).toBe(answer);
        }
      } finally {
        writeFileSync(file, before);
        expect((await converge("edge-1")).code).toBe(0);
      }
    });

    test("a control host that was rebooted has its volume, its filter and its settings", async () => {
      await on("control-1", "echo kept >/srv/data/kept; sync");
      const { api, id } = await server("control-1");
      await api.call("compute", "POST", `/servers/${id}/action`, { reboot: { type: "SOFT" } });
      await runs("control-1");
      expect(await on("control-1", "findmnt -no TARGET /srv/data; cat /srv/data/kept")).toBe(
        "/srv/data\nkept",
      );
      expect((await converge("control-1", "--check")).stdout).toContain("control-1: unchanged");
    });

    /** As after a growth of the volume: the file system of before. */
    const shrink = (size: string) =>
      on(
        "control-1",
        `device=$(findmnt -no SOURCE /srv/data); umount /srv/data; e2fsck -fp $device >/dev/null; resize2fs $device ${size} 2>/dev/null; mount /srv/data`,
      );

    test("a file system that is smaller than its volume is told", async () => {
      await shrink("200M");
      const check = await converge("control-1", "--check");
      await shrink("");
      expect(check.stdout).toContain("volume: /srv/data: its file system is smaller than its disk");
      expect(check.code).toBe(1);
    });

    test.skipIf(!GROWS)("[volume-grows-online] and grows while it is used", async () => {
      await shrink("200M");
      expect((await converge("control-1")).code).toBe(0);
      const size = await on("control-1", "df --output=size -m /srv/data | tail -1");
      expect(Number(size)).toBeGreaterThan(500);
      expect((await converge("control-1", "--check")).stdout).toContain("control-1: unchanged");
    });
  });

  describe("loss", () => {
    test("a deleted bridge and a deleted control host are made again, with the volume and what is on it", async () => {
      const lost = ["bridge-2", "control-1"];
      await on("control-1", "echo kept >/srv/data/lost; sync");
      for (const host of lost) {
        const { api, id } = await server(host);
        await api.call("compute", "DELETE", `/servers/${id}`);
      }
      for (const step of ["plan", "apply"]) expect((await cluster.polder(step)).code, step).toBe(0);
      const names = lost.map((host) => `${cluster.name}-${host}`);
      await awaitRunning(cluster.lab, names, 120);
      // Another machine: its old key is refused until a person takes it out.
      const refused = await converge("bridge-2");
      expect(refused.stdout).toContain("not the key that hosts.yaml has");
      forget(lost);
      const ran = await cluster.polder("converge", ["--limit", ...lost]);
      expect(ran.code, ran.stdout + ran.stderr).toBe(0);
      expect(await on("control-1", "findmnt -no TARGET /srv/data; cat /srv/data/lost")).toBe(
        "/srv/data\nkept",
      );
      expect(await on("control-1", "systemctl is-active nginx prosody")).toBe("active\nactive");
      expect((await cluster.polder("converge", ["--check"])).code).toBe(0);
    });

    test("kill -9 of a converge: the next one goes on, and the host is whole", async () => {
      await on("turn-1", "echo x >>/etc/polder/current/etc/issue");
      let killed = false;
      const ran = await cluster.polder("converge", ["--limit", "turn-1"], {
        onLine: (line, child) => {
          if (!killed && line.startsWith("turn-1: stage")) killed = child.kill("SIGKILL");
        },
      });
      expect(killed).toBe(true);
      expect(ran.code).not.toBe(0);
      expect(await on("turn-1", "systemctl is-active coturn ssh")).toBe("active\nactive");
      expect((await converge("turn-1")).code).toBe(0);
      expect((await converge("turn-1", "--check")).code).toBe(0);
    });
  });
}
