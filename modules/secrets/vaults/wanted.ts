import {
  type Blueprint,
  carries,
  type Host,
  namesBelow,
  privateAddresses,
} from "../../planning/blueprint/index.ts";
import type { Constraints, Leaf } from "./x509.ts";

/** What the instance's CA may certify: its hosts, its public names, its private addresses. */
export const constraints = (blueprint: Blueprint): Constraints => ({
  dns: [`${blueprint.instance}.internal`, blueprint.domain],
  ranges: blueprint.zones.flatMap(({ ipv4, ipv6 }) => (ipv6 ? [ipv4, ipv6] : [ipv4])),
});

/** RFC 5280 upper bound of a common name; the names that count stand in the alternative names. */
const LONGEST_NAME = 64;
const commonName = (name: string, short: string): string =>
  name.length <= LONGEST_NAME ? name : short;

/**
 * A host's certificate between hosts. On control hosts also `auth.<domain>`: bridges check the name
 * of the XMPP domain that they log in to (Smack), not the host's.
 */
export const hostLeaf = (blueprint: Blueprint, host: Host): Leaf => ({
  commonName: commonName(host.name, host.id),
  dns: [host.name, ...(carries(host, "control") ? [namesBelow(blueprint.domain).auth] : [])],
  addresses: privateAddresses(host),
  use: ["server", "client"],
});

export type PublicUse = "web" | "turn";

/** The names that a public certificate must hold. */
export const publicNames = (blueprint: Blueprint, use: PublicUse): string[] => [
  use === "web" ? blueprint.domain : namesBelow(blueprint.domain).turn,
];

/** A public name's certificate by the instance's CA: the lab's alone. */
export const publicLeaf = (blueprint: Blueprint, use: PublicUse): Leaf => {
  const dns = publicNames(blueprint, use);
  return { commonName: commonName(dns[0] as string, use), dns, addresses: [], use: ["server"] };
};

/** What admins reach a host by. */
export const sshPrincipals = (host: Host): string[] => [
  host.name,
  host.id,
  ...privateAddresses(host),
];
