import { spawn } from "node:child_process";
import { run, systemEnvironment } from "../cloud/command.ts";
import { LabError } from "../cloud/error.ts";
import type { LabNet } from "../cloud/network.ts";
import { edgeTable, internetAddresses, ranges } from "./edge.ts";
import { type Desired, edgeLinkOf, type Fabric, type Fact, fabricOf } from "./fabric.ts";
import type { Inventory, Port } from "./inventory.ts";
import { linkOf } from "./rules.ts";

// Network namespaces, links and rules as `ip` and `nft` make them. All names are of the
// hypervisor's own mount namespace: the machine sees nothing but its end of one link.

/** Runs a program that reads its standard input. */
function feed(program: string, args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], {
      stdio: ["pipe", "ignore", "pipe"],
      env: systemEnvironment,
    });
    let complaint = "";
    child.stderr.on("data", (data: Buffer) => {
      complaint += data;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) return resolve();
      reject(new LabError(`${program} ${args.join(" ")}: ${complaint.trim().slice(0, 500)}`));
    });
    // It may end before it has read all; the exit code shows that.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

const pathOf = (namespace: string) => `/run/netns/${namespace}`;
const ip = (...args: string[]) => run("ip", args);
/** The machine's own namespace, where our process is. */
const machine = "machine";
const batch = (namespace: string, lines: readonly string[], force = false) => {
  const where = namespace === machine ? [] : ["-netns", namespace];
  return feed("ip", [...where, ...(force ? ["-force"] : []), "-batch", "-"], lines.join("\n"));
};
const nft = (namespace: string, text: string) =>
  feed("nsenter", [`--net=${pathOf(namespace)}`, "nft", "--file", "-"], text);

/** Settings that each namespace must have, whatever the machine's own are. */
const settings = {
  forwarding: [
    "ipv4/ip_forward=1",
    "ipv6/conf/all/forwarding=1",
    "ipv4/conf/all/proxy_arp=1",
    "ipv6/conf/all/proxy_ndp=1",
    // A flow that began before the first look has no known direction.
    "netfilter/nf_conntrack_tcp_loose=0",
    // A scan of all ports of all addresses would fill the table with calls that nobody answers.
    "netfilter/nf_conntrack_tcp_timeout_syn_sent=5",
  ],
  plain: ["ipv4/ip_forward=0", "ipv6/conf/all/forwarding=0"],
  every: ["all", "default"].flatMap((kind) => [
    `ipv4/conf/${kind}/rp_filter=0`,
    `ipv4/conf/${kind}/send_redirects=0`,
    `ipv4/conf/${kind}/accept_redirects=0`,
    `ipv6/conf/${kind}/accept_ra=0`,
    `ipv6/conf/${kind}/accept_redirects=0`,
  ]),
};

async function tune(name: string, settings: readonly string[]): Promise<void> {
  const lines = settings.map((setting) => {
    const [path, value] = setting.split("=");
    return `echo ${value} > /proc/sys/net/${path}`;
  });
  await run("nsenter", [`--net=${pathOf(name)}`, "sh", "-ec", lines.join("\n")]);
}

async function addNamespace(name: string, kind: "forwarding" | "plain"): Promise<void> {
  await ip("netns", "add", name);
  await tune(name, [...settings.every, ...settings[kind]]);
  await batch(name, ["link set dev lo up"]);
}

/** Joins two namespaces by a pair of links. */
async function join(
  [nameA, linkA]: readonly [string, string],
  [nameB, linkB]: readonly [string, string],
): Promise<void> {
  const peer = ["peer", "name", linkB, "netns", nameB];
  await ip("link", "add", linkA, "netns", nameA, "type", "veth", ...peer);
  await batch(nameA, [`link set dev ${linkA} addrgenmode none`, `link set dev ${linkA} up`]);
  await batch(nameB, [`link set dev ${linkB} addrgenmode none`, `link set dev ${linkB} up`]);
}

/** The machine's end of the one link to the edge. Follows from the range, as the lab's own does. */
export function edgeLink(net: LabNet): string {
  return net.link.replace("polder-", "polderh");
}

const aliasStart = "polder hypervisor in ";

/** The note on the machine's end that says whose it is. */
export const aliasOf = (lab: string) => `${aliasStart}${lab}`.slice(0, 255);

