import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { type Options, type StandIn, start } from "./index.ts";
import { selector } from "./query.ts";

const folder = mkdtempSync(join(tmpdir(), "stand-in-"));
const token = "t".repeat(64);
const running: StandIn[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
type Json = any;
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Json;
}
type Ask = (method: string, path: string, body?: object, as?: string) => Promise<Answer>;

let number = 0;
const ofOne = (options: Partial<Options> = {}): Options => ({
  folder: options.folder ?? join(folder, String(number++)),
  pace: { create: 0, other: 0 },
  ...options,
});

async function standIn(options: Partial<Options> = {}): Promise<Ask> {
  const { endpoint } = await started(ofOne(options));
  return async (method, path, body, as = token) => {
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${as}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      json: text === "" ? undefined : JSON.parse(text),
    };
  };
}

async function started(options: Options): Promise<StandIn> {
  const one = await start(options);
  running.push(one);
  return one;
}

const server = (name: string, more: object = {}) => ({
  name,
  server_type: "ccx13",
  image: "debian-13",
  location: "fsn1",
  ...more,
});
const closed = { public_net: { enable_ipv4: false, enable_ipv6: false } };

describe("what it refuses, by the API's own codes", () => {
  const network = { name: "n", ip_range: "10.0.0.0/16" };
  const cases: [string, (ask: Ask) => Promise<Answer>, string][] = [
    ["no token", (ask) => ask("GET", "/servers", undefined, "short"), "unauthorized"],
    ["what isn't there", (ask) => ask("GET", "/servers/7"), "not_found"],
    ["a path that it lacks", (ask) => ask("GET", "/certificates"), "not_found"],
    ["what was removed", (ask) => ask("GET", "/datacenters"), "deprecated_api_endpoint"],
    [
      "a datacenter",
      (ask) => ask("POST", "/servers", server("a", { datacenter: "fsn1-dc14" })),
      "invalid_input",
    ],
    [
      "a type that it lacks",
      (ask) => ask("POST", "/servers", server("a", { server_type: "x" })),
      "invalid_input",
    ],
    ["no host's name", (ask) => ask("POST", "/servers", server("a_b")), "invalid_input"],
    [
      "too much user_data",
      (ask) => ask("POST", "/servers", server("a", { user_data: "x".repeat(32_769) })),
      "invalid_input",
    ],
    [
      "a reserved label",
      (ask) => ask("POST", "/servers", server("a", { labels: { "hetzner.cloud/x": "1" } })),
      "invalid_input",
    ],
    [
      "a name that is taken",
      async (ask) => {
        await ask("POST", "/networks", network);
        return ask("POST", "/networks", network);
      },
      "uniqueness_error",
    ],
    [
      "a public range",
      (ask) => ask("POST", "/networks", { ...network, ip_range: "192.0.2.0/24" }),
      "invalid_input",
    ],
    [
      "a small volume",
      (ask) => ask("POST", "/volumes", { name: "v", size: 9, location: "fsn1" }),
      "invalid_input",
    ],
    [
      "what is protected",
      async (ask) => {
        const { json } = await ask("POST", "/volumes", { name: "v", size: 10, location: "fsn1" });
        await ask("POST", `/volumes/${json.volume.id}/actions/change_protection`, { delete: true });
        return ask("DELETE", `/volumes/${json.volume.id}`);
      },
      "protected",
    ],
    [
      "a firewall on a private server",
      async (ask) => {
        const { json } = await ask("POST", "/firewalls", { name: "f" });
        const firewalls = [{ firewall: json.firewall.id }];
        return ask("POST", "/servers", server("a", { ...closed, firewalls }));
      },
      "private_net_only_server",
    ],
    [
      "an address of another kind",
      async (ask) => {
        const wanted = { name: "p", type: "ipv6", location: "fsn1" };
        const { json } = await ask("POST", "/primary_ips", wanted);
        return ask("POST", "/servers", server("a", { public_net: { ipv4: json.primary_ip.id } }));
      },
      "primary_ip_version_mismatch",
    ],
    [
      "an address elsewhere",
      async (ask) => {
        const wanted = { name: "p", type: "ipv4", location: "hel1" };
        const { json } = await ask("POST", "/primary_ips", wanted);
        return ask("POST", "/servers", server("a", { public_net: { ipv4: json.primary_ip.id } }));
      },
      "primary_ip_datacenter_mismatch",
    ],
    [
      "an eleventh in a group",
      async (ask) => {
        const { json } = await ask("POST", "/placement_groups", { name: "g", type: "spread" });
        const group = { ...closed, placement_group: json.placement_group.id };
        for (let i = 0; i < 10; i++) await ask("POST", "/servers", server(`s${i}`, group));
        return ask("POST", "/servers", server("s10", group));
      },
      "placement_error",
    ],
    [
      "a private address that is taken",
      async (ask) => {
        const subnets = [{ type: "cloud", ip_range: "10.0.1.0/24", network_zone: "eu-central" }];
        const { json } = await ask("POST", "/networks", { ...network, subnets });
        const join = async (name: string) => {
          const made = await ask("POST", "/servers", server(name, closed));
          const to = { network: json.network.id, ip: "10.0.1.5" };
          return ask("POST", `/servers/${made.json.server.id}/actions/attach_to_network`, to);
        };
        await join("a");
        return join("b");
      },
      "ip_not_available",
    ],
    [
      "another size while it runs",
      async (ask) => {
        const { json } = await ask("POST", "/servers", server("a"));
        return ask("POST", `/servers/${json.server.id}/actions/change_type`, {
          server_type: "ccx23",
        });
      },
      "server_not_stopped",
    ],
    [
      "a second address of a kind",
      async (ask) => {
        const made = await ask("POST", "/servers", server("a"));
        const wanted = { name: "p", type: "ipv4", assignee_id: made.json.server.id };
        return ask("POST", "/primary_ips", wanted);
      },
      "server_has_ipv4",
    ],
    [
      "another server's address",
      async (ask) => {
        const { json } = await ask("POST", "/servers", server("a"));
        const public_net = { ipv4: json.server.public_net.ipv4.id };
        return ask("POST", "/servers", server("b", { public_net }));
      },
      "primary_ip_assigned",
    ],
    [
      "to delete an address that is in use",
      async (ask) => {
        const { json } = await ask("POST", "/servers", server("a"));
        return ask("DELETE", `/primary_ips/${json.server.public_net.ipv4.id}`);
      },
      "must_be_unassigned",
    ],
    [
      "to delete a volume that is attached",
      async (ask) => {
        const { json } = await ask("POST", "/servers", server("a"));
        const wanted = { name: "v", size: 10, server: json.server.id };
        const made = await ask("POST", "/volumes", wanted);
        return ask("DELETE", `/volumes/${made.json.volume.id}`);
      },
      "service_error",
    ],
    [
      "a firewall for a server that isn't there",
      async (ask) => {
        const { json } = await ask("POST", "/firewalls", { name: "f" });
        const apply_to = [{ type: "server", server: { id: 7 } }];
        return ask("POST", `/firewalls/${json.firewall.id}/actions/apply_to_resources`, {
          apply_to,
        });
      },
      "firewall_resource_not_found",
    ],
    [
      "to delete a firewall that a selector uses",
      async (ask) => {
        const apply_to = [{ type: "label_selector", label_selector: { selector: "a=b" } }];
        const { json } = await ask("POST", "/firewalls", { name: "f", apply_to });
        return ask("DELETE", `/firewalls/${json.firewall.id}`);
      },
      "resource_in_use",
    ],
    [
      "records of a secondary zone",
      async (ask) => {
        const primary_nameservers = [{ address: "192.0.2.1" }];
        const zone = { name: "meet.example", mode: "secondary", primary_nameservers };
        await ask("POST", "/zones", zone);
        return ask("GET", "/zones/meet.example/rrsets");
      },
      "incorrect_zone_mode",
    ],
    ["a list of all actions", (ask) => ask("GET", "/actions"), "deprecated_api_endpoint"],
    [
      "a key that is none",
      (ask) => ask("POST", "/ssh_keys", { name: "k", public_key: "ssh-rsa" }),
      "invalid_input",
    ],
    [
      "a server for a key that isn't there",
      (ask) => ask("POST", "/servers", server("a", { ssh_keys: [7] })),
      "not_found",
    ],
    [
      "a route by the network's own gateway",
      async (ask) => {
        const { json } = await ask("POST", "/networks", network);
        const route = { destination: "192.168.0.0/24", gateway: "10.0.0.0" };
        return ask("POST", `/networks/${json.network.id}/actions/add_route`, route);
      },
      "invalid_input",
    ],
    [
      "a CAA record without quotes",
      async (ask) => {
        await ask("POST", "/zones", { name: "meet.example", mode: "primary" });
        const records = [{ value: "0 issue nobody.invalid" }];
        return ask("POST", "/zones/meet.example/rrsets", { name: "@", type: "CAA", records });
      },
      "invalid_input",
    ],
  ];
  test.each(cases)("%s", async (_, act, code) => {
    const { status, json } = await act(await standIn());
    expect([status >= 400, json.error.code]).toEqual([true, code]);
  });

  test("and nothing stays of what was refused", async () => {
    const ask = await standIn();
    await ask("POST", "/servers", server("a", { placement_group: 7 }));
    expect((await ask("GET", "/servers")).json.servers).toEqual([]);
    expect((await ask("GET", "/primary_ips")).json.primary_ips).toEqual([]);
  });
});

