import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testbed } from "../cli/testbed.ts";
import { connect } from "../modules/clouds/openstack-api/index.ts";
import { byHand } from "./testing/by-hand.ts";
import { type FaultyProxy, faultyProxy } from "./testing/faulty-proxy.ts";
import { polder, program, type Ran, type TestInstance, testInstance } from "./testing/polder.ts";

const say = (line: string) => process.stderr.write(`${line}\n`);

describe("an apply that is interrupted at every tenth call of the API, further on each time", () => {
  /** More would mean that it stands still. */
  const MOST = 40;
  let proxy: FaultyProxy;
  let instance: TestInstance;
  const through = (...args: string[]): Promise<Ran> => polder(args, { env: proxy.env });

  beforeAll(async () => {
    instance = testInstance("lab", "t-fout");
    proxy = await faultyProxy("t-fout");
  });
  afterAll(async () => {
    await polder(["decommission", instance.folder, "--confirm", "t-fout"]);
    instance.forget();
    await proxy.close();
  });

  /**
   * Plans and applies until it is done, interrupted at the 10th call, then at the 20th, the 30th:
   * always at the 10th, the same first requests would be cut for ever.
   */
  async function insist(): Promise<{ interrupts: number; byHand: number; blocked: number }> {
    const count = { interrupts: 0, byHand: 0, blocked: 0 };
    for (;;) {
      const plan = await through("plan", instance.folder);
      expect([plan.code, plan.code > 1 ? plan.stderr : ""]).toEqual([expect.any(Number), ""]);
      if (plan.code === 1) {
        count.byHand += await deleteByHand(plan.stdout);
        continue;
      }
      let calls = 0;
      const ran = await polder(["apply", instance.folder], {
        env: proxy.env,
        onStart(child) {
          proxy.onRequest = (_, { byTerraform }) => {
            if (byTerraform && ++calls === 10 * (count.interrupts + 1)) child.kill("SIGINT");
          };
        },
      });
      proxy.onRequest = undefined;
      if (ran.code === 0) return count;
      expect([ran.code, ran.stderr]).toEqual([3, expect.stringMatching(/interrupted|Error/)]);
      if (!ran.stderr.includes("interrupted")) count.blocked++;
      expect(++count.interrupts).toBeLessThan(MOST);
    }
  }

  /** What the plan says must be deleted in the cloud, because nobody else may decide that. */
  async function deleteByHand(plan: string): Promise<number> {
    const api = await byHand(instance.load().blueprint);
    const held = [...plan.matchAll(/^fail +(\S+) +(\S+) \S+: the cloud holds (\S+), /gm)];
    expect(held.length).toBeGreaterThan(0);
    for (const [line, rule, kind, id] of held) {
      expect(rule).toBe("cloud-holds-nothing-else");
      say(`  by hand: ${line}`);
      if (kind === "servers") await api.ask("compute", "DELETE", `/servers/${id}`);
      else if (kind === "securityGroups")
        await api.ask("network", "DELETE", `/v2.0/security-groups/${id}`);
      else if (kind === "volumes")
        await api.ask("volumev3", "DELETE", `/${api.projectId}/volumes/${id}`);
      else throw new Error(`${kind} should have been imported`);
    }
    return held.length;
  }

  test("goes on each time, and in the end the cloud holds what the Blueprint says", async () => {
    const addresses = await insist();
    expect((await through("addresses", instance.folder)).code).toBe(0);
    const began = Date.now();
    const cluster = await insist();
    say(
      `interrupts: ${addresses.interrupts} + ${cluster.interrupts}, runs that ended by an error: ${cluster.blocked}, deleted by hand: ${addresses.byHand + cluster.byHand}, ${Math.round((Date.now() - began) / 1000)} s`,
    );
    expect(cluster.interrupts).toBeGreaterThan(5);
    const { blueprint } = instance.load();
    const { servers } = await (await connect(blueprint, testbed)).listAll();
    expect(servers.map((server) => [server["name"], server["status"]]).sort()).toEqual(
      blueprint.hosts.map((host) => [`t-fout-${host.id}`, "ACTIVE"]).sort(),
    );
    const plan = await through("plan", instance.folder);
    expect([plan.code, plan.stdout]).toEqual([0, expect.stringMatching(/^t-fout: no changes$/m)]);
  });
});

describe("a thousand instances", () => {
  test("are read, planned, synthesised and evaluated, each one passes", async () => {
    const began = Date.now();
    const total = { hosts: 0, findings: 0, slowest: 0, rssMiB: 0 };
    // A hundred a process: cdktf keeps every token of every app until its process ends, 1 MiB for a
    // small cluster. No matter for a command about one instance, too much for a thousand.
    for (let from = 1; from <= 1000; from += 100) {
      const script = join(import.meta.dirname, "testing/evaluate-many.ts");
      const ran = await program(process.execPath, ["--import", "tsx", script, `${from}`, "100"]);
      expect([ran.code, ran.stderr]).toEqual([0, ""]);
      const part = JSON.parse(ran.stdout) as typeof total;
      total.hosts += part.hosts;
      total.findings += part.findings;
      total.slowest = Math.max(total.slowest, part.slowest);
      total.rssMiB = Math.max(total.rssMiB, part.rssMiB);
    }
    say(
      `1000 instances, ${total.hosts} hosts, ${total.findings} findings: ${Math.round((Date.now() - began) / 1000)} s, slowest ${total.slowest} ms, at most ${total.rssMiB} MiB for a hundred`,
    );
  });
});
