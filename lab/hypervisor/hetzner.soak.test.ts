import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultFolder } from "../cloud/index.ts";
import { until } from "../cloud/process.ts";
import { awaitRunning, hetznerEnvironment, hypervisorStatus, inHost, inInternet } from "./index.ts";

const folder = defaultFolder();
const PROJECT = "t-hz-hosts";

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
type Json = any;

/** A customer's call of the stand-in; waits while something else is done to the object. */
async function ask(method: string, path: string, body?: object): Promise<Json> {
  const env = hetznerEnvironment(folder, PROJECT);
  for (;;) {
    const response = await fetch(`${env?.HCLOUD_ENDPOINT}/${path}`, {
      method,
      headers: { authorization: `Bearer ${env?.HCLOUD_TOKEN}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = text === "" ? undefined : JSON.parse(text);
    if (response.ok) return json;
    if (!["locked", "conflict"].includes(json.error.code)) throw new Error(`${path}: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
const send = (path: string, body: object = {}): Promise<Json> => ask("POST", path, body);

/** Takes away all that the project has. */
async function clear(): Promise<void> {
  for (const kind of ["servers", "volumes", "firewalls", "networks"])
    for (const { id } of (await ask("GET", kind))[kind]) await ask("DELETE", `${kind}/${id}`);
}

/** Answers each connection with the address that it sees. */
const SPEAKER = `
import socket
s = socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    c, a = s.accept(); c.sendall((a[0].replace("::ffff:", "") + "\\n").encode()); c.close()
`;
const USER_DATA = `#cloud-config
write_files:
  - path: /usr/local/bin/speaker
    content: |
${SPEAKER.replace(/^/gm, "      ")}
runcmd:
  - systemd-run --unit=speaker /usr/bin/python3 /usr/local/bin/speaker
`;
const CALLER = `
import socket, sys
s = socket.create_connection((sys.argv[1], 8080), 1.5); s.settimeout(1.5)
print(s.makefile().readline().strip())
`;

const heard = ({ code, stdout }: { readonly code: number; readonly stdout: string }) =>
  code === 0 ? stdout.trim() : undefined;
const callFrom = async (host: string, address: string) =>
  heard(await inHost(folder, host, ["python3", "-c", CALLER, address]));
const callFromInternet = async (address: string) =>
  heard(await inInternet(folder, ["python3", "-c", CALLER, address]));
const on = async (host: string, script: string) => {
  const ran = await inHost(folder, host, ["sh", "-ec", script]);
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout.trim();
};
const soon = (condition: () => Promise<boolean>) => until(condition, 15);

describe("servers of the stand-in of Hetzner's API", () => {
  const [OPEN, INNER] = ["hz-open", "hz-inner"] as const;
  let [open, firewall, volume] = [0, 0, 0];
  let addresses: { v4: string; v6: string };

  beforeAll(async () => {
    await clear();
    const subnets = ["10.0.0.0/24", "10.0.1.0/24"].map((ip_range) => ({
      type: "cloud",
      network_zone: "eu-central",
      ip_range,
    }));
    const { network } = await send("networks", { name: "n", ip_range: "10.0.0.0/23", subnets });
    const rules = [{ direction: "in", protocol: "icmp", source_ips: ["0.0.0.0/0"] }];
    firewall = (await send("firewalls", { name: "f", rules })).firewall.id;
    const shape = {
      server_type: "ccx13",
      image: "debian-13",
      location: "fsn1",
      user_data: USER_DATA,
    };
    const closed = { enable_ipv4: false, enable_ipv6: false };
    const stopped = { ...shape, start_after_create: false };
    const made = await send("servers", { ...stopped, name: OPEN, firewalls: [{ firewall }] });
    open = made.server.id;
    const { ipv4, ipv6 } = made.server.public_net;
    addresses = { v4: ipv4.ip, v6: ipv6.ip.replace("::/64", "::1") };
    const inner = (await send("servers", { ...stopped, name: INNER, public_net: closed })).server
      .id;
    volume = (await send("volumes", { name: "v", size: 10, server: open, location: "fsn1" })).volume
      .id;
    for (const [id, ip] of [
      [open, "10.0.0.5"],
      [inner, "10.0.1.6"],
    ]) {
      await send(`servers/${id}/actions/attach_to_network`, { network: network.id, ip });
      await send(`servers/${id}/actions/poweron`);
    }
    await awaitRunning(folder, [OPEN, INNER], 120);
    await soon(async () => (await callFrom(OPEN, "127.0.0.1")) !== undefined);
  }, 180_000);
  afterAll(clear, 60_000);

  it("boot at exactly their addresses, each alone on its link, with the volume by the API's name", async () => {
    const found = hypervisorStatus({ folder }).hosts.find(({ name }) => name === OPEN);
    expect(found).toMatchObject({ state: "running", reason: "", project: PROJECT });
    expect(found?.addresses).toEqual([addresses.v4, addresses.v6, "10.0.0.5"]);
    const own = await on(
      OPEN,
      "ip -o address show scope global | sed 's/.*inet6* \\([^ ]*\\).*/\\1/'",
    );
    expect(own.split("\n").sort()).toEqual(
      [`${addresses.v4}/32`, "10.0.0.5/32", `${addresses.v6}/64`].sort(),
    );
    expect(await on(INNER, "ip route")).toMatch(/^10\.0\.0\.0\/23 via 10\.0\.0\.1 /m);
    expect(await on(INNER, "ip route")).not.toContain("default");
    const disk = `/dev/disk/by-id/scsi-0HC_Volume_${volume}`;
    expect(await on(OPEN, `blockdev --getsize64 ${disk}`)).toBe(String(10 * 2 ** 30));
    expect(await on(OPEN, "hostname; systemctl is-system-running")).toBe(`${OPEN}\nrunning`);
  });

  it("have a firewall for public traffic alone: inside the network nothing is filtered", async () => {
    expect(await callFromInternet(addresses.v4)).toBeUndefined();
    expect(await callFromInternet(addresses.v6)).toBeUndefined();
    expect(await callFrom(INNER, "10.0.0.5")).toBe("10.0.1.6");
    expect(await callFrom(OPEN, "10.0.1.6")).toBe("10.0.0.5");
    // From the private network to the public address there is no way.
    expect(await callFrom(INNER, addresses.v4)).toBeUndefined();
  });

  it("follow a change of the firewall's rules, IPv4 and IPv6 apart", async () => {
    const web = { direction: "in", protocol: "tcp", port: "8080" };
    const set = (source_ips: string[]) =>
      send(`firewalls/${firewall}/actions/set_rules`, { rules: [{ ...web, source_ips }] });
    const states = async () => [
      (await callFromInternet(addresses.v4)) !== undefined,
      (await callFromInternet(addresses.v6)) !== undefined,
    ];
    const become = (v4: boolean, v6: boolean) =>
      soon(async () => String(await states()) === String([v4, v6]));
    await set(["0.0.0.0/0"]);
    expect(await become(true, false)).toBe(true);
    await set(["::/0"]);
    expect(await become(false, true)).toBe(true);
    await set(["198.51.100.0/24"]);
    expect(await become(false, false)).toBe(true);
  });

  it("are turned off and on by the API, and tell it when they do so by themselves", async () => {
    const status = async () => (await ask("GET", `servers/${open}`)).server.status;
    const state = () => hypervisorStatus({ folder }).hosts.find(({ name }) => name === OPEN)?.state;
    await on(OPEN, "echo kept >/root/kept; systemctl --no-block poweroff");
    expect(await soon(async () => state() === "stopped" && (await status()) === "off")).toBe(true);
    await send(`servers/${open}/actions/poweron`);
    await soon(async () => state() === "booting");
    await awaitRunning(folder, [OPEN], 60);
    const boot = () =>
      on(OPEN, "cat /root/kept; systemctl show -P UserspaceTimestampMonotonic; stat -c %W /run");
    const before = await boot();
    expect(before).toMatch(/^kept/);
    await send(`servers/${open}/actions/reboot`);
    await soon(async () => state() === "booting");
    await awaitRunning(folder, [OPEN], 60);
    expect(await boot()).not.toBe(before);
  });
});
