import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testbed } from "../cli/testbed.ts";
import type { Listing } from "../modules/clouds/openstack-api/index.ts";
import { connect } from "../modules/clouds/openstack-api/index.ts";
import type { Api, Json } from "./cloud/api.ts";
import { defaultFolder, defaultQuota, up } from "./cloud/index.ts";
import { byHand } from "./testing/by-hand.ts";
import { type FaultyProxy, faultyProxy } from "./testing/faulty-proxy.ts";
import { polder, polderOk, type Ran, type TestInstance, testInstance } from "./testing/polder.ts";
import { complaints, expectRefusal, signalled } from "./testing/refusals.ts";

let fout: TestInstance;
let proxy: FaultyProxy;
const through = (...args: string[]): Promise<Ran> => polder(args, { env: proxy.env });

beforeAll(async () => {
  fout = testInstance("lab", "t-fout");
  proxy = await faultyProxy("t-fout");
  for (const step of ["plan", "apply", "addresses"]) await polderOk(step, fout.folder);
});
afterAll(async () => {
  await polder(["decommission", fout.folder, "--confirm", "t-fout"]);
  fout.forget();
  await proxy.close();
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
  const listing = async (): Promise<Listing> => (await connect(blueprint(), testbed)).listAll();
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
      proxy.env,
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
    const killed = await signalled(["apply", fout.folder], proxy.env, / apply \d+ s, /, [
      "SIGKILL",
    ]);
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
    const ran = await signalled(end, proxy.env, /t-fout: apply \d+ s, [1-9]/, ["SIGINT", "SIGINT"]);
    expectRefusal(ran, 3, /^t-fout: interrupted; what was made is in the state/);
    fout.edit((text) => text.replace(/simultaneous: \d+/, "simultaneous: 12"));
    expect(blueprint().addresses.state).not.toBe("allocated");
    const last = await signalled(end, proxy.env, /asking the API what is still there/, ["SIGINT"]);
    expectRefusal(last, 3, /^interrupted: run it again to go on$/);
    const gone = await through(...end);
    expect([gone.code, gone.stdout]).toEqual([0, expect.stringContaining("t-fout is gone")]);
  });
});
