import type { Inventory, Port, Server, Subnet } from "./inventory.ts";

/** cloud-init's NoCloud seed: what a provider hands to a guest, by file name. */
export type Seed = Readonly<Record<"meta-data" | "user-data" | "network-config", string>>;

/** A server's ports in the order of its links `ens3`, `ens4`, … */
export function portsOf(server: Server, inventory: Inventory): Port[] {
  const order = (port: Port) =>
    server.macs.includes(port.mac) ? server.macs.indexOf(port.mac) : 99;
  return inventory.ports
    .filter(({ device }) => device === server.id)
    .sort((a, b) => order(a) - order(b) || (a.id < b.id ? -1 : 1));
}

/** What lies on a guest's link, and what behind its gateway. */
const wayOf = ({ routed, cidr, version }: Subnet): NonNullable<Subnet["routed"]> =>
  routed ?? {
    prefix: Number(cidr.split("/")[1]),
    ranges: [version === 4 ? "0.0.0.0/0" : "::/0"],
  };

function linkConfig(port: Port, index: number, subnets: ReadonlyMap<string, Subnet>) {
  const known = port.addresses.flatMap(({ subnet, address }) => {
    const found = subnets.get(subnet);
    return found ? [{ address, subnet: found }] : [];
  });
  const metric = 100 * (index + 1);
  return {
    match: { macaddress: port.mac },
    addresses: known.map(({ address, subnet }) => `${address}/${wayOf(subnet).prefix}`),
    routes: known.flatMap(({ subnet }) => {
      const { gateway: via } = subnet;
      const further = (subnet.hostRoutes ?? []).map(({ destination, nexthop }) => ({
        to: destination,
        via: nexthop,
        metric,
      }));
      if (!via) return further;
      const behind = wayOf(subnet).ranges.map((to) => ({ to, via, metric }));
      // One that is in no range of the link's is listed as on it.
      return wayOf(subnet).prefix === 32
        ? [{ to: `${via}/32`, metric }, ...behind]
        : [...behind, ...further];
    }),
    nameservers: { addresses: nameservers([port], subnets) },
  };
}

function nameservers(ports: readonly Port[], subnets: ReadonlyMap<string, Subnet>): string[] {
  const all = ports.flatMap(({ addresses }) =>
    addresses.flatMap(({ subnet }) => subnets.get(subnet)?.nameservers ?? []),
  );
  return [...new Set(all)];
}

/** All files are JSON, which is YAML. */
export function seedOf(server: Server, inventory: Inventory, key: string): Seed {
  const subnets = new Map(inventory.subnets.map((subnet) => [subnet.id, subnet]));
  const ports = portsOf(server, inventory);
  const ethernets = Object.fromEntries(
    ports.map((port, index) => [`ens${3 + index}`, linkConfig(port, index, subnets)]),
  );
  return {
    "meta-data": JSON.stringify({
      "instance-id": server.id,
      "local-hostname": server.hostname,
      ...(key && { "public-keys": [key] }),
    }),
    "user-data": server.userData || "#cloud-config\n{}\n",
    "network-config": JSON.stringify({ version: 2, ethernets }),
  };
}

/** The resolver's configuration, as DHCP would leave it. */
export function resolvConf(server: Server, inventory: Inventory): string {
  const subnets = new Map(inventory.subnets.map((subnet) => [subnet.id, subnet]));
  return nameservers(portsOf(server, inventory), subnets)
    .map((one) => `nameserver ${one}\n`)
    .join("");
}
