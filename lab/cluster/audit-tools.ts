import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { buildFolder, TOOLKIT } from "../../modules/common/toolkit/index.ts";
import { inInternet } from "../hypervisor/index.ts";
import { readLynis, readSshAudit, readSslyze } from "../testing/audit-tools.ts";
import { cluster } from "../testing/cluster.ts";
import { program } from "../testing/polder.ts";

const venv = (name: string) => join(TOOLKIT, "build/venv/bin", name);
const on = (host: string, script: string) => cluster.on(host, script);

/** What programs of others say of the cluster. */
export function auditToolTests(): void {
  describe("audit tools of others", () => {
    it.each(["web", "turn"] as const)("sslyze finds nothing old at %s", async (service) => {
      const { hosts, domain } = cluster.instance.load().blueprint;
      const host = hosts.find(({ role }) => role === (service === "web" ? "control" : "turn"));
      const name = service === "web" ? domain : `turn.${domain}`;
      const report = join(buildFolder(cluster.name), `sslyze-${service}.json`);
      const ran = await inInternet(cluster.lab, [
        venv("sslyze"),
        `--json_out=${report}`,
        "--quiet",
        "--sni",
        name,
        "--mozilla_config=disable",
        "--sslv2",
        "--sslv3",
        "--tlsv1",
        "--tlsv1_1",
        "--tlsv1_2",
        "--tlsv1_3",
        "--heartbleed",
        "--compression",
        "--early_data",
        "--reneg",
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
      // The edge host comes last: it delays a client that breaks off so often.
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
      const listed = load(readFileSync(join(TOOLKIT, "scripts/not-tested.yaml"), "utf8")) as {
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
