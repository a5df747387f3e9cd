import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Listing } from "../modules/openstack-api/index.ts";
import { connect } from "../stacks/cloud-objects.ts";
import { ROOT } from "../stacks/environment.ts";
import { planFolder } from "../stacks/plan.ts";
import { buildFolder, stackFolder } from "../stacks/working-folder.ts";
import type { Api, Json } from "./cloud/api.ts";
import { defaultFolder, defaultQuota, labPaths, up } from "./cloud/index.ts";
import { byHand } from "./testing/by-hand.ts";
import { type FaultyProxy, faultyProxy } from "./testing/faulty-proxy.ts";
import {
  polder,
  polderOk,
  program,
  type Ran,
  type RunOptions,
  type TestInstance,
  testInstance,
} from "./testing/polder.ts";

const cli = join(ROOT, "cli/polder");
const PROGRESS =
  /: (preparing|(plan|apply) \d+ s|reading its outputs|asking the API|stopping:|still stopping|taking over)/;

/** The lines on standard error that are no progress. */
const complaints = (ran: Ran): string[] =>
  ran.stderr.split("\n").filter((line) => line !== "" && !PROGRESS.test(line));

/** What a user must see: this code and this, in one line, and never a stack trace. */
function expectRefusal(ran: Ran, code: number, line: RegExp): void {
  expect({ code: ran.code, lines: complaints(ran) }).toEqual({
    code,
    lines: [expect.stringMatching(line)],
  });
  expect(ran.stdout + ran.stderr).not.toMatch(/^\s+at |bug in polder/m);
}

/** Runs a shell script with mounts of its own, which end with it. */
const withMounts = (script: string, options?: RunOptions): Promise<Ran> =>
  program("unshare", ["--mount", "--propagation", "private", "sh", "-ec", script], options);

let fout: TestInstance;
let proxy: FaultyProxy;
const through = (...args: string[]): Promise<Ran> => polder(args, { env: proxy.env });

/** Runs `polder` through the proxy and signals it when a line of its progress fits. */
function signalled(
  args: readonly string[],
  when: RegExp,
  signals: readonly NodeJS.Signals[],
  before?: () => Promise<unknown>,
): Promise<Ran> {
  let told = false;
  return polder(args, {
    env: proxy.env,
    async onLine(line, child) {
      if (told || !when.test(line)) return;
      told = true;
      await before?.();
      for (const signal of signals) {
        child.kill(signal);
        await sleep(300);
      }
    },
  });
}

beforeAll(async () => {
  fout = testInstance("lab", "t-fout");
  proxy = await faultyProxy("t-fout");
});

afterAll(async () => {
  proxy.lift();
  await polder(["decommission", fout.folder, "--confirm", "t-fout"]);
  fout.forget();
  await proxy.close();
});

describe("refused before anything is written", () => {
  const nothingWritten = () => {
    expect(existsSync(buildFolder("t-fout"))).toBe(false);
    expect(existsSync(join(fout.folder, "state"))).toBe(false);
  };

  test("no clouds.yaml", async () => {
    const env = { OS_CLIENT_CONFIG_FILE: "/nonexistent/clouds.yaml" };
    expectRefusal(
      await polder(["plan", fout.folder], { env }),
      2,
      /^\/nonexistent\/clouds\.yaml: no clouds\.yaml: /,
    );
    nothingWritten();
  });

  test("no such entry in clouds.yaml", async () => {
    proxy.clouds((entry) => entry, "t-foot");
    const ran = await through("plan", fout.folder);
    proxy.clouds((entry) => entry);
    expectRefusal(ran, 2, /clouds\.yaml.*: no entry "t-fout"; did you mean "t-foot"\?$/);
    nothingWritten();
  });

  test("the lab is down", async () => {
    const folder = join(fout.folder, "no-lab");
    mkdirSync(join(folder, "cloud"), { recursive: true });
    cpSync(labPaths(defaultFolder()).cloudsFile, join(folder, "cloud/clouds.yaml"));
    const ran = await polder(["plan", fout.folder], { env: { POLDER_LAB: folder } });
    rmSync(folder, { recursive: true });
    expectRefusal(ran, 3, /^the lab is down: `polder lab up` first$/);
    nothingWritten();
  });

  test.each([
    [["apply"], 3, /^no plan of t-fout: run `polder plan t-fout` first$/],
    [["addresses"], 3, /^t-fout-addresses holds no addresses yet: `polder plan t-fout`/],
  ])("%s too early", async ([verb = ""], code, line) => {
    expectRefusal(await polder([verb, fout.folder]), code, line);
  });
});

