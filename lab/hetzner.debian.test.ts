// The real provider against the stand-in of Hetzner's API. Needs Terraform, loopback
// and a root of Debian 13; not the lab.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { access, HetznerApi, KINDS } from "../modules/hetzner-api/index.ts";
import { ROOT, terraformEnvironment } from "../stacks/environment.ts";
import { type StandIn, start } from "./hetzner/index.ts";
import { judgeRoot } from "./testing/judge-root.ts";
import { polder, program, type Ran, type TestInstance, testInstance } from "./testing/polder.ts";

const folder = mkdtempSync(join(tmpdir(), "polder-hetzner-"));
const projects = join(folder, "projects");
let standIn: StandIn;

beforeAll(async () => {
  standIn = await start({ folder: projects });
});
afterAll(async () => {
  await standIn.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A project of its own, by the token. */
const environment = (letter: string) => ({
  HCLOUD_ENDPOINT: standIn.endpoint,
  HCLOUD_TOKEN: letter.repeat(64),
});
const api = (letter: string) => new HetznerApi(access(environment(letter)));

async function polderOk(letter: string, ...args: string[]): Promise<string> {
  const ran = await polder(args, { env: environment(letter) });
  if (ran.code !== 0)
    throw new Error(`polder ${args.join(" ")} exited ${ran.code}:\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

describe("polder on Hetzner Cloud", () => {
  let instance: TestInstance;
  beforeAll(() => {
    instance = testInstance("eea-voorbeeld", "t-hetzner");
  });
  afterAll(() => instance.forget());
  const run = (...args: string[]) => polderOk("p", ...args);

  test("plan, apply, addresses, plan, apply", async () => {
    for (const step of ["plan", "apply", "addresses", "plan", "apply"])
      await run(step, instance.folder);
    const { hosts, cloud } = instance.load().blueprint;
    const servers = await api("p").list("servers");
    // biome-ignore lint/suspicious/noExplicitAny: the API's own shape
    const byName = new Map(servers.map((one: any) => [one.name, one]));
    expect([...byName.keys()].sort()).toEqual(hosts.map((h) => `t-hetzner-${h.id}`).sort());
    for (const host of hosts) {
      const one = byName.get(`t-hetzner-${host.id}`);
      expect(one.private_net.map((net: { ip: string }) => net.ip)).toEqual([host.ipv4]);
      expect(one.public_net.ipv4?.ip).toBe(host.publicAddress?.ipv4);
      expect(one.public_net.firewalls).toHaveLength(host.exposure.addressed ? 1 : 0);
      expect(one.location.name).toBe(cloud.provider === "hetzner" ? cloud.site : "");
      expect(one.protection).toEqual({ delete: host.protected, rebuild: host.protected });
    }
  });

  test("planned again, there is nothing to do, and every rule passes; a stand-in is told as one", async () => {
    const plan = await run("plan", instance.folder);
    expect(plan).toContain("t-hetzner-addresses: no changes");
    expect(plan).toContain("t-hetzner: no changes");
    expect(plan).toMatch(/policy: \d+ pass, 0 fail, 0 not-tested, 0 waived/);
    expect(plan).toMatch(/cloud-is-no-stand-in .* a stand-in on this machine, not Hetzner/);
  });

  test("after a restart of the stand-in, too", async () => {
    await standIn.close();
    standIn = await start({ folder: projects });
    expect(await run("plan", instance.folder)).toContain("t-hetzner: no changes");
  });

  test("the token is in no file of the instance and none of what was built", async () => {
    const found = await program("grep", [
      ...["-rlF", "p".repeat(64), instance.folder, join(ROOT, "build/instances/t-hetzner")],
    ]);
    expect(found.stdout).toBe("");
  });

  test("what was made by hand is named", async () => {
    const { endpoint } = standIn;
    await fetch(`${endpoint}/firewalls`, {
      method: "POST",
      headers: { authorization: `Bearer ${"p".repeat(64)}` },
      body: JSON.stringify({ name: "t-hetzner-hole" }),
    });
    const ran = await polder(["plan", instance.folder], { env: environment("p") });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(
      /cloud-holds-nothing-else +firewalls t-hetzner-hole: .*hcloud firewall delete \d+/,
    );
    const [hole] = (await api("p").list("firewalls")).filter((f) => f["name"] === "t-hetzner-hole");
    await fetch(`${endpoint}/firewalls/${hole?.["id"]}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${"p".repeat(64)}` },
    });
  });

  test("another API than the record's is refused before anything is asked", async () => {
    const ran = await polder(["plan", instance.folder], {
      env: { ...environment("p"), HCLOUD_ENDPOINT: "https://api.elsewhere.example/v1" },
    });
    expect([ran.code, ran.stderr]).toEqual([
      2,
      expect.stringMatching(/api\.elsewhere\.example is none of the names that hetzner-fsn1/),
    ]);
  });

  test("no token: one line that says where to get one", async () => {
    const ran = await polder(["plan", instance.folder], { env: { HCLOUD_TOKEN: "" } });
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/HCLOUD_TOKEN: not set/)]);
  });

  test("server types are those of the site", async () => {
    const types = await api("p").serverTypes("fsn1");
    expect(types.find(({ name }) => name === "ccx13")).toEqual({
      ...{ name: "ccx13", vcpus: 2, ramMiB: 8192 },
    });
    expect(await api("p").serverTypes("ash")).toEqual([]);
  });

  test("a TXT record for an order of certificates comes and goes", async () => {
    const zone = "t-hetzner.vergaderen.example.";
    const name = `_acme-challenge.${zone}`;
    await api("p").addText(zone, name, "one");
    const remove = await api("p").addText(zone, name, "two");
    const sets = async () =>
      (
        (await (
          await fetch(`${standIn.endpoint}/zones/${zone.slice(0, -1)}/rrsets?type=TXT`, {
            headers: { authorization: `Bearer ${"p".repeat(64)}` },
          })
        ).json()) as { rrsets: { name: string; records: { value: string }[] }[] }
      ).rrsets.filter((set) => set.name === "_acme-challenge");
    expect((await sets()).map((set) => set.records)).toEqual([[{ value: '"two"' }]]);
    await remove();
    expect(await sets()).toEqual([]);
  });

  test("decommission lifts both protections and leaves nothing", async () => {
    const ended = await run("decommission", instance.folder, "--confirm", "t-hetzner");
    expect(ended).toContain("t-hetzner is gone: the cloud's API lists nothing of it");
    for (const kind of KINDS) expect(await api("p").list(kind)).toEqual([]);
    expect(existsSync(join(instance.folder, "addresses.yaml"))).toBe(false);
  });
});

describe("an apply that is interrupted", () => {
  let instance: TestInstance;
  beforeAll(() => {
    instance = testInstance("eea-voorbeeld", "t-hz-cut");
  });
  afterAll(() => instance.forget());

  /** What the cut caught between the cloud and the state is named, with how it is deleted. */
  async function deleteWhatIsNamed(): Promise<void> {
    const { stdout } = await polder(["plan", instance.folder], { env: environment("i") });
    for (const [, kind = "", id] of stdout.matchAll(/\(hcloud (\S+) delete (\d+)\)/g))
      await fetch(`${standIn.endpoint}/${kind.replace("-", "_")}s/${id}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${"i".repeat(64)}` },
      });
  }

  test("goes on from what was made, and takes no running host away", async () => {
    for (const step of ["plan", "apply", "addresses", "plan"])
      await polderOk("i", step, instance.folder);
    let cut = false;
    const ran = await polder(["apply", instance.folder], {
      env: environment("i"),
      onLine: (line, child) => {
        if (cut || !/done, create/.test(line)) return;
        cut = true;
        child.kill("SIGINT");
      },
    });
    expect([cut, ran.code]).toEqual([true, 3]);
    const before = (await api("i").list("servers")).map(({ id }) => id);
    await deleteWhatIsNamed();
    for (const step of ["plan", "apply"]) await polderOk("i", step, instance.folder);
    expect(await polderOk("i", "plan", instance.folder)).toContain("t-hz-cut: no changes");
    const after = (await api("i").list("servers")).map(({ id }) => id);
    expect(after).toEqual(expect.arrayContaining(before));
  });
});

describe("cdktf on Hetzner Cloud", () => {
  let instance: TestInstance;
  const output = join(folder, "cdktf.out");
  beforeAll(() => {
    instance = testInstance("eea-voorbeeld", "t-hz-cdktf");
  });
  afterAll(() => instance.forget());

  async function cdktf(...args: string[]): Promise<Ran> {
    const ran = await program("node_modules/.bin/cdktf", [...args, "--output", output], {
      env: {
        ...environment("c"),
        ...terraformEnvironment(instance.load().blueprint),
        ...{ POLDER_INSTANCE: instance.folder, CI: "true", NO_COLOR: "1" },
      },
    });
    return { ...ran, stdout: ran.stdout + ran.stderr };
  }
  const deploy = (stack: string) =>
    cdktf("deploy", stack, "--auto-approve", "--skip-provider-lock");

  test("deploys the addresses, then the cluster, and diffs to nothing", async () => {
    for (const stack of ["t-hz-cdktf-addresses", "t-hz-cdktf"]) {
      const { code, stdout } = await deploy(stack);
      expect([code, stdout]).toEqual([0, expect.stringContaining("Apply complete")]);
      if (stack.endsWith("-addresses")) await polderOk("c", "addresses", instance.folder);
    }
    expect((await cdktf("diff", "t-hz-cdktf", "--skip-provider-lock")).stdout).toContain(
      "No changes",
    );
  });

  test("destroys nothing of what stands there", async () => {
    const names = async () => {
      const lists = await Promise.all(KINDS.map((kind) => api("c").list(kind)));
      return lists.map((list) => list.map(({ name }) => name));
    };
    const before = await names();
    const { code } = await cdktf(
      ...["destroy", "t-hz-cdktf", "--auto-approve", "--skip-provider-lock"],
    );
    expect(code).not.toBe(0);
    expect(await names()).toEqual(before);
    expect(before.flat().length).toBeGreaterThan(30);
  });
});

test("PyPI's hcloud creates, lists, changes and deletes through the stand-in", async () => {
  const ran = await program(join(ROOT, "build/venv/bin/python"), ["lab/testing/hcloud-client.py"], {
    env: environment("h"),
  });
  expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, "all done\n", ""]);
});

test("Debian's hcloud, Hetzner's own command, creates, lists, changes and deletes through the stand-in", async () => {
  const script = readFileSync(join(ROOT, "lab/testing/hcloud-command.sh"), "utf8");
  const ran = await program("chroot", [await judgeRoot(), "bash", "-c", script], {
    env: { ...environment("g"), HOME: "/tmp" },
  });
  expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, "all done\n", ""]);
});
