import { cidr, contains, parseCidr } from "../network/index.ts";

/**
 * Where nobody else is: this machine, private use, the ranges for benchmarks, which the lab takes its
 * own from, and those for documentation (RFC 1122, 1918, 2544, 3849, 4193, 5737).
 */
const NOBODYS = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "192.0.2.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "::1/128",
  "fc00::/7",
  "2001:db8::/32",
].map(cidr);

/** Names that no registry gives away (RFC 2606, 6761, and ICANN's `internal`). */
const RESERVED = /(^|\.)(localhost|example|invalid|test|internal)$/;

/**
 * The host of a web address that leads out of the lab, to a place where somebody could be; undefined
 * where it doesn't, and where the schema refuses the address anyway: one mistake, one line.
 */
export function publicHostOf(text: string, schemes: readonly string[]): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !schemes.includes(url.protocol) || url.username || url.password) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const address = parseCidr(`${host}/${host.includes(":") ? 128 : 32}`);
  const nobodys = address ? NOBODYS.some((range) => contains(range, address)) : RESERVED.test(host);
  return nobodys ? undefined : host;
}
