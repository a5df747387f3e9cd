import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judge } from "../modules/policy/index.ts";
import { loadInstance } from "../modules/workspace/index.ts";
import { connect } from "../stacks/cloud-objects.ts";
import { policyInput } from "../stacks/working-folder.ts";
import { byHand } from "./testing/by-hand.ts";
import { type FaultyProxy, faultyProxy } from "./testing/faulty-proxy.ts";
import { polder, type Ran, type TestInstance, testInstance } from "./testing/polder.ts";
import { setup } from "./testing/shared-lab.ts";

const say = (line: string) => process.stderr.write(`${line}\n`);

describe("an apply that is interrupted at every tenth call of the API, further on each time", () => {
  /** More would mean that it stands still. */
  const MOST = 40;
  let leaveLab: () => Promise<void>;
  let proxy: FaultyProxy;
  let instance: TestInstance;
  const through = (...args: string[]): Promise<Ran> => polder(args, { env: proxy.env });

  beforeAll(async () => {
    leaveLab = await setup();
    instance = testInstance("lab", "t-fout");
    proxy = await faultyProxy("t-fout");
  });
  afterAll(async () => {
    await polder(["decommission", instance.folder, "--confirm", "t-fout"]);
    instance.forget();
    await proxy.close();
    await leaveLab();
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
      else throw new Error(`${kind} should have been taken over`);
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
    const { servers } = await (await connect(blueprint)).listAll();
    expect(servers.map((server) => [server["name"], server["status"]]).sort()).toEqual(
      blueprint.hosts.map((host) => [`t-fout-${host.id}`, "ACTIVE"]).sort(),
    );
    const plan = await through("plan", instance.folder);
    expect([plan.code, plan.stdout]).toEqual([0, expect.stringMatching(/^t-fout: no changes$/m)]);
  });
});

describe("a thousand instances", () => {
  const parent = mkdtempSync(join(tmpdir(), "polder-thousand-"));
  afterAll(() => rmSync(parent, { recursive: true }));

  /** An instance of its own size: from one meeting of three to eight of thirty; some far larger. */
  function write(number: number): string {
    const name = `m-${String(number).padStart(4, "0")}`;
    const folder = join(parent, name);
    mkdirSync(folder);
    const large = number % 100 === 0;
    const simultaneous = large ? 12 : 1 + (number % 8);
    const participants = large ? 40 : 3 + ((number * 7) % 28);
    writeFileSync(
      join(folder, "instance.yaml"),
      `name: ${name}
organisation: Ministerie nummer ${number}
domain: ${name}.vergaderen.example
classification: { marking: none, tbb: 4 }
residency: lab
cloud: openstack
location: ${number % 3 === 0 ? "lab-direct" : "lab-floating"}
chat: ${number % 2 === 0 ? "on" : "off"}
demand:
  meetings:
    - { kind: overleg, simultaneous: ${simultaneous}, participants: ${participants}, cameras: all }
admins:
  - name: Sam de Vries
    user: samdevries
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICZZP6QBrHcj+rLvtQmxye1Q67Ks+C8hj2y+EEM1tjmg sam
  - name: Noor Bakker
    user: noorbakker
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDy9EfRFHEBAjWLXiguh/SCm+a+CXs9NyXW9OgB79oKf noor
adminNetworks: [198.18.64.0/30]
packages: { source: mirror, mirror: "http://198.18.64.1:3142/" }
securityContact: mailto:security@voorbeeld.example
`,
    );
    return folder;
  }

  /** Addresses as a cloud would have chosen them. */
  function allocate(folder: string): void {
    const { instance, cloud, addresses } = loadInstance(folder).blueprint;
    if (addresses.state === "allocated") return;
    const lines = addresses.missing.map((host, i) => {
      const ipv6 = cloud.publicAddresses === "direct" ? `, ipv6: "2001:db8:d1::${i + 10}"` : "";
      return `  ${host}: { id: id-${host}, ipv4: 203.0.113.${i + 10}${ipv6} }\n`;
    });
    writeFileSync(
      join(folder, "addresses.yaml"),
      `instance: ${instance}\ncloud: ${cloud.provider}\nlocation: ${cloud.location}\naddresses:\n${lines.join("")}`,
    );
  }

  test("are read, planned, synthesised and judged, each one passes", () => {
    const began = Date.now();
    let [hosts, findings, slowest] = [0, 0, 0];
    for (let number = 1; number <= 1000; number++) {
      const from = Date.now();
      const folder = write(number);
      allocate(folder);
      const loaded = loadInstance(folder);
      const found = judge(policyInput(loaded, { outdir: join(folder, "out") }), "2026-11-24");
      expect(found.filter((finding) => finding.verdict === "fail")).toEqual([]);
      hosts += loaded.blueprint.hosts.length;
      findings += found.length;
      slowest = Math.max(slowest, Date.now() - from);
      rmSync(folder, { recursive: true });
    }
    const { rss, heapUsed } = process.memoryUsage();
    const seconds = (Date.now() - began) / 1000;
    say(
      `1000 instances, ${hosts} hosts, ${findings} findings: ${seconds.toFixed(0)} s, slowest ${slowest} ms, ${Math.round(rss / 2 ** 20)} MiB (heap ${Math.round(heapUsed / 2 ** 20)} MiB)`,
    );
  });
});