/** The lab that such a note names. */
export const ownerOf = (alias: string) =>
  alias.startsWith(aliasStart) ? alias.slice(aliasStart.length) : undefined;

/** The edge, as the machine's routes name it. */
const machineHop = "169.254.1.1";

/** Makes edge, internet and the link to the machine. */
export async function makeEdge(net: LabNet, alias: string): Promise<void> {
  await addNamespace("external", "forwarding");
  await addNamespace("internet", "plain");
  await join(["external", "internet"], ["internet", "up"]);
  const link = edgeLink(net);
  await ip("link", "add", link, "type", "veth", "peer", "name", "machine", "netns", "external");
  await ip("link", "set", "dev", link, "alias", alias);
  await ip("link", "set", "dev", link, "addrgenmode", "none");
  await ip("link", "set", "dev", link, "up");
  await batch("external", [
    // A pair with nobody at its other end: not every kernel has dummy links.
    "link add nowhere type veth peer name nobody",
    "link set dev nobody up",
    "link set dev nowhere up",
    "link set dev machine addrgenmode none",
    "link set dev machine up",
    `address add ${machineHop}/32 dev machine`,
    `route add ${net.machine}/32 dev machine`,
    "address add 192.0.2.1/24 dev internet",
    "address add 2001:db8:1::1/64 dev internet nodad",
    // A router asks for its neighbours from an address of the link; without one it never asks.
    "address add fe80::1/64 dev internet nodad",
    // What nobody has still passes the edge's filter, which counts it.
    "route add default dev nowhere",
    "route add ::/0 dev nowhere",
  ]);
  await nft("external", edgeTable(net.machine));
  const { internet4, internet6 } = internetAddresses;
  const way4 = `via 192.0.2.1 src ${internet4[0]}`;
  const way6 = `via 2001:db8:1::1 src ${internet6[0]}`;
  await batch("internet", [
    ...internet4.map((one) => `address add ${one}/24 dev up`),
    ...internet6.map((one) => `address add ${one}/64 dev up nodad`),
    ...[...ranges.public4, `${net.machine}/32`].map((range) => `route add ${range} ${way4}`),
    ...ranges.public6.map((range) => `route add ${range} ${way6}`),
  ]);
}

const undo = ({ kind, text }: Fact) => {
  if (kind !== "neigh") return `${kind} del ${text.replace(/ (nodad|onlink)\b/, "")}`;
  return `neigh del ${text.replace(/ lladdr \S+/, "").replace(/ nud \S+/, "")}`;
};

/** What was last made in a namespace. */
interface Made {
  facts: ReadonlySet<string>;
  nft: string;
}

/** The fabric as it stands, and how it comes to be what it should. */
export class Network {
  private readonly made = new Map<string, Made>();
  /** Where the link of each plugged port is. */
  private readonly plugged = new Map<
    string,
    { readonly host: string; segment: string | undefined }
  >();
  private turn: Promise<unknown> = Promise.resolve();
  private readonly net: LabNet;

  constructor(net: LabNet) {
    this.net = net;
  }

  /** The machine's routes go with the address that they name: when that was away, make them anew. */
  forgetMachine(): void {
    this.made.delete(machine);
  }

  /** One change after the other. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  /** Makes a host's namespace with a link for each port: `ens3`, `ens4`, … */
  plug(host: string, ports: readonly Port[], inventory: Inventory): Promise<void> {
    return this.inTurn(async () => {
      await addNamespace(host, "plain");
      const mtus = new Map(inventory.networks.map(({ id, mtu }) => [id, mtu]));
      for (const [index, port] of ports.entries()) {
        const name = `ens${3 + index}`;
        const mtu = String(Math.min(1500, mtus.get(port.network) ?? 1500));
        const guest = ["peer", "name", name, "netns", host, "address", port.mac, "mtu", mtu];
        // It waits in the edge's namespace, down, until its segment is there.
        const link = ["link", "add", linkOf(port), "netns", "external", "mtu", mtu];
        await ip(...link, "type", "veth", ...guest);
        this.plugged.set(port.id, { host, segment: undefined });
      }
      await this.apply(inventory);
    });
  }

