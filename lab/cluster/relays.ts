import { describe, expect, test } from "vitest";
import { RELAY_SECRET } from "../../modules/secrets/vaults/index.ts";
import { restCredential } from "../../modules/verification/probes/index.ts";
import { internetCommand } from "../hypervisor/index.ts";
import { cluster } from "../testing/cluster.ts";
import { holdRelay } from "../testing/relay-server.ts";

const hostsOf = (role: string) => cluster.blueprint.hosts.filter((host) => host.role === role);

/** A relay by turn-1 to the first bridge, in use from the internet until it is let go of. */
async function heldRelay() {
  const [turn] = hostsOf("turn");
  const [bridge] = hostsOf("bridge");
  const secret = (await cluster.vault()).need(RELAY_SECRET);
  const soon = Math.floor(Date.now() / 1000) + 60;
  return holdRelay(internetCommand(cluster.lab, []), {
    server: { address: turn?.publicAddress?.ipv4 ?? "", port: 3478 },
    credential: restCredential(secret, soon, "held"),
    peer: { address: bridge?.ipv4 ?? "", port: 10_000 },
  });
}

/** Relays of a running cluster, and what must not cut them. */
export function relayTests(): void {
  describe("relays", () => {
    test("live through a whole rotation of their secret, of which no step comes before its converge", async () => {
      const held = await heldRelay();
      const first = (await cluster.vault()).need(RELAY_SECRET);
      for (const step of [1, 2, 3]) {
        const rotated = await cluster.rotate(RELAY_SECRET);
        expect(rotated.stdout).toContain(`step ${step} of 3`);
        const again = await cluster.rotate(RELAY_SECRET);
        expect(again.code, again.stdout).not.toBe(0);
        expect(again.stderr).toContain("its next step waits: control-1, monitor-1, turn-1");
        // Before the converge, too: what Prosody makes counts.
        for (const converged of [false, true]) {
          if (converged) expect((await cluster.polder("converge")).code).toBe(0);
          const { findings } = await cluster.probe("turn-login");
          expect(findings.map(({ verdict }) => verdict)).toEqual(hostsOf("turn").map(() => "pass"));
        }
        const listed = await cluster.polder("keys list");
        if (step < 3) expect(listed.stdout).toContain(`${RELAY_SECRET}: step ${step} of 3 is done`);
        else expect(listed.stdout).not.toContain(`${RELAY_SECRET}:`);
      }
      expect((await cluster.vault()).need(RELAY_SECRET)).not.toBe(first);
      await held.more(2);
      await held.close();
      expect(held.beats.filter(({ echoed, refresh }) => !echoed || refresh !== 0)).toEqual([]);
    });

    test("that refuse what Prosody issues are seen", async () => {
      await cluster.on(
        "turn-1",
        "sqlite3 /run/turnserver/turndb \"UPDATE turn_secret SET value = 'x'\"",
      );
      const { findings, code } = await cluster.probe("turn-login");
      expect(code).toBe(1);
      expect(findings.map(({ subject, verdict }) => `${subject} ${verdict}`)).toEqual([
        "turn-1 fail",
        ...hostsOf("turn")
          .slice(1)
          .map(({ id }) => `${id} pass`),
      ]);
      await cluster.on("turn-1", "systemctl reload coturn");
      expect((await cluster.probe("turn-login")).code).toBe(0);
    });

    test("restart one after the other, and Prosody last", async () => {
      const units = [
        ["turn-1", "coturn"],
        ["turn-2", "coturn"],
        ["control-1", "prosody"],
      ] as const;
      const began = (host: string, unit: string) =>
        cluster.on(host, `systemctl show -p ExecMainStartTimestampMonotonic --value ${unit}`);
      const before = await Promise.all(units.map(([host, unit]) => began(host, unit)));
      for (const [host, unit] of units)
        await cluster.on(
          host,
          `touch /etc/polder/current/etc/systemd/system/${unit}.service.d/polder.conf`,
        );
      const waits = await cluster.polder("converge");
      expect(waits.stdout.match(/pending:/g)).toHaveLength(units.length);
      const ran = await cluster.polder("converge", ["--restart"]);
      expect(ran.code, ran.stdout + ran.stderr).toBe(0);
      expect(ran.stdout).not.toContain("pending");
      const told = [...ran.stderr.matchAll(/^(\S+): restarting (\S+)\.service/gm)];
      expect(told.map(([, host, unit]) => [host, unit])).toEqual(units.map((one) => [...one]));
      // All hosts share the machine's clock.
      const after = (await Promise.all(units.map(([host, unit]) => began(host, unit)))).map(Number);
      expect(after).toEqual(after.toSorted((a, b) => a - b));
      expect(after.map(String)).not.toEqual(before.map((one) => one.trim()));
    });

    test("come after the edge: a host that it doesn't lead to yet is reached in the same run", async () => {
      const bridge = hostsOf("bridge").at(-1);
      await cluster.on(
        "edge-1",
        `sed -i 's/ ${bridge?.ipv4}:22//' /etc/polder/current/etc/ssh/sshd_config && systemctl restart ssh`,
      );
      const ran = await cluster.polder("converge");
      expect(ran.code, ran.stdout + ran.stderr).toBe(0);
      expect(ran.stdout).toContain("drift: /etc/ssh/sshd_config: edited");
      expect(ran.stdout).toContain(`${bridge?.id}: unchanged`);
    });
  });
}
