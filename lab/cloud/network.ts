import { run } from "./command.ts";
import { LabError } from "./error.ts";
import { until } from "./process.ts";

/** The two addresses between the machine and the lab, and the link that joins them. */
export interface LabNet {
  /** Four addresses in prefix notation, such as `192.0.2.0/30`. */
  readonly range: string;
  readonly machine: string;
  /** Where the APIs answer. */
  readonly lab: string;
  /** The machine's end. Its name follows from the range, so that two labs never share one. */
  readonly link: string;
}

/**
 * Ranges for documentation, for benchmarks and for private use. The first that is free on this
 * machine is taken: some machines have an address in one of them.
 */
const candidates = ["198.18.64.0/30", "198.18.64.4/30", "10.213.64.0/30"];

function toNumber(address: string): number | undefined {
  const parts = address.split(".").map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (parts.length !== 4 || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

function span(range: string): readonly [number, number] | undefined {
  const [address = "", length = "32"] = range.split("/");
  const value = toNumber(address);
  if (value === undefined || !/^\d{1,2}$/.test(length) || Number(length) > 32) return undefined;
  const size = 2 ** (32 - Number(length));
  const first = value - (value % size);
  return [first, first + size - 1];
}

/**
 * Reads a range such as `192.0.2.0/30`.
 *
 * @throws LabError (bad input) when it isn't the first address of a /30
 */
export function parseNet(range: string): LabNet {
  const [address, length] = range.split("/");
  const first = toNumber(address ?? "");
  if (first === undefined || length !== "30" || first % 4 !== 0) {
    throw new LabError(
      `POLDER_LAB_NET is "${range}", but must be the first address of a /30, such as ${candidates[0]}`,
      2,
    );
  }
  return {
    range,
    machine: toAddress(first + 1),
    lab: toAddress(first + 2),
    link: `polder-${first.toString(16).padStart(8, "0")}`,
  };
}

/** What `ip -json address` says of a link, as far as we look. */
export interface Link {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

/** What `ip -json route` says of a route, as far as we look. */
export interface Route {
  readonly dst: string;
  readonly dev?: string;
}

const aliasStart = "polder lab in ";

/** The note on the link that says whose it is. */
export function aliasOf(folder: string): string {
  return `${aliasStart}${folder}`.slice(0, 255);
}

/** The line that refuses a range or link that is taken, or undefined when both are free. */
export function conflict(
  net: LabNet,
  links: readonly Link[],
  routes: readonly Route[],
): string | undefined {
  const own = span(net.range);
  const overlaps = (range: string) => {
    const other = span(range);
    return own && other && own[0] <= other[1] && other[0] <= own[1];
  };
  const byName = links.find((link) => link.ifname === net.link);
  const byAddress = links.find((link) =>
    (link.addr_info ?? []).some(({ local, prefixlen }) => overlaps(`${local}/${prefixlen}`)),
  );
  const link = byName ?? byAddress;
  if (link) {
    const owner = link.ifalias?.startsWith(aliasStart) && link.ifalias.slice(aliasStart.length);
    const remedy = owner
      ? `of the lab in ${owner}: run \`POLDER_LAB=${owner} polder lab down\``
      : "of this machine: choose another range with POLDER_LAB_NET";
    return `${net.range} is taken by link ${link.ifname} ${remedy}`;
  }
  const route = routes.find(({ dst }) => dst !== "default" && overlaps(dst));
  return (
    route &&
    `${net.range} is taken by a route to ${route.dst} over ${route.dev ?? "nowhere"}: choose another range with POLDER_LAB_NET`
  );
}

async function listLinks(): Promise<Link[]> {
  return JSON.parse(await run("ip", ["-json", "address"])) as Link[];
}

/**
 * The range of a lab that is to start.
 *
 * @param wanted the range that it must have; without it any free one will do
 * @throws LabError when an address, a link or a route of the machine is in the way
 */
export async function freeNet(wanted: LabNet | undefined): Promise<LabNet> {
  const links = await listLinks();
  const routes = JSON.parse(await run("ip", ["-json", "-4", "route"])) as Route[];
  const nets = wanted ? [wanted] : candidates.map(parseNet);
  const lines = nets.map((net) => conflict(net, links, routes));
  const free = nets[lines.indexOf(undefined)];
  if (!free) throw new LabError(lines[0] ?? "no range is free: choose one with POLDER_LAB_NET");
  return free;
}

/** Joins the machine with the network namespace of a process. */
export async function connect(
  net: LabNet,
  pid: number,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const inside = ["--target", String(pid), "--net", "ip"];
  const ip = (...args: string[]) => run("ip", args, { signal });
  const ipInside = (...args: string[]) => run("nsenter", [...inside, ...args], { signal });
  await ip("link", "add", net.link, "type", "veth", "peer", "name", "eth0", "netns", String(pid));
  await ip("link", "set", net.link, "alias", aliasOf(folder));
  // Nothing but the lab's own IPv4 goes over this link.
  await ip("link", "set", net.link, "addrgenmode", "none");
  await ip("address", "add", `${net.machine}/30`, "dev", net.link);
  await ip("link", "set", net.link, "up");
  await ipInside("link", "set", "eth0", "addrgenmode", "none");
  await ipInside("address", "add", `${net.lab}/30`, "dev", "eth0");
  await ipInside("link", "set", "eth0", "up");
}

/**
 * Removes the links that bear the name of this lab's folder.
 *
 * @throws LabError when one is still there after 10 s
 */
export async function removeLinks(folder: string): Promise<void> {
  let refusal = "";
  const remove = (link: string) =>
    run("ip", ["link", "delete", link]).catch((error) => {
      // The kernel takes it away with the lab's namespace, too, a little later than its last process, and refuses us meanwhile.
      refusal = String(error);
    });
  const gone = async () => {
    const links = await listLinks();
    const left = links.filter(({ ifalias }) => ifalias === aliasOf(folder));
    for (const { ifname } of left) await remove(ifname);
    return left.length === 0;
  };
  if (!(await until(gone, 10))) throw new LabError(`the lab's link doesn't go: ${refusal}`);
}
