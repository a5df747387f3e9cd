import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../cloud/command.ts";
import { defaultFolder, labPaths } from "../cloud/index.ts";
import { until } from "../cloud/process.ts";
import { lastNet } from "../cloud/state.ts";
import {
  awaitRunning,
  edgeCounters,
  hostCommand,
  hypervisorPaths,
  hypervisorStatus,
  inHost,
  inInternet,
  internetCommand,
  internetNamespace,
} from "./index.ts";
import { type Machine, Member } from "./testing.ts";

const folder = defaultFolder();
const keys = mkdtempSync(join(tmpdir(), "polder-hypervisor-"));
const key = join(keys, "key");

/** Answers each connection with the address that it sees, and goes on talking. */
const speaker = `
import socket, threading, time
s = socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
def talk(c, a):
    try:
        c.sendall((a[0].replace("::ffff:", "") + "\\n").encode())
        while True:
            c.sendall(b"."); time.sleep(0.1)
    except OSError:
        pass
while True:
    threading.Thread(target=talk, args=s.accept(), daemon=True).start()
`;

const userData = () => `#cloud-config
users:
  - name: tester
    shell: /bin/bash
    lock_passwd: true
    ssh_authorized_keys: ["${readFileSync(`${key}.pub`, "utf8").trim()}"]
write_files:
  - path: /usr/local/bin/speaker
    content: |
${speaker.replace(/^/gm, "      ")}
  - path: /etc/systemd/system/speaker.service
    content: |
      [Service]
      ExecStart=/usr/bin/python3 /usr/local/bin/speaker
      [Install]
      WantedBy=multi-user.target
runcmd:
  - systemctl enable --now speaker
`;

/** Connects and reads one line; ends at once. */
const caller = `
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 1.5)
s.settimeout(1.5)
print(s.makefile().readline().strip(".\\n"))
`;
const callerInNode = `
const [, host, port] = process.argv;
const socket = require("node:net").connect({ host, port });
socket.setTimeout(1500, () => process.exit(1));
socket.on("error", () => process.exit(1));
socket.on("data", (data) => { console.log(String(data).split("\\n")[0]); process.exit(0); });
`;

/** Sends three UDP packets to 10.77.0.11:9999 from any MAC and any address: word, MAC, address. */
const frame = `
import socket, struct, subprocess, sys, time
word, mac, address = sys.argv[1:]
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); probe.sendto(b"", ("10.77.0.11", 9)); time.sleep(0.3)
near = subprocess.check_output(["ip", "neigh", "show", "10.77.0.11"], text=True).split()
raw = lambda text: bytes.fromhex(text.replace(":", ""))
data = word.encode()
udp = struct.pack("!HHHH", 5555, 9999, 8 + len(data), 0) + data
head = lambda sum: struct.pack("!BBHHHBBH4s4s", 69, 0, 20 + len(udp), 0, 0, 64, 17, sum, socket.inet_aton(address), socket.inet_aton("10.77.0.11"))
total = sum(struct.unpack("!10H", head(0)))
while total >> 16: total = (total & 0xffff) + (total >> 16)
packet = raw(near[near.index("lladdr") + 1]) + raw(mac) + b"\\x08\\x00" + head(~total & 0xffff) + udp
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); link.bind(("ens3", 0))
for _ in range(3): link.send(packet)
`;

/** What a host hears when it calls; undefined when nobody answers. */
async function call(from: Machine, address: string, port = 8080): Promise<string | undefined> {
  const argv = ["python3", "-c", caller, address, String(port)];
  const { code, stdout } = await inHost(folder, from.id, argv);
  return code === 0 ? stdout.trim() : undefined;
}

async function callFromInternet(address: string): Promise<string | undefined> {
  const argv = [process.execPath, "-e", callerInNode, address, "8080"];
  const { code, stdout } = await inInternet(folder, argv);
  return code === 0 ? stdout.trim() : undefined;
}

/**
 * Whether it comes to be so. On an idle machine a changed rule acts within 2 s; no test checks that,
 * for this one may be busy.
 */
const soon = (condition: () => Promise<boolean>) => until(condition, 12);

