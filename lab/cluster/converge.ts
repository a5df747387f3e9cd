import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateX25519Identity } from "age-encryption";
import { describe, expect, test } from "vitest";
import { buildFolder } from "../../modules/common/toolkit/index.ts";
import { referencesIn } from "../../modules/hosts/configuration/index.ts";
import { renderAll } from "../../modules/hosts/render/index.ts";
import { secretsOf } from "../../modules/secrets/keyring/index.ts";
import { loadPrograms } from "../../modules/workspace/index.ts";
import { awaitRunning, inHost } from "../hypervisor/index.ts";
import { standIns } from "../stand-ins/index.ts";
import { byHand } from "../testing/by-hand.ts";
import { type Canary, canariesBelow, watchProcesses } from "../testing/canary.ts";
import { cluster } from "../testing/cluster.ts";
import { polder, program, type RunOptions } from "../testing/polder.ts";
import { canaryOf, huntOnHost } from "../testing/secret-hunt.ts";

/** Tasks that a host may cost: each one is a round trip. */
const BUDGET = { nothingToDo: 1, everything: 12 } as const;

/** Where coturn keeps the secrets that it accepts, in memory: loaded from the file of its configuration. */
const LIVE = "/run/turnserver/turndb";

const { lab } = cluster;

const converge = (args: readonly string[] = [], options: RunOptions = {}) =>
  cluster.polder("converge", args, options);
const on = async (host: string, script: string) =>
  (await inHost(lab, `t-hosts-${host}`, ["sh", "-c", script])).stdout.trim();
const lastLine = (stdout: string) => stdout.trim().split("\n").at(-1) ?? "";
const tasksOf = (stdout: string) => Number(/(\d+) tasks/.exec(lastLine(stdout))?.[1]);

async function secretsOfVault(): Promise<Canary[]> {
  const vault = await cluster.vault();
  return ["turn/shared-secret", "prosody/bridge-1-password", "alarm/token"].map((name) => ({
    name,
    value: vault.need(name),
  }));
}

