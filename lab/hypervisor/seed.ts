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

function linkConfig(port: Port, index: number, subnets: ReadonlyMap<string, Subnet>) {
  const known = port.addresses.flatMap(({ subnet, address }) => {
    const found = subnets.get(subnet);
    return found ? [{ address, subnet: found }] : [];
  });
  return {
    match: { macaddress: port.mac },
    addresses: known.map(({ address, subnet }) => `${address}/${subnet.cidr.split("/")[1]}`),
    routes: known.flatMap(({ subnet: { gateway, version } }) =>
      gateway
        ? [{ to: version === 4 ? "0.0.0.0/0" : "::/0", via: gateway, metric: 100 * (index + 1) }]
        : [],
    ),
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
    "user-data": Buffer.from(server.userData, "base64").toString() || "#cloud-config\n{}\n",
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
