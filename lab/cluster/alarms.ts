import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { journalWriter } from "../../modules/operations/probe/index.ts";
import { cluster } from "../testing/cluster.ts";
import { red } from "../testing/findings.ts";
import { polder } from "../testing/polder.ts";
import { quoted } from "../testing/validate-files.ts";

const on = (host: string, script: string) => cluster.on(host, script);

/** A service that stops, and comes back. */
export function alarmTests(): void {
  describe("alarms", () => {
    const { webhook } = cluster;

    it("tell of a web server that was stopped, and of its end", async () => {
      webhook.forget();
      const alarms = [
        /^unit\/control-1\S+\/nginx\.service$/,
        /^service\/control-1\S+\/page$/,
        /^service\/control-1\S+\/handshake$/,
      ];
      await on("control-1", "systemctl stop nginx");
      try {
        await webhook.reported("control-1", alarms, "red");
      } finally {
        await on("control-1", "systemctl start nginx");
      }
      await webhook.reported("control-1", alarms, "green");
    });
  });
}

/** A red probe, a webhook that takes nothing, each other kind of fault, and what a taken host sends. */
export function moreAlarmTests(): void {
  describe("more alarms", () => {
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

    it("count a report's lines also where the journal reads them late: each has its writer's unit", async () => {
      const command = journalWriter("polder-test-late").map(quoted).join(" ");
      const entries = await on(
        "edge-1",
        `systemctl kill -s STOP systemd-journald; (sleep 3; systemctl kill -s CONT systemd-journald) &
        printf '<6>one\\n<6>two\\n' | systemd-run -q --pipe --wait --unit=polder-test-late ${command}
        wait; journalctl -q -t polder-test-late -o json --output-fields=_SYSTEMD_UNIT`,
      );
      const units = entries
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)._SYSTEMD_UNIT);
      expect(units).toEqual(["polder-test-late.service", "polder-test-late.service"]);
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
        "sqlite3 /run/turnserver/turndb \"UPDATE turn_secret SET value = 'x'\"",
        "systemctl reload coturn",
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

    it("come whatever a taken host sends: of it alone is anything believed, and who has no certificate gets nothing in", async () => {
      webhook.forget();
      const [monitor, control] = ["monitor-1", "control-1"].map((id) =>
        cluster.blueprint.hosts.find((host) => host.id === id),
      );
      const attack = readFileSync(
        join(import.meta.dirname, "../testing/journal-attack.py"),
        "utf8",
      );
      const answers = await on(
        "bridge-1",
        `python3 - ${monitor?.ipv4} ${control?.name} <<'END'\n${attack}\nEND\nrm /run/s.crt /run/s.key`,
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
  });
}