test("an action takes its time, its object is locked meanwhile", async () => {
  const ask = await standIn({ pace: { create: 0.5, other: 0.1 } });
  const { json } = await ask("POST", "/servers", server("a"));
  expect([json.action.status, json.server.status]).toEqual(["running", "initializing"]);
  const off = `/servers/${json.server.id}/actions/poweroff`;
  expect((await ask("POST", off)).json.error.code).toBe("locked");
  const progress = async () => {
    const { action } = (await ask("GET", `/actions/${json.action.id}`)).json;
    return [action.status, action.progress];
  };
  await expect.poll(progress, { timeout: 5_000 }).toEqual(["success", 100]);
  expect((await ask("GET", `/servers/${json.server.id}`)).json.server.status).toBe("running");
  expect((await ask("POST", off)).status).toBe(201);
});

test("a stand-in that is started again knows everything, and an action that ran goes on", async () => {
  const place = join(folder, "again");
  const first = await standIn({ folder: place, pace: { create: 0.8, other: 0 } });
  const { json } = await first("POST", "/servers", server("a"));
  await running.pop()?.close();
  const second = await standIn({ folder: place });
  const got = (await second("GET", `/servers/${json.server.id}`)).json.server;
  expect([got.name, got.status, got.public_net]).toEqual([
    "a",
    "initializing",
    json.server.public_net,
  ]);
  const { json: next } = await second("POST", "/servers", server("b"));
  expect(next.server.id).toBeGreaterThan(json.action.id);
  const status = async () => (await second("GET", `/actions/${json.action.id}`)).json.action.status;
  await expect.poll(status, { timeout: 5_000 }).toBe("success");
});