  /** Takes a host's namespace away, and all that led to it. */
  unplug(host: string, inventory: Inventory): Promise<void> {
    return this.inTurn(async () => {
      const links = [...this.plugged].filter(([, one]) => one.host === host);
      for (const [port] of links) this.plugged.delete(port);
      await this.apply(inventory);
      for (const [port, { segment }] of links) {
        const namespace = segment ?? "external";
        await batch(namespace, [`link del ${linkOf({ id: port })}`]).catch(() => undefined);
      }
      await ip("netns", "del", host).catch(() => undefined);
    });
  }

  /** Brings all namespaces to what the inventory says. */
  update(inventory: Inventory): Promise<void> {
    return this.inTurn(() => this.apply(inventory));
  }

  private async apply(inventory: Inventory): Promise<void> {
    const fabric = fabricOf(inventory, new Set(this.plugged.keys()));
    for (const name of fabric.segments.keys()) {
      if (this.made.has(name)) continue;
      await addNamespace(name, "forwarding");
      await join(["external", edgeLinkOf(name)], [name, "up"]);
      this.made.set(name, { facts: new Set(), nft: "" });
    }
    await this.moveLinks(inventory, fabric);
    // First the filters: no packet passes in between that the new ones wouldn't let pass.
    for (const [name, segment] of fabric.segments) await this.filter(name, segment);
    await this.filter("external", fabric.edge);
    for (const [name, segment] of fabric.segments) await this.shape(name, segment);
    await this.shape("external", fabric.edge);
    await this.shape(machine, { facts: fabric.public.map((one) => this.machineRoute(one)) });
    for (const name of this.made.keys()) {
      if (name === "external" || name === machine || fabric.segments.has(name)) continue;
      await ip("netns", "del", name);
      this.made.delete(name);
    }
  }

  /** A network may get its router, or lose it, while hosts hang on it. */
  private async moveLinks(inventory: Inventory, fabric: Fabric): Promise<void> {
    const home = new Map(
      [...fabric.segments.values()].flatMap(({ name, networks }) =>
        [...networks].map((network) => [network, name] as const),
      ),
    );
    for (const port of inventory.ports) {
      const plug = this.plugged.get(port.id);
      const segment = home.get(port.network);
      if (!plug || !segment || plug.segment === segment) continue;
      const link = linkOf(port);
      await batch(plug.segment ?? "external", [`link set dev ${link} netns ${segment}`]);
      plug.segment = segment;
      await batch(segment, [`link set dev ${link} addrgenmode none`, `link set dev ${link} up`]);
      // The kernel would keep a guest waiting for up to 0.8 s for each neighbour.
      const quick = ["ipv4", "ipv6"].map((family) => `${family}/neigh/${link}/proxy_delay=0`);
      await tune(segment, quick);
    }
  }

  private async filter(name: string, { nft: text }: Desired): Promise<void> {
    const made = this.made.get(name) ?? { facts: new Set<string>(), nft: "" };
    this.made.set(name, made);
    if (made.nft === text) return;
    await nft(name, text);
    made.nft = text;
  }

  /**
   * One address, never a range: the machine's own network may use some of the documentation's
   * addresses, too. Connections to hosts come from the machine's end of the lab's link.
   */
  private machineRoute(address: string): Fact {
    const { machine: source } = this.net;
    const way = `via ${machineHop} dev ${edgeLink(this.net)} onlink src ${source}`;
    return { kind: "route", text: `${address}/32 ${way}` };
  }

  private async shape(name: string, desired: Pick<Desired, "facts">): Promise<void> {
    const made = this.made.get(name) ?? { facts: new Set<string>(), nft: "" };
    const wanted = new Set(desired.facts.map(({ kind, text }) => `${kind} ${text}`));
    const added = desired.facts.filter(({ kind, text }) => !made.facts.has(`${kind} ${text}`));
    const gone = [...made.facts].filter((fact) => !wanted.has(fact));
    if (gone.length > 0) {
      const lines = gone.map((fact) => {
        const [kind = "", ...rest] = fact.split(" ");
        return undo({ kind: kind as Fact["kind"], text: rest.join(" ") });
      });
      // What hung on a link that is gone went with it.
      await batch(name, lines, true).catch(() => undefined);
    }
    if (added.length > 0)
      await batch(
        name,
        added.map(({ kind, text }) => `${kind} replace ${text}`),
      );
    made.facts = wanted;
  }
}
