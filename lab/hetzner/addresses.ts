import { range, toText } from "./range.ts";

/** Where public addresses come from. */
export interface Pool {
  readonly ipv4: readonly string[];
  /** A /48: each server gets a /64 of it. Written without its `::/48`. */
  readonly ipv6: string;
}

/** Addresses that nobody has (RFC 5737, RFC 3849). */
export const POOL: Pool = {
  ipv4: ["203.0.113.0/24", "198.51.100.0/24"],
  ipv6: "2001:db8:f",
};

/** The first ones of a range are left to routers. */
const FIRST = 10;
/** /64s of the /48: as many as there are IPv4 addresses at most. */
const NETWORKS = 500;

function* all(type: "ipv4" | "ipv6", { ipv4, ipv6 }: Pool): Generator<string> {
  if (type === "ipv6")
    for (let n = FIRST; n < NETWORKS; n++) yield `${ipv6}:${n.toString(16)}::/64`;
  else
    for (const { first, last } of ipv4.flatMap((text) => range(text) ?? []))
      for (let address = first + FIRST; address < last; address++) yield toText(address);
}

/** The first address that nobody has yet; undefined when all are taken. */
export function firstFree(
  type: "ipv4" | "ipv6",
  pool: Pool,
  taken: ReadonlySet<string>,
): string | undefined {
  for (const address of all(type, pool)) if (!taken.has(address)) return address;
  return undefined;
}