async function inside(host: Machine, script: string): Promise<string> {
  const { code, stdout, stderr } = await inHost(folder, host.id, ["sh", "-ec", script]);
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`);
  return stdout.trim();
}

const web = { protocol: "tcp", port_range_min: 8080, port_range_max: 8080 };

describe("the lab's hypervisor", () => {
  let een: Member;
  let twee: Member;
  let [a, b, direct, other] = [] as unknown as [Machine, Machine, Machine, Machine];
  let groups: { a: string; b: string; direct: string; other: string };
  let floating: string;
  let addresses: { direct4: string; direct6: string };
  let volume: string;

  beforeAll(async () => {
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    een = await Member.open(folder, "t-hyp-een");
    twee = await Member.open(folder, "t-hyp-twee");
    await Promise.all([een.clear(), twee.clear()]);
    const net = await een.network(["10.77.0.0/24", "fd00:77::/64"]);
    const [v4 = "", v6 = ""] = net.subnets;
    groups = {
      a: await een.group("a"),
      b: await een.group("b"),
      direct: await een.group("direct"),
      other: await twee.group("other"),
    };
    const at = (number: number) => [
      { subnet_id: v4, ip_address: `10.77.0.${number}` },
      { subnet_id: v6, ip_address: `fd00:77::${number}` },
    ];
    const data = userData();
    a = await een.server("hyp-a", await een.port(net.id, groups.a, at(10)), data);
    b = await een.server("hyp-b", await een.port(net.id, groups.b, at(11)), data);
    const directPort = await een.port(await een.networkId("direct"), groups.direct);
    const fixed = directPort["fixed_ips"] as { readonly ip_address: string }[];
    const of = (v6: boolean) =>
      fixed.map(({ ip_address }) => ip_address).find((one) => one.includes(":") === v6) ?? "";
    addresses = { direct4: of(false), direct6: of(true) };
    direct = await een.server("hyp-direct", directPort, data);
    const twin = await twee.network(["10.77.0.0/24"]);
    const there = [{ subnet_id: twin.subnets[0], ip_address: "10.77.0.12" }];
    other = await twee.server("hyp-other", await twee.port(twin.id, groups.other, there), data);
    floating = await een.floating(a.port);
    await Promise.all(
      ["ingress", "egress"].map((way) => twee.allow(groups.other, way as "egress")),
    );
    await awaitRunning(folder, [a.id, b.id, direct.id, other.id], 90);
    volume = await een.volume(a);
  }, 180_000);

  afterAll(async () => {
    await Promise.all([een.clear(), twee.clear()]);
    rmSync(keys, { recursive: true });
  });

  it("boots each server at exactly its addresses, with its MAC and its name", async () => {
    const { hosts } = hypervisorStatus({ folder });
    const found = hosts.find(({ id }) => id === a.id);
    expect(found).toMatchObject({ state: "running", reason: "", project: "t-hyp-een" });
    expect(found?.addresses).toEqual(["10.77.0.10", "fd00:77::10", floating]);
    const links = JSON.parse(await inside(a, "ip -json address show dev ens3")) as {
      readonly addr_info: readonly { readonly local: string; readonly scope: string }[];
    }[];
    const own = links[0]?.addr_info.filter(({ scope }) => scope === "global");
    expect(own?.map(({ local }) => local).sort()).toEqual(["10.77.0.10", "fd00:77::10"]);
    expect(await inside(a, "hostname")).toBe("hyp-a");
    expect(await inside(a, "systemctl is-system-running")).toBe("running");
    expect(await inside(direct, "ip address")).toContain(`${addresses.direct6}/64`);
  });

  it("lets a user of user_data in by ssh, from the machine's end of the link", async () => {
    const quiet = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    const ssh = (command: string) =>
      run("ssh", ["-i", key, ...quiet, "-o", "ConnectTimeout=3", `tester@${floating}`, command]);
    await expect(ssh("true")).rejects.toThrow(/timed out/);
    const machine = lastNet(labPaths(folder))?.machine ?? "";
    const door = { protocol: "tcp", port_range_min: 22, port_range_max: 22 };
    const rule = await een.allow(groups.a, "ingress", {
      ...door,
      remote_ip_prefix: `${machine}/32`,
    });
    expect(
      await soon(() =>
        ssh("true").then(
          () => true,
          () => false,
        ),
      ),
    ).toBe(true);
    expect((await ssh("echo $SSH_CONNECTION")).split(" ")[0]).toBe(machine);
    await een.revoke(rule);
  });

  it("filters between neighbours in both directions; a rule acts soon, both ways", async () => {
    expect(await call(a, "10.77.0.11")).toBeUndefined();
    const out = await een.allow(groups.a, "egress", web);
    await sleep(2000);
    expect(await call(a, "10.77.0.11")).toBeUndefined();
    const into = await een.allow(groups.b, "ingress", { ...web, remote_group_id: groups.a });
    expect(await soon(async () => (await call(a, "10.77.0.11")) === "10.77.0.10")).toBe(true);
    // A group's members, not every neighbour.
    expect(await call(b, "10.77.0.10")).toBeUndefined();
    await een.revoke(out);
    expect(await soon(async () => (await call(a, "10.77.0.11")) === undefined)).toBe(true);
    const again = await een.allow(groups.a, "egress", web);
    expect(await soon(async () => (await call(a, "10.77.0.11")) !== undefined)).toBe(true);
    await een.revoke(into);
    expect(await soon(async () => (await call(a, "10.77.0.11")) === undefined)).toBe(true);
    await een.revoke(again);
  });

  it("filters IPv6 as it does IPv4", async () => {
    expect(await call(a, "fd00:77::11")).toBeUndefined();
    const out = await een.allow(groups.a, "egress", web, "IPv6");
    const into = await een.allow(
      groups.b,
      "ingress",
      { ...web, remote_ip_prefix: "fd00:77::/64" },
      "IPv6",
    );
    expect(await soon(async () => (await call(a, "fd00:77::11")) === "fd00:77::10")).toBe(true);
    expect(await call(a, "10.77.0.11")).toBeUndefined();
    await Promise.all([een.revoke(out), een.revoke(into)]);
  });

  it("cuts an established flow when its rule is gone, on either side", async () => {
    for (const side of ["egress", "ingress"] as const) {
      const rules = {
        egress: await een.allow(groups.a, "egress", web),
        ingress: await een.allow(groups.b, "ingress", web),
      };
      expect(await soon(async () => (await call(a, "10.77.0.11")) !== undefined)).toBe(true);
      const [program = "", ...args] = hostCommand(folder, a.id, [
        "python3",
        "-uc",
        "import socket\ns = socket.create_connection(('10.77.0.11', 8080))\nwhile True: print(len(s.recv(100)))",
      ]);
      let heard = 0;
      const listener = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
      listener.stdout.on("data", () => {
        heard = performance.now();
      });
      expect(await until(() => heard > 0, 3)).toBe(true);
      await een.revoke(rules[side]);
      // It spoke ten times a second.
      expect(await soon(async () => performance.now() - heard > 1000)).toBe(true);
      listener.kill("SIGKILL");
      await een.revoke(rules[side === "egress" ? "ingress" : "egress"]);
    }
  });

  it("holds egress outside: root with its own firewall flushed gets no further", async () => {
    const into = await een.allow(groups.b, "ingress", web);
    await inside(a, "nft flush ruleset");
    await sleep(1000);
    expect(await call(a, "10.77.0.11")).toBeUndefined();
    const out = await een.allow(groups.a, "egress", web);
    expect(await soon(async () => (await call(a, "10.77.0.11")) !== undefined)).toBe(true);
    await Promise.all([een.revoke(into), een.revoke(out)]);
  });

  it("drops what comes from an address or a MAC that isn't the port's", async () => {
    const rules = [
      await een.allow(groups.a, "egress", { protocol: "udp" }),
      await een.allow(groups.b, "ingress", { protocol: "udp" }),
    ];
    const own = "10.77.0.10";
    const listen =
      "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('0.0.0.0', 9999))\nwhile True: print(s.recvfrom(99)[0].decode())";
    const [program = "", ...args] = hostCommand(folder, b.id, ["python3", "-uc", listen]);
    const listener = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let heard = "";
    listener.stdout.on("data", (data: Buffer) => {
      heard += data;
    });
    await sleep(500);
    const mac = await inside(a, "cat /sys/class/net/ens3/address");
    const send = (word: string, from: { readonly mac?: string; readonly address?: string }) =>
      inHost(folder, a.id, ["python3", "-c", frame, word, from.mac ?? mac, from.address ?? own]);
    const sent = async () => {
      expect(await send("own", {})).toMatchObject({ code: 0 });
      return heard.includes("own");
    };
    expect(await soon(sent)).toBe(true);
    await send("address", { address: "10.77.0.99" });
    await send("mac", { mac: "02:00:00:00:00:99" });
    await send("again", {});
    expect(await until(() => heard.includes("again"), 3)).toBe(true);
    listener.kill("SIGKILL");
    expect([...new Set(heard.trim().split("\n"))]).toEqual(["own", "again"]);
    await Promise.all(rules.map((rule) => een.revoke(rule)));
  });

  it("keeps projects with the same range apart", async () => {
    const rules = [await een.allow(groups.a, "egress"), await een.allow(groups.b, "ingress")];
    // Somebody answers at .11 here, and at .12 only there.
    expect(await soon(async () => (await call(a, "10.77.0.11")) !== undefined)).toBe(true);
    expect(await call(a, "10.77.0.12")).toBeUndefined();
    expect(await call(other, "10.77.0.12")).toBe("10.77.0.12");
    expect(await call(other, "10.77.0.11")).toBeUndefined();
    expect(await call(other, "10.77.0.10")).toBeUndefined();
    await Promise.all(rules.map((rule) => een.revoke(rule)));
  });

  it("translates floating addresses, and lets the others out by their router", async () => {
    expect(await callFromInternet(floating)).toBeUndefined();
    const rules = [
      await een.allow(groups.a, "ingress", { ...web, remote_ip_prefix: "192.0.2.0/24" }),
    ];
    expect(await soon(async () => (await callFromInternet(floating)) === "192.0.2.10")).toBe(true);
    const [program = "", ...args] = internetCommand(folder, [
      process.execPath,
      "-e",
      "require('node:net').createServer((s) => s.end(s.remoteAddress + '\\n')).listen(8080, '192.0.2.11')",
    ]);
    const server = spawn(program, args, { stdio: "inherit" });
    rules.push(await een.allow(groups.a, "egress", web), await een.allow(groups.b, "egress", web));
    expect(await soon(async () => (await call(a, "192.0.2.11")) === floating)).toBe(true);
    expect(await call(b, "192.0.2.11")).toMatch(/^203\.0\.113\.\d+$/);
    expect(await call(b, "192.0.2.11")).not.toBe(floating);
    server.kill();
    await Promise.all(rules.map((rule) => een.revoke(rule)));
  });

  it("keeps the internet in a network namespace of its own", async () => {
    const look = ["nsenter", `--net=${internetNamespace(folder)}`, "ip", "-brief", "address"];
    expect(await run(look[0] ?? "", look.slice(1))).toContain("192.0.2.10/24");
  });

  it("brings direct addresses of both families, and no private one, to the internet", async () => {
    const rules = [
      await een.allow(groups.direct, "ingress", web),
      await een.allow(groups.direct, "ingress", web, "IPv6"),
      await een.allow(groups.a, "ingress", web),
    ];
    expect(
      await soon(async () => (await callFromInternet(addresses.direct6)) === "2001:db8:1::10"),
    ).toBe(true);
    expect(await callFromInternet(addresses.direct4)).toBe("192.0.2.10");
    expect(await callFromInternet("10.77.0.10")).toBeUndefined();
    await Promise.all(rules.map((rule) => een.revoke(rule)));
  });

  it("counts at the edge whoever a host tries to reach beyond the lab", async () => {
    const rules = [await een.allow(groups.a, "egress")];
    const tried = async () =>
      (await edgeCounters(folder)).refused.filter(({ from }) => from === floating);
    expect(await tried()).toEqual([]);
    const counted = async () => {
      expect(await call(a, "192.88.99.7", 443)).toBeUndefined();
      return (await tried()).length > 0;
    };
    expect(await soon(counted)).toBe(true);
    expect(await tried()).toMatchObject([{ from: floating, to: "192.88.99.7" }]);
    await Promise.all(rules.map((rule) => een.revoke(rule)));
  });

  it("serves Debian's packages, the lab's names and the time, and nothing else", async () => {
    const machine = lastNet(labPaths(folder))?.machine ?? "";
    const rule = await een.allow(groups.a, "egress");
    const get = (path: string, host: string) =>
      inHost(folder, a.id, [
        "python3",
        "-c",
        `import http.client as h, sys
c = h.HTTPConnection("${machine}", 3142, timeout=20); c.request("GET", sys.argv[1], headers={"Host": sys.argv[2]})
print(c.getresponse().status)`,
        path,
        host,
      ]);
    const own = `${machine}:3142`;
    const release = () => get("/debian/dists/trixie/InRelease", own);
    expect(await soon(async () => (await release()).stdout.trim() === "200")).toBe(true);
    expect((await get("http://example.org/", "example.org")).stdout.trim()).toBe("403");
    const log = readFileSync(
      join(hypervisorPaths(folder).serviceLogs, "apt-proxy", "apt-cacher.log"),
      "utf8",
    );
    expect(log).toContain(`|${floating}|`);
    expect((await inHost(folder, a.id, ["getent", "hosts", "example.org"])).code).not.toBe(0);
    expect(await call(a, machine, 22)).toBeUndefined();
    await een.revoke(rule);
  });

  it("keeps a volume's and the disk's data over reboots from outside and from inside", async () => {
    const disk = `/dev/disk/by-id/virtio-${volume.slice(0, 20)}`;
    const there = async () => (await inHost(folder, a.id, ["test", "-b", disk])).code === 0;
    expect(await until(there, 10)).toBe(true);
    await inside(
      a,
      `mkfs.ext4 -q ${disk}; mkdir -p /data
       echo "UUID=$(blkid -p -o value -s UUID ${disk}) /data ext4 defaults,nofail 0 2" >>/etc/fstab
       mount /data; echo kept >/data/file; echo kept >/root/file; sync`,
    );
    const boot = () => inside(a, "stat -c %Y /run/cloud-init/result.json").catch(() => "");
    const reboots = [
      () => een.act(a, { reboot: { type: "SOFT" } }),
      () => inside(a, "systemctl --no-block reboot"),
    ];
    for (const reboot of reboots) {
      const before = await boot();
      await reboot();
      expect(await until(async () => !["", before].includes(await boot()), 30)).toBe(true);
      await awaitRunning(folder, [a.id], 30);
      expect(await inside(a, "cat /data/file /root/file")).toBe("kept\nkept");
    }
  });

  it("may set its own network's settings, and no others", async () => {
    const writable = (name: string) =>
      inside(a, `test -w /proc/sys/${name} && echo yes || echo no`);
    expect(await writable("net/ipv4/conf/all/send_redirects")).toBe("yes");
    expect(await writable("kernel/sysrq")).toBe("no");
    expect(await inside(a, "systemctl is-active systemd-sysctl")).toBe("active");
  });

  it("gives a full disk when it is full", async () => {
    const { code, stderr } = await inHost(folder, b.id, [
      "sh",
      "-c",
      "fallocate -l 11G /root/big; code=$?; rm -f /root/big; exit $code",
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toContain("No space left on device");
  });

  it("stops with the server, starts with it, and tells nova of a poweroff inside", async () => {
    const state = () => hypervisorStatus({ folder }).hosts.find(({ id }) => id === b.id)?.state;
    await een.act(b, { "os-stop": null });
    expect(await until(() => state() === "stopped", 40)).toBe(true);
    await een.act(b, { "os-start": null });
    await until(() => state() !== "stopped", 10);
    await awaitRunning(folder, [b.id], 30);
    await inside(b, "systemctl --no-block poweroff");
    expect(await until(async () => (await een.status(b)) === "SHUTOFF", 40)).toBe(true);
  });

  it("is gone when the server is gone", async () => {
    const disk = join(hypervisorPaths(folder).servers, direct.id);
    expect(existsSync(disk)).toBe(true);
    await een.remove(direct);
    const gone = () => !hypervisorStatus({ folder }).hosts.some(({ id }) => id === direct.id);
    expect(await until(() => gone() && !existsSync(disk), 15)).toBe(true);
    expect(await callFromInternet(addresses.direct6)).toBeUndefined();
  });
});