/** Converges the cluster for the first time, and again. */
export function convergeTests(): void {
  describe("converge", () => {
    test("from bare servers to running hosts, each key recorded as unverified", async () => {
      // Each state that systemd has coturn's unit in, as it changes.
      await on(
        "turn-1",
        `systemd-run --quiet --unit=watch-coturn sh -c 'while sleep 0.1; do now=$(systemctl is-enabled coturn 2>&1 | tail -1); [ "$now" = "$old" ] || echo "$now" >>/run/watch-coturn; old=$now; done'`,
      );
      const ran = await converge();
      expect(ran.stdout).not.toContain("failed");
      // A reboot before its own files count must not start it with Debian's.
      const seen = await on("turn-1", "systemctl stop watch-coturn; cat /run/watch-coturn");
      const [unknown, next, ...later] = seen.split("\n");
      expect(unknown).toMatch(/not-found|No such file/);
      expect([next, later.at(-1)]).toEqual(["masked", "enabled"]);
      expect(ran.stderr).toContain("first visit, SHA256:");
      expect(lastLine(ran.stdout)).toContain(
        `${cluster.hosts.length} hosts: ${cluster.hosts.length} changed`,
      );
      expect(ran.code).toBe(0);
      expect(tasksOf(ran.stdout)).toBeLessThanOrEqual(cluster.hosts.length * BUDGET.everything);
      const known = readFileSync(join(cluster.instance.folder, "hosts.yaml"), "utf8");
      for (const id of cluster.hosts) expect(known).toContain(`${id}:`);
      expect(known.match(/unverified/g)?.length).toBeGreaterThanOrEqual(cluster.hosts.length);
      expect(await on("control-1", "systemctl is-active nginx prosody")).toBe("active\nactive");
      expect(await on("turn-1", "systemctl is-active coturn")).toBe("active");
      expect(await on("control-1", "findmnt -no TARGET /srv/data")).toBe("/srv/data");
    });

    test("again: nothing to do, by one question a host, and no secret in sight", async () => {
      const canaries = await secretsOfVault();
      const watch = watchProcesses(canaries);
      const ran = await converge();
      expect(watch.stop()).toEqual([]);
      expect(watch.looks()).toBeGreaterThan(10);
      expect(lastLine(ran.stdout)).toContain(`${cluster.hosts.length} unchanged`);
      expect(tasksOf(ran.stdout)).toBeLessThanOrEqual(cluster.hosts.length * BUDGET.nothingToDo);
      expect(canariesBelow(buildFolder("t-hosts"), canaries)).toEqual([]);
      for (const { value } of canaries) {
        expect(ran.stdout + ran.stderr).not.toContain(value);
        // By its tail, so that the question itself is no answer.
        const tail = value.slice(8);
        expect(await on("turn-1", `journalctl --no-pager | grep -c '${tail}'`)).toBe("0");
        const places = "/tmp /var/tmp /root /home /run /var/log";
        const found = await on("turn-1", `grep -rl '${tail}' ${places}`);
        expect(found.split("\n").filter((path) => path !== "" && path !== LIVE)).toEqual([]);
      }
    });

    test("each secret lies in the files that it is for, and nowhere else on any host", async () => {
      const loaded = cluster.instance.load();
      const vault = await cluster.vault();
      const specs = secretsOf(loaded.blueprint).filter(
        (spec) => spec.vault === "instance" && !spec.public && vault.get(spec.name),
      );
      const canaries = specs.map(({ name }) => canaryOf(name, vault.need(name)));
      expect(canaries.length).toBeGreaterThan(cluster.hosts.length);
      let seen = 0;
      for (const configuration of renderAll(loaded.blueprint, loadPrograms(), standIns)) {
        const { found, files, journal, processes } = await huntOnHost(
          lab,
          `t-hosts-${configuration.host}`,
          canaries,
        );
        expect([files > 1000, journal > 1000, processes > 5]).toEqual([true, true, true]);
        const meant = configuration.files.flatMap(({ path, content }) =>
          referencesIn(content).flatMap((name) =>
            // Among those that a relay accepts is the one that logins are made by.
            name === "turn/accepted-secrets"
              ? [
                  `file ${path}: ${name}`,
                  ...[path, LIVE].map((one) => `file ${one}: turn/shared-secret`),
                ]
              : [`file ${path}: ${name}`],
          ),
        );
        // systemd's own copy for the one service that asks for it (LoadCredential=), root's, in memory.
        const lent = new Set(meant.map((one) => one.slice(one.lastIndexOf(" ") + 1)));
        const isLent = (one: string) =>
          one.startsWith("file /run/credentials/") && lent.has(one.slice(one.lastIndexOf(" ") + 1));
        const places = found.map((one) => one.replace(/\/etc\/polder\/trees\/[^/]+/, ""));
        expect(places.filter((one) => !meant.includes(one) && !isLent(one))).toEqual([]);
        seen += places.length;
      }
      // The hunter finds them where they are meant to be.
      expect(seen).toBeGreaterThan(cluster.hosts.length);
    });
  });
}

/** What a converge does with what was changed, on a cluster that is converged. */
export function convergeChangeTests(): void {
  describe("converge after a change", () => {
    test("a needed restart that cuts calls off waits for --restart, and is told until then", async () => {
      const started = () => on("control-1", "systemctl show -p InvocationID --value prosody");
      const before = await started();
      await on(
        "control-1",
        "touch /etc/polder/current/etc/systemd/system/prosody.service.d/polder.conf",
      );
      for (const _ of [1, 2]) {
        const ran = await converge(["--limit", "control-1"]);
        expect(ran.stdout).toContain("pending: prosody.service");
        expect(ran.code).toBe(0);
      }
      expect(await started()).toBe(before);
      const ran = await converge(["--limit", "control-1", "--restart"]);
      expect(ran.stdout).not.toContain("pending");
      expect(await started()).not.toBe(before);
    });

    test("a renewed certificate is shown by the processes that run", async () => {
      const { domain, hosts: all } = cluster.instance.load().blueprint;
      const address = all.find(({ id }) => id === "control-1")?.ipv4;
      const shown = () =>
        on(
          "control-1",
          `systemctl show -p MainPID --value nginx prosody; openssl s_client -connect ${address}:443 -servername ${domain} </dev/null 2>/dev/null | openssl x509 -noout -serial`,
        );
      const [nginx, , prosody, serial] = (await shown()).split("\n");
      expect(serial).toMatch(/^serial=/);
      const rotated = await polder(["keys", "rotate", cluster.instance.folder, "web/tls.crt"], {
        env: cluster.person,
      });
      expect(rotated.code, rotated.stderr).toBe(0);
      expect((await converge(["--limit", "control-1"])).code).toBe(0);
      const [nginxNow, , prosodyNow, serialNow] = (await shown()).split("\n");
      expect([nginxNow, prosodyNow]).toEqual([nginx, prosody]);
      expect(serialNow).toMatch(/^serial=/);
      expect(serialNow).not.toBe(serial);
    });

    test("somebody who is no admin is locked out", async () => {
      await on(
        "edge-1",
        "useradd -m -s /bin/bash vorige && mkdir /home/vorige/.ssh && touch /home/vorige/.ssh/authorized_keys",
      );
      expect((await converge(["--limit", "edge-1"])).stdout).toContain(
        "no admins any more: vorige",
      );
      expect(await on("edge-1", "getent passwd vorige")).toMatch(/nologin$/);
      expect(await on("edge-1", "ls /home/vorige/.ssh")).toBe("");
    });
  });
}