describe("the machine", () => {
  const stub = (script: string): Record<string, string> => {
    const file = join(fout.folder, "stub-terraform");
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return { TERRAFORM_BINARY_NAME: file };
  };
  const plan = (env: Record<string, string>) => polder(["plan", fout.folder], { env });
  const build = () => buildFolder("t-fout");

  test("no terraform", async () => {
    expectRefusal(
      await plan({ TERRAFORM_BINARY_NAME: "no-such-terraform" }),
      3,
      /^no-such-terraform is not on the PATH: install it/,
    );
  });

  test("a terraform that is too old", async () => {
    const env = stub(`echo '{"terraform_version": "1.2.9"}'`);
    expectRefusal(await plan(env), 3, /got version "1\.2\.9", 1\.6 or newer is needed/);
  });

  test("something else that is called terraform", async () => {
    expectRefusal(
      await plan(stub("echo hello")),
      3,
      /got version "hello", 1\.6 or newer is needed/,
    );
  });

  test("a full disk", async () => {
    rmSync(build(), { recursive: true, force: true });
    mkdirSync(build(), { recursive: true });
    const ran = await withMounts(
      `mount -t tmpfs -o size=12k tmpfs ${build()}; ${cli} plan ${fout.folder}`,
    );
    expectRefusal(ran, 3, /the disk is full: make room/);
  });

  test("a build folder that may not be written", async () => {
    const ran = await withMounts(
      `mount -t tmpfs -o ro tmpfs ${build()}; ${cli} plan ${fout.folder}`,
    );
    expectRefusal(ran, 3, /read-only file system: make it writable/);
  });

  test("an instance folder that may not be written", async () => {
    const ran = await withMounts(
      `mount --bind ${fout.folder} ${fout.folder}; mount -o remount,bind,ro ${fout.folder}; ${cli} plan ${fout.folder}`,
    );
    expectRefusal(ran, 3, /read-only file system: make it writable/);
  });

  test("no provider in the mirror", async () => {
    const mirror = join(ROOT, "build/provider-mirror");
    const ran = await withMounts(
      `cp ${mirror}/terraform.rc ${fout.folder}/rc; mount -t tmpfs tmpfs ${mirror}; cp ${fout.folder}/rc ${mirror}/terraform.rc; ${cli} plan ${fout.folder}`,
    );
    expectRefusal(ran, 3, /the provider is not in the mirror: run `make providers`$/);
  });

  test("another provider than the pinned one", async () => {
    const mirror = join(ROOT, "build/provider-mirror");
    const copy = join(fout.folder, "mirror");
    cpSync(mirror, copy, { recursive: true });
    const ran = await withMounts(
      `for f in $(find ${copy} -name 'terraform-provider-*_v*' -type f); do echo >> $f; done; mount --bind ${copy} ${mirror}; ${cli} plan ${fout.folder}`,
    );
    rmSync(copy, { recursive: true });
    expectRefusal(ran, 3, /the provider is not the pinned one: run `make providers`$/);
  });
});

