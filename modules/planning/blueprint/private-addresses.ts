import type { Host } from "./types.ts";

/** A host's addresses in its zone, IPv4 first: of both families, or of the one that the cloud has. */
export const privateAddresses = ({ ipv4, ipv6 }: Host): string[] =>
  ipv6 === undefined ? [ipv4] : [ipv4, ipv6];