test("a firewall by label selector is on each server whose labels meet it", async () => {
  const ask = await standIn();
  const apply_to = [{ type: "label_selector", label_selector: { selector: "role=edge" } }];
  const { json } = await ask("POST", "/firewalls", { name: "f", apply_to });
  const firewallsOf = async (name: string, more: object) => {
    const made = await ask("POST", "/servers", server(name, more));
    return made.json.server.public_net.firewalls.map((one: Json) => one.id);
  };
  const labels = { role: "edge" };
  expect(await firewallsOf("a", { labels })).toEqual([json.firewall.id]);
  expect(await firewallsOf("b", {})).toEqual([]);
  expect(await firewallsOf("c", { labels, ...closed })).toEqual([]);
  const [applied] = (await ask("GET", `/firewalls/${json.firewall.id}`)).json.firewall.applied_to;
  expect(applied.applied_to_resources).toHaveLength(1);
});

test("a token is a project: another sees nothing of it", async () => {
  const ask = await standIn();
  await ask("POST", "/firewalls", { name: "f" });
  expect((await ask("GET", "/firewalls", undefined, "u".repeat(64))).json.firewalls).toEqual([]);
});

test("pages: how many there are, and which is next", async () => {
  const ask = await standIn();
  for (let i = 0; i < 7; i++) await ask("POST", "/firewalls", { name: `f${i}` });
  const page = async (query: string) => (await ask("GET", `/firewalls?${query}`)).json;
  const { firewalls, meta } = await page("page=2&per_page=3");
  expect(firewalls.map((one: Json) => one.name)).toEqual(["f3", "f4", "f5"]);
  expect(meta.pagination).toEqual({
    page: 2,
    per_page: 3,
    previous_page: 1,
    next_page: 3,
    last_page: 3,
    total_entries: 7,
  });
  expect((await page("page=3&per_page=3")).meta.pagination.next_page).toBeNull();
  expect((await page("per_page=500")).meta.pagination.per_page).toBe(50);
  expect((await page("sort=name:desc&per_page=1")).firewalls[0].name).toBe("f6");
  expect((await ask("GET", "/firewalls?page=0")).json.error.code).toBe("invalid_input");
});

test.each([
  ["env=prod", true],
  ["env==prod", true],
  ["env!=prod", false],
  ["env", true],
  ["!env", false],
  ["tier", false],
  ["env in (dev, prod)", true],
  ["env notin (dev, prod)", false],
  ["env=prod,tier", false],
  ["env in (dev,prod),!tier", true],
])("label selector %s", (text, wanted) => {
  expect(selector(text)({ env: "prod" })).toBe(wanted);
});

test("a label selector that can't be read is told", async () => {
  const ask = await standIn();
  const { json } = await ask("GET", "/servers?label_selector=a%20b%20c");
  expect(json.error.details.fields[0].name).toBe("label_selector");
});

test("requests are counted, refused beyond the limit, and come back with time", async () => {
  const ask = await standIn({ limit: { requests: 3, perSecond: 0.5 } });
  const seen = [];
  for (let i = 0; i < 4; i++) seen.push(await ask("GET", "/servers"));
  expect(seen.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(seen[0]?.headers.get("ratelimit-limit")).toBe("3");
  expect(seen[3]?.headers.get("ratelimit-remaining")).toBe("0");
  expect(seen[3]?.json.error.code).toBe("rate_limit_exceeded");
  const again = async () => (await ask("GET", "/servers")).status;
  await expect.poll(again, { timeout: 5_000 }).toBe(200);
});