describe("the API, while addresses are allocated", () => {
  test("hangs in the middle of an apply: what was made is in the state", async () => {
    await polderOk("plan", fout.folder);
    proxy.fail({ path: /floatingips$/, method: "POST", times: 1, does: "hang" });
    const ran = await through("apply", fout.folder, "--timeout", "0.1");
    proxy.lift();
    expectRefusal(ran, 3, /stopped after 0\.1 minutes .*what was made is in the state/);
    expect((await through("plan", fout.folder)).stdout).toContain("t-fout-addresses: 1 to add");
  });

  test("makes an address and loses its answer", async () => {
    proxy.fail({ path: /floatingips$/, method: "POST", times: 1, does: "lose" });
    const ran = await through("apply", fout.folder);
    proxy.lift();
    expectRefusal(
      ran,
      3,
      /^t-fout-addresses: .*floatingip_v2\.\S+: .* → the cloud's API can't be reached/,
    );
  });

  test("answers 429 for a moment: it is tried again; what was made is taken over", async () => {
    // Its tags were never set: that is the change.
    expect((await through("plan", fout.folder)).stdout).toContain(
      "t-fout-addresses: 1 to take over, 0 to add, 1 to change, 0 to destroy",
    );
    const hits = proxy.fail({
      path: /tokens$|floatingips/,
      times: 3,
      does: { status: 429, retryAfter: 1 },
    });
    const ran = await through("apply", fout.folder);
    proxy.lift();
    expect([ran.code, hits()]).toEqual([0, 3]);
    expect((await through("plan", fout.folder)).stdout).toContain("t-fout-addresses: no changes");
  });

  test.each([
    [
      "500",
      { status: 500 },
      /^t-fout-addresses: .* and 3 more: .* → the cloud's API failed: try again/,
    ],
    ["503", { status: 503 }, /^t-fout-addresses: .* and 3 more: .* → the API is overloaded/],
    ["429", { status: 429 }, /^t-fout-addresses: .* and 3 more: .* → the API is overloaded/],
    [
      "no answer but a cut connection",
      "cut",
      /^t-fout-addresses: .* and 3 more: .* → the cloud's API can't be reached/,
    ],
  ] as const)("%s, for ever", async (_, does, line) => {
    proxy.fail({ path: /^\/9696/, does });
    const ran = await through("plan", fout.folder);
    proxy.lift();
    expectRefusal(ran, 3, line);
    expectRefusal(await through("apply", fout.folder), 3, /^no plan of t-fout/);
  });

  test("hangs: --timeout ends it", async () => {
    proxy.fail({ path: /^\/9696/, does: "hang" });
    const ran = await through("plan", fout.folder, "--timeout", "0.05");
    proxy.lift();
    expectRefusal(ran, 3, /stopped after 0\.05 minutes .*--timeout/);
  });

  test("gives no token: keystone's connection is cut", async () => {
    proxy.fail({ path: /^\/5000/, does: "cut" });
    const ran = await through("plan", fout.folder);
    proxy.lift();
    expectRefusal(ran, 3, /→ the cloud's API can't be reached/);
  });

  test("refuses the password, which is never printed", async () => {
    const wrong = "een-verkeerd-wachtwoord";
    proxy.clouds((entry) => ({ ...entry, auth: { ...entry.auth, password: wrong } }));
    const ran = await through("plan", fout.folder);
    proxy.clouds((entry) => entry);
    expectRefusal(
      ran,
      3,
      /→ the cloud refuses the credential: look at the entry in clouds\.yaml \(at Hetzner: at HCLOUD_TOKEN\)$/,
    );
    expect(ran.stdout + ran.stderr).not.toContain(wrong);
  });
});