/** What goes wrong on the way, on a cluster that is converged. */
export function convergeFaultTests(): void {
  describe("what goes wrong while it converges", () => {
    test("a file that its program refuses leaves the old service", async () => {
      const change = async (value: string) => {
        const vault = await cluster.vault();
        const old = vault.need("turn/shared-secret");
        vault.set("turn/shared-secret", value, vault.madeOn("turn/shared-secret") ?? "");
        await vault.save();
        return old;
      };
      const pid = () => on("turn-1", "systemctl show -p MainPID --value coturn");
      const before = await pid();
      const good = await change("x\nno-such-option=1");
      const ran = await converge(["--limit", "turn-1"]);
      await change(good);
      expect(ran.stdout).toContain("refused, the old files stay: turn-trial");
      expect(ran.stdout).not.toContain(good);
      expect(ran.code).toBe(3);
      expect(await pid()).toBe(before);
      expect((await converge(["--limit", "turn-1"])).stdout).toContain("turn-1: unchanged");
      // Its login was made of the other secret for a while, and is made anew.
      expect((await converge(["--limit", "monitor-1"])).code).toBe(0);
    });

    test("a full disk: told before anything is written, then the next run goes on", async () => {
      await on(
        "bridge-1",
        "echo x >>/etc/polder/current/etc/issue; fallocate -l $(($(df --output=avail -B1 / | tail -1) - 4000000)) /fill",
      );
      const ran = await converge(["--limit", "bridge-1"]);
      expect(ran.stdout).toContain("the disk is full");
      expect(ran.code).toBe(3);
      await on("bridge-1", "rm /fill");
      expect((await converge(["--limit", "bridge-1"])).stdout).toContain("bridge-1: changed");
    });

    test("a package mirror that can't be reached: told, nothing stops, the next run goes on", async () => {
      await on(
        "bridge-1",
        "apt-get -y -qq purge kmod; nft insert rule inet polder output tcp dport 3142 reject with tcp reset",
      );
      const ran = await converge(["--limit", "bridge-1"]);
      expect(ran.stdout).toMatch(/the package mirror \S+ doesn't answer/);
      expect(ran.code).toBe(3);
      expect(await on("bridge-1", "systemctl is-active ssh nftables")).toBe("active\nactive");
      await on("bridge-1", "systemctl reload nftables");
      expect((await converge(["--limit", "bridge-1"])).stdout).toContain("bridge-1: changed");
    });

    test("an identity that opens no vault: nobody is asked for anything", async () => {
      const identity = join(cluster.instance.folder, "stranger.age");
      writeFileSync(identity, await generateX25519Identity(), { mode: 0o600 });
      const env = { ...cluster.person, POLDER_AGE_IDENTITY: identity };
      const ran = await polder(["converge", cluster.instance.folder], { env });
      expect(ran.code).toBe(2);
      expect(ran.stderr.trim().split("\n")).toHaveLength(1);
      expect(ran.stderr).not.toContain("turn-1");
    });

    test("sessions killed in the middle: services stay, the next run goes on", async () => {
      await on("turn-1", "echo x >>/etc/polder/current/etc/issue");
      let killed: Promise<string> | undefined;
      const ran = await converge(["--limit", "turn-1"], {
        onLine: (line) => {
          // Who holds the lock holds the phase up: it has begun and can't end before the kill.
          if (line.startsWith("turn-1: stage"))
            killed ??= on(
              "turn-1",
              "flock /run/polder-converge.lock sh -c 'sleep 1; pkill -KILL sshd-session' && echo killed",
            );
        },
      });
      expect(await killed).toBe("killed");
      // What was begun on the host is ended there, whether anybody hears of it or not.
      if (ran.code !== 0) expect(ran.stdout).toContain("the connection was lost");
      expect(await on("turn-1", "systemctl is-active coturn ssh")).toBe("active\nactive");
      expect((await converge(["--limit", "turn-1"])).code).toBe(0);
      expect((await converge(["--check", "--limit", "turn-1"])).code).toBe(0);
    });

    test("a host that doesn't answer: one line, the others are done", async () => {
      await on("bridge-2", "systemctl stop ssh");
      const ran = await converge(["--limit", "bridge-1", "bridge-2"]);
      expect(ran.stdout).toMatch(/bridge-2: failed\n {2}doesn't answer/);
      expect(ran.stdout).toContain("bridge-1: unchanged");
      expect(ran.code).toBe(3);
      await on("bridge-2", "systemctl start ssh");
    });

    test("another key than the recorded one is refused", async () => {
      const file = join(cluster.instance.folder, "hosts.yaml");
      const text = readFileSync(file, "utf8");
      const keys = [...text.matchAll(/key: (ssh-ed25519 \S+)/g)].map((m) => m[1] ?? "");
      writeFileSync(file, text.replace(keys[0] ?? "", keys[1] ?? ""));
      const ran = await converge(["--limit", "bridge-1"]);
      expect(ran.stdout).toContain("polder keys confirm");
      expect(ran.code).toBe(3);
      writeFileSync(file, text);
    });

    test("two at once: the second is refused", async () => {
      const first = converge(["--limit", "turn-1"]);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const second = await converge(["--limit", "turn-1"]);
      expect(second.stderr).toContain("is at work on it");
      expect(second.code).toBe(3);
      expect((await first).code).toBe(0);
    });

    test.each(["connecting", "turn-1: compare", "turn-1: stage"])(
      "Ctrl-C at %s: no child, no lock, a whole host; the next run goes on",
      async (moment) => {
        await on("turn-1", "echo x >>/etc/polder/current/etc/issue");
        let sent = false;
        const ran = await converge(["--limit", "turn-1"], {
          onLine: (line, child) => {
            if (!sent && line.startsWith(moment)) sent = child.kill("SIGINT");
          },
        });
        expect(sent).toBe(true);
        expect(ran.code).toBe(3);
        expect(ran.stderr).toContain("interrupted");
        expect(existsSync(join(buildFolder("t-hosts"), "lock"))).toBe(false);
        const left = await program("pgrep", ["-f", "ansible-playbook.*t-hosts/inventory"]);
        expect(left.stdout).toBe("");
        expect(await on("turn-1", "systemctl is-active coturn ssh")).toBe("active\nactive");
        expect((await converge(["--limit", "turn-1"])).code).toBe(0);
        expect((await converge(["--check", "--limit", "turn-1"])).code).toBe(0);
      },
    );

    test("a host that reboots meanwhile has its old files or its new ones; the next run goes on", async () => {
      await on("bridge-1", "echo x >>/etc/polder/current/etc/issue");
      const api = await byHand(cluster.instance.load().blueprint);
      const servers = await api.list("compute", "/servers", "servers");
      const id = String(servers.find((server) => server["name"] === "t-hosts-bridge-1")?.["id"]);
      let asked: Promise<unknown> | undefined;
      const ran = await converge(["--limit", "bridge-1"], {
        onLine: (line) => {
          if (!asked && line.startsWith("bridge-1: compare"))
            asked = api.call("compute", "POST", `/servers/${id}/action`, {
              reboot: { type: "HARD" },
            });
        },
      });
      await asked;
      if (ran.code !== 0) expect(ran.stdout).toContain("the connection was lost");
      await new Promise((resolve) => setTimeout(resolve, 5000));
      await awaitRunning(lab, ["t-hosts-bridge-1"], 60);
      expect((await converge(["--limit", "bridge-1"])).code).toBe(0);
      expect((await converge(["--check", "--limit", "bridge-1"])).code).toBe(0);
    });
  });
}
