import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../modules/findings/index.ts";
import { buildFolder, ROOT } from "../../stacks/environment.ts";
import { inInternet } from "../hypervisor/index.ts";
import { cluster } from "../testing/cluster.ts";
import { CLUSTER_FAULTS, openInCloud } from "../testing/cluster-faults.ts";
import { journalAttack } from "../testing/journal-attack.ts";
import { readLynis, readSshAudit, readSslyze } from "../testing/other-judges.ts";
import { polder, program } from "../testing/polder.ts";

const venv = (name: string) => join(ROOT, "build/venv/bin", name);
const on = (host: string, script: string) => cluster.on(host, script);

const red = (findings: readonly Finding[]) =>
  findings
    .filter(({ verdict }) => verdict !== "pass")
    .map(({ id, subject, verdict, message }) => `${verdict} ${id} ${subject}: ${message}`);

/** Attacks the cluster as it is, then with faults planted; alarms, and what others' judges say. */
export function probeTests(): void {
  describe("a cluster as it was rendered", () => {
    it("withstands every probe", async () => {
      const { findings, code } = await cluster.probe("all");
      expect(red(findings)).toEqual([]);
      expect(code).toBe(0);
      expect(findings.length).toBeGreaterThan(100);
    });

    it("called nobody meanwhile: the provider's edge counted no packet that a host began", async () => {
      expect(await cluster.calls()).toEqual(cluster.callsBefore);
    });
  });

  describe("a fault that is planted turns exactly its probes red", () => {
    it.each(CLUSTER_FAULTS.map((fault) => [fault.what, fault] as const))("%s", async (_, fault) => {
      const { host, script, looked, undo } = fault;
      const shut =
        fault.openInCloud === undefined
          ? undefined
          : await openInCloud(cluster.instance.load().blueprint, host, fault.openInCloud);
      await on(host, script);
      try {
        const ids = (await cluster.probe(looked.join(","))).findings
          .filter(({ verdict }) => verdict === "fail")
          .map(({ id, subject }) => `${id} ${subject.split(" ")[0]}`);
        expect([...new Set(ids)].sort()).toEqual(fault.red.map((id) => `${id} ${host}`).sort());
      } finally {
        await shut?.();
        if (undo) await on(host, undo);
        await cluster.converge("--limit", host);
      }
    });

    it("and all is put right again", async () => {
      expect(red((await cluster.probe("all")).findings)).toEqual([]);
    });
  });

  describe("alarms", () => {
    const { webhook } = cluster;
    beforeAll(() => webhook.forget());

    it("tell of a red probe, and of its end, with the token and nothing else secret", async () => {
      const told = () =>
        polder(["probe", "drift-files", cluster.instance.folder], { env: cluster.person });
      await on("edge-1", 'echo "# by hand" >> "$(readlink -f /etc/issue.net)"');
      expect((await told()).code).toBe(1);
      await webhook.heard(/^probe\/edge-1\S* ?.*drift-files edge-1$/, "red");
      await cluster.converge();
      expect((await told()).code).toBe(0);
      await webhook.heard(/drift-files edge-1$/, "green");
      const vault = await cluster.vault();
      expect(webhook.received[0]?.token).toBe(`Bearer ${vault.need("alarm/token")}`);
    });

    it("tell of a certificate that ends in ten days, and of a new one", async () => {
      const certificate = [/^certificate\/turn-1.*turn\.crt$/];
      await on(
        "turn-1",
        `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -out /run/short.crt -subj /CN=short -days 10 2>/dev/null
      file=$(readlink -f /etc/coturn/turn.crt); mount --bind /run/short.crt "$file"`,
      );
      await webhook.reported("turn-1", certificate, "red");
      await on("turn-1", "umount $(readlink -f /etc/coturn/turn.crt)");
      await webhook.reported("turn-1", certificate, "green");
    });

    it.each<[what: string, host: string, breaks: string, mends: string, alarms: RegExp[]]>([
      [
        "a web server that was stopped",
        "control-1",
        "systemctl stop nginx",
        "systemctl start nginx",
        [
          /^unit\/control-1\S+\/nginx\.service$/,
          /^service\/control-1\S+\/page$/,
          /^service\/control-1\S+\/handshake$/,
        ],
      ],
      [
        "Prosody that was stopped",
        "control-1",
        "systemctl stop prosody",
        "systemctl start prosody",
        [
          /^unit\/control-1\S+\/prosody\.service$/,
          /^service\/control-1\S+\/login$/,
          /^service\/control-1\S+\/handshake$/,
        ],
      ],
      [
        "a relay that knows no login any more",
        "turn-1",
        "sed -i.kept s/^static-auth-secret=.*/static-auth-secret=another/ $(readlink -f /etc/turnserver.conf); systemctl restart coturn",
        "file=$(readlink -f /etc/turnserver.conf); cat $file.kept > $file; rm $file.kept; systemctl restart coturn",
        [/^service\/turn-1\S+\/relay$/],
      ],
      [
        "a bridge that answers no media",
        "bridge-1",
        "systemctl stop polder-bridge-stand-in",
        "systemctl start polder-bridge-stand-in",
        [
          /^unit\/bridge-1\S+\/polder-bridge-stand-in\.service$/,
          /^service\/bridge-1\S+\/media by turn-1/,
        ],
      ],
      [
        "a unit that has failed",
        "bridge-1",
        "systemd-run -q --unit=polder-test-fails /bin/false; sleep 1",
        "systemctl reset-failed polder-test-fails",
        [/^unit\/bridge-1\S+\/polder-test-fails\.service$/],
      ],
      [
        "a full volume of logs",
        "monitor-1",
        "mount -t tmpfs -o size=1m tmpfs /srv/logs; head -c 1000k /dev/zero > /srv/logs/full",
        "umount /srv/logs",
        [/^disk\/monitor-1\S+\/srv\/logs$/],
      ],
    ])("tell of %s, and of its end", async (_, host, breaks, mends, alarms) => {
      webhook.forget();
      await on(host, breaks);
      try {
        await webhook.reported(host, alarms, "red");
      } finally {
        await on(host, mends);
      }
      await webhook.reported(host, alarms, "green");
    });

    it("tell that entries count for nothing: of a bridge under the gate's name, and of what can't be read", async () => {
      webhook.forget();
      const refused = (more: string) =>
        `logger -t polder-gate '{"result":"refused","more":${more}}'`;
      for (const host of ["bridge-1", "control-1"])
        await on(
          host,
          [1000, "1e999", "[".repeat(3000)].map((more) => refused(`${more}`)).join("\n"),
        );
      await webhook.heard(/^entries\/bridge-1/, "red");
      await webhook.heard(/^entries\/control-1/, "red");
      expect(webhook.has(/^refusals\//, "red")).toBe(false);
      // And alarms still come.
      await on("bridge-1", "systemd-run -q --unit=polder-test-fails /bin/false; sleep 1");
      await webhook.reported("bridge-1", [/polder-test-fails/], "red");
      await on("bridge-1", "systemctl reset-failed polder-test-fails");
      await webhook.reported("bridge-1", [/polder-test-fails/], "green");
    });

    it("come whatever a taken host sends: of it alone is anything believed, and strangers get nothing in", async () => {
      webhook.forget();
      const [monitor, control] = ["monitor-1", "control-1"].map((id) =>
        cluster.blueprint.hosts.find((host) => host.id === id),
      );
      const attack = journalAttack(monitor?.ipv4 ?? "", control?.name ?? "");
      const answers = await on(
        "bridge-1",
        `python3 - <<'END'\n${attack}\nEND\nrm /run/s.crt /run/s.key`,
      );
      expect(JSON.parse(answers)).toMatchObject({
        "no certificate": 400,
        "another CA's": 400,
        "another host's name": 202,
        "the future": 202,
        "20 MiB in a field": 202,
      });
      // Once more the fault of a host, after all of that was read: its journal still counts.
      await on("bridge-1", "systemd-run -q --unit=polder-test-fails /bin/false; sleep 1");
      await webhook.reported("bridge-1", [/^unit\/bridge-1\S+\/polder-test-fails/], "red");
      await on("bridge-1", "systemctl reset-failed polder-test-fails");
      await webhook.reported("bridge-1", [/^unit\/bridge-1\S+\/polder-test-fails/], "green");
      expect(webhook.has(/^(refusals|journal|state)\//, "red")).toBe(false);
    });

    it("say every minute that they would come, and say so when the program that raises them fails", async () => {
      webhook.forget();
      const beat = () => on("monitor-1", "systemctl start polder-heartbeat.service");
      await beat();
      expect(webhook.has(/^alive$/, "green")).toBe(true);
      await on("monitor-1", "touch -d '10 minutes ago' /run/private/polder-alarm/ran");
      await beat();
      expect(webhook.has(/^alive$/, "red")).toBe(true);
    });

    it("that nobody takes are seen by the probe, and come when somebody does", async () => {
      webhook.forget();
      await webhook.close();
      const { findings } = await cluster.probe("alarms-delivered");
      expect(findings.map(({ verdict, message }) => [verdict, message])).toEqual([
        ["fail", expect.stringContaining("the webhook takes nothing")],
      ]);
      await webhook.open();
      await on("monitor-1", "systemctl start polder-alarm.service");
      expect(red((await cluster.probe("alarms")).findings)).toEqual([]);
    });
  });

  describe("judges by others", () => {
    it.each(["web", "turn"] as const)("sslyze finds nothing old at %s", async (service) => {
      const { hosts, domain } = cluster.instance.load().blueprint;
      const host = hosts.find(({ role }) => role === (service === "web" ? "control" : "turn"));
      const name = service === "web" ? domain : `turn.${domain}`;
      const report = join(buildFolder(cluster.name), `sslyze-${service}.json`);
      const ran = await inInternet(cluster.lab, [
        venv("sslyze"),
        ...[`--json_out=${report}`, "--quiet", "--sni", name, "--mozilla_config=disable"],
        ...["--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3"],
        ...["--heartbleed", "--compression", "--early_data", "--reneg"],
        `${host?.publicAddress?.ipv4}:443`,
      ]);
      expect(ran.code, ran.stderr).toBe(0);
      expect(readSslyze(readFileSync(report, "utf8"))).toEqual([]);
    });

    it("ssh-audit warns of nothing, on any host", async () => {
      const { hosts } = cluster.instance.load().blueprint;
      const edge = hosts.find(({ role }) => role === "edge");
      const audit = (port: number, address: string) =>
        program(venv("ssh-audit"), ["--json", "--skip-rate-test", "-p", `${port}`, address]);
      // The edge host comes last: it makes whoever breaks off so often wait.
      for (const host of hosts.filter(({ role }) => role !== "edge")) {
        const port = 20_000 + hosts.indexOf(host);
        const config = join(buildFolder(cluster.name), "ssh/config");
        const way = spawn(
          "ssh",
          ["-F", config, "-N", "-L", `127.0.0.1:${port}:${host.ipv4}:22`, edge?.name ?? ""],
          { stdio: "ignore" },
        );
        try {
          let text = "";
          for (let tries = 0; tries < 20 && !text.startsWith("{"); tries++) {
            await new Promise((resolve) => setTimeout(resolve, 250));
            text = (await audit(port, "127.0.0.1")).stdout;
          }
          expect(readSshAudit(text), host.id).toEqual([]);
        } finally {
          way.kill();
        }
      }
      const seen = await audit(22, edge?.publicAddress?.ipv4 ?? "");
      expect(readSshAudit(seen.stdout), edge?.id).toEqual([]);
    });

    it("lynis gives every role 80 at least, without what the not-tested list names", async () => {
      const listed = load(readFileSync(join(ROOT, "scripts/not-tested.yaml"), "utf8")) as {
        id: string;
      }[];
      const leftOut = listed.flatMap(({ id }) => /^lynis-(.+)$/.exec(id)?.[1]?.toUpperCase() ?? []);
      const apt = "DEBIAN_FRONTEND=noninteractive apt-get -y -qq";
      const scores = await Promise.all(
        ["control-1", "turn-1", "bridge-1", "monitor-1", "edge-1"].map(async (host) => {
          await on(host, `${apt} install --no-install-recommends lynis`);
          await on(host, "lynis audit system --quick --no-colors --cronjob >/dev/null 2>&1; true");
          const index = await on(host, "sed -n s/^hardening_index=//p /var/log/lynis-report.dat");
          const score = readLynis(
            await on(host, "cat /var/log/lynis.log"),
            Number(index.trim()),
            leftOut,
          );
          await on(host, `${apt} purge lynis`);
          return [host, score] as const;
        }),
      );
      for (const [host, { all, listedLeftOut }] of scores)
        process.stderr.write(
          `lynis ${host}: ${all} by all tests, ${listedLeftOut} without ${leftOut.join(", ")}\n`,
        );
      expect(scores.filter(([, { listedLeftOut }]) => listedLeftOut < 80)).toEqual([]);
    });
  });
}