describe("a plan that is no longer what was reviewed", () => {
  const plan = (file: string) => join(planFolder("t-fout"), file);
  const swap = (file: string, from: string | RegExp, to: string) => {
    const text = readFileSync(file, "latin1");
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    writeFileSync(file, changed, "latin1");
  };

  beforeAll(async () => {
    await polderOk("addresses", fout.folder);
    rmSync(join(fout.folder, "addresses.yaml"));
    await polderOk("plan", fout.folder);
  });

  test.each<[string, () => string, (file: string) => void, RegExp]>([
    [
      "its record",
      () => plan("record.json"),
      (f) => swap(f, '"add": 0', '"add": 1'),
      /the plan's record was edited/,
    ],
    [
      "its record, cut short",
      () => plan("record.json"),
      (f) => swap(f, /\n {2}"sums.*$/s, ""),
      /the plan's record was edited/,
    ],
    [
      "the plan file",
      () => plan("t-fout-addresses.tfplan"),
      (f) => swap(f, /.$/s, "x"),
      /: t-fout-addresses\.tfplan;/,
    ],
    [
      "the plan as JSON",
      () => plan("t-fout-addresses.json"),
      (f) => swap(f, "203.0.113", "203.0.114"),
      /: t-fout-addresses\.json;/,
    ],
    [
      "the findings",
      () => plan("findings.json"),
      (f) => swap(f, '"not-tested"', '"pass"'),
      /: findings\.json;/,
    ],
    [
      "the Blueprint",
      () => plan("blueprint.json"),
      (f) => swap(f, "t-fout", "t-fuot"),
      /: blueprint\.json;/,
    ],
    [
      "the Terraform JSON",
      () => join(stackFolder(buildFolder("t-fout"), "t-fout-addresses"), "cdk.tf.json"),
      (f) => swap(f, '"prevent_destroy": true', '"prevent_destroy": false'),
      /: t-fout-addresses\/cdk\.tf\.json;/,
    ],
    [
      "the instance file",
      () => join(fout.folder, "instance.yaml"),
      (f) => swap(f, "chat: off", "chat: on"),
      /: blueprint, instance\.yaml;/,
    ],
    [
      "the instance file's comments",
      () => join(fout.folder, "instance.yaml"),
      (f) => swap(f, /$/, "# more\n"),
      /: instance\.yaml;/,
    ],
  ])("%s", async (_, at, change, line) => {
    const file = at();
    const before = readFileSync(file);
    change(file);
    const ran = await polder(["apply", fout.folder]);
    writeFileSync(file, before);
    expectRefusal(ran, 3, line);
  });

  test("untouched, it is applied, once", async () => {
    await polderOk("apply", fout.folder);
    expectRefusal(await polder(["apply", fout.folder]), 3, /^no plan of t-fout/);
  });

  test("another addresses.yaml", async () => {
    await polderOk("plan", fout.folder);
    await polderOk("addresses", fout.folder);
    expectRefusal(await polder(["apply", fout.folder]), 3, /: addresses\.yaml, blueprint;/);
  });

  test("SIGINT while addresses are recorded: the file is whole or as it was", async () => {
    const file = join(fout.folder, "addresses.yaml");
    const before = readFileSync(file, "utf8");
    const ran = await polder(["addresses", fout.folder], {
      // At each line but its last word: after that Node has taken its handlers down.
      onLine: (line, child) => /interrupted/.test(line) || child.kill("SIGINT"),
    });
    expectRefusal(ran, 3, /interrupted/);
    expect(readFileSync(file, "utf8")).toBe(before);
    await polderOk("addresses", fout.folder);
  });
});

describe("a quota", () => {
  const quota = (floatingIps: number) =>
    up({
      folder: defaultFolder(),
      progress: () => {},
      projects: [{ name: "t-quota", quota: { ...defaultQuota, floatingIps } }],
    });
  let instance: TestInstance;

  beforeAll(async () => {
    instance = testInstance("lab", "t-quota");
    // None at all: neutron counts while others ask, so of six at once it may grant more than a few.
    await quota(0);
  });
  afterAll(async () => {
    await quota(defaultQuota.floatingIps);
    await polder(["decommission", instance.folder, "--confirm", "t-quota"]);
    instance.forget();
  });

  test("is used up: one line says so; raised, the next run goes on", async () => {
    await polderOk("plan", instance.folder);
    const ran = await polder(["apply", instance.folder]);
    expectRefusal(ran, 3, /^t-quota-addresses: .* → the project's quota is used up/);
    await quota(defaultQuota.floatingIps);
    expect(await polderOk("plan", instance.folder)).toMatch(/^t-quota-addresses: 6 to add/m);
    await polderOk("apply", instance.folder);
    expect(await polderOk("decommission", instance.folder, "--confirm", "t-quota")).toContain(
      "t-quota is gone",
    );
  });
});

describe("the cluster, disturbed until it stands", () => {
  const zone = "t-fout.vergaderen.example.";
  const blueprint = () => fout.load().blueprint;
  const listing = async (): Promise<Listing> => (await connect(blueprint())).listAll();
  const planOk = async (): Promise<Ran> => {
    const ran = await through("plan", fout.folder);
    expect([ran.code, complaints(ran), ran.code === 0 ? "" : ran.stdout]).toEqual([0, [], ""]);
    return ran;
  };
  let other: Api;
  let own: Api;
  /** Designate deletes in the background; until then the name is taken. */
  const giveBackZone = async (): Promise<void> => {
    for (let left = 60; left > 0; left--) {
      const zones = await other.list("dns", "/v2/zones", "zones");
      if (zones.length === 0) return;
      for (const { id, action } of zones)
        if (action !== "DELETE") await other.ask("dns", "DELETE", `/v2/zones/${id}`);
      await sleep(500);
    }
  };

  beforeAll(async () => {
    const instance = testInstance("lab", "t-quota");
    other = await byHand(instance.load().blueprint);
    own = await byHand(blueprint());
    instance.forget();
    await giveBackZone();
  });
  afterAll(() => giveBackZone());

  test("a second apply at the same time is told so; SIGINT ends the first in good order", async () => {
    await other.ask("dns", "POST", "/v2/zones", {
      name: zone,
      email: "hostmaster@voorbeeld.example",
    });
    await planOk();
    let second: Ran | undefined;
    const first = await signalled(
      ["apply", fout.folder],
      / (?:[4-9]\d|1\d\d) of \d+ done/,
      ["SIGINT"],
      async () => {
        second = await polder(["apply", fout.folder]);
      },
    );
    expectRefusal(
      second as unknown as Ran,
      3,
      /^t-fout: another polder \(process \d+\) is at work/,
    );
    expectRefusal(first, 3, /^t-fout: interrupted; what was made is in the state/);
  });

  test("a planned address is in use: the plan finds the port, nothing is applied", async () => {
    const turn = blueprint().hosts.find((host) => host.id === "turn-1");
    const subnet = (await listing()).subnets.find((s) => s["name"] === `t-fout-${turn?.zone}-ipv4`);
    const made = await own.ask("network", "POST", "/v2.0/ports", {
      port: {
        network_id: subnet?.["network_id"],
        fixed_ips: [{ subnet_id: subnet?.["id"], ip_address: turn?.ipv4 }],
      },
    });
    const ran = await through("plan", fout.folder);
    await own.ask("network", "DELETE", `/v2.0/ports/${(made["port"] as Json)["id"]}`);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain(`fail       cloud-holds-nothing-else  port ${turn?.ipv4}: `);
  });

  test("servers in ERROR, a zone that another project holds: one line each", async () => {
    const group = (await listing()).serverGroups.find((g) => g["name"] === "t-fout-turn");
    const [flavor] = await own.list("compute", "/flavors", "flavors");
    const [image] = await own.list("image", "/v2/images?name=debian-13", "images");
    const [network] = await own.list("network", "/v2.0/networks?name=direct", "networks");
    await planOk();
    // Whoever stands on every compute in their group leaves none for the TURN hosts.
    const occupants: string[] = [];
    let ran: Ran;
    try {
      for (const number of [1, 2, 3]) {
        const made = await own.ask("compute", "POST", "/servers", {
          server: {
            name: `by-hand-${number}`,
            flavorRef: flavor?.["id"],
            imageRef: image?.["id"],
            networks: [{ uuid: network?.["id"] }],
          },
          "os:scheduler_hints": { group: group?.["id"] },
        });
        const id = String((made["server"] as Json)["id"]);
        occupants.push(id);
        // One after the other: of two that are scheduled at once, both may choose the same compute.
        for (let left = 120; left > 0; left--) {
          const { server } = await own.ask("compute", "GET", `/servers/${id}`);
          if ((server as Json)["status"] === "ACTIVE") break;
          await sleep(500);
        }
      }
      ran = await through("apply", fout.folder);
    } finally {
      for (const id of occupants) await own.ask("compute", "DELETE", `/servers/${id}`);
      await giveBackZone();
    }
    expect(ran.code).toBe(3);
    expect(complaints(ran).sort()).toEqual([
      expect.stringMatching(
        /turn-\d_server_\S+, \S+turn-\d_server_\S+ .*ERROR.* → the cloud could not start a server/,
      ),
      expect.stringMatching(/dns_zone\S*: .*409.* → something with this name or address/),
    ]);
  });

  test("SIGKILL of polder: Terraform goes on to its end, the next plan waits for it", async () => {
    await planOk();
    const killed = await signalled(["apply", fout.folder], / apply \d+ s, /, ["SIGKILL"]);
    expect(killed.code).toBe(-1);
    let ran = await through("plan", fout.folder);
    // It waits for ten seconds by itself.
    for (let left = 10; ran.code !== 0 && left > 0; left--) {
      expectRefusal(
        ran,
        3,
        /^t-fout: Error acquiring the state lock: .* → another run holds the state/,
      );
      ran = await through("plan", fout.folder);
    }
    expect([ran.code, complaints(ran)]).toEqual([0, []]);
    // All that was planned was made, and all of it is in the state.
    expect(ran.stdout).toMatch(/^t-fout: no changes$/m);
  });

  test("in the end it stands: each host, and nothing else", async () => {
    const { servers } = await listing();
    expect(servers.map((s) => [s["name"], s["status"]]).sort()).toEqual(
      blueprint()
        .hosts.map((host) => [`t-fout-${host.id}`, "ACTIVE"])
        .sort(),
    );
    expect((await planOk()).stdout).toContain("t-fout: no changes");
  });

  test("a rule that is opened by hand is found, and nothing is applied before it is gone", async () => {
    const group = (await listing()).securityGroups.find((g) => g["name"] === "t-fout-control");
    const made = await own.ask("network", "POST", "/v2.0/security-group-rules", {
      security_group_rule: {
        security_group_id: group?.["id"],
        direction: "ingress",
        ethertype: "IPv4",
        protocol: "tcp",
        port_range_min: 22,
        port_range_max: 22,
        remote_ip_prefix: "0.0.0.0/0",
      },
    });
    const { id } = made["security_group_rule"] as { id: string };
    const ran = await through("plan", fout.folder);
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining(`security rule ${id}: `)]);
    expectRefusal(await through("apply", fout.folder), 1, /nothing was applied/);
    await own.ask("network", "DELETE", `/v2.0/security-group-rules/${id}`);
  });

  test("SIGINT, twice, while it is taken down; then it goes, though its demand has grown", async () => {
    const end = ["decommission", fout.folder, "--confirm", "t-fout"];
    const ran = await signalled(end, /t-fout: apply \d+ s, [1-9]/, ["SIGINT", "SIGINT"]);
    expectRefusal(ran, 3, /^t-fout: interrupted; what was made is in the state/);
    fout.edit((text) => text.replace(/simultaneous: \d+/, "simultaneous: 12"));
    expect(blueprint().addresses.state).not.toBe("allocated");
    const last = await signalled(end, /asking the API what is still there/, ["SIGINT"]);
    expectRefusal(last, 3, /^interrupted: run it again to go on$/);
    const gone = await through(...end);
    expect([gone.code, gone.stdout]).toEqual([0, expect.stringContaining("t-fout is gone")]);
  });
});
