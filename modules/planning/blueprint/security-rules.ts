import { INTERNET } from "../network/index.ts";
import type { Role } from "../sizing/index.ts";
import type { Flow, Peer } from "./types.ts";

/** One line of a role's packet filter, in the shape that clouds and nftables know. */
export interface SecurityRule {
  /** Stable id: role, direction, family, protocol, port and peer. */
  readonly id: string;
  readonly role: Role;
  readonly direction: "ingress" | "egress";
  readonly family: 4 | 6;
  readonly protocol: "tcp" | "udp";
  readonly ports: readonly [number, number];
  readonly remote: { readonly role: Role } | { readonly range: string };
  /** Flows that ask for it. */
  readonly flows: readonly string[];
}

type Remote = {
  readonly family: 4 | 6;
  readonly remote: SecurityRule["remote"];
  readonly label: string;
};

function remotes(peer: Peer): Remote[] {
  const families = [4, 6] as const;
  switch (peer.kind) {
    case "role":
      return families.map((family) => ({ family, remote: { role: peer.role }, label: peer.role }));
    case "internet":
      return families.map((family) => ({
        family,
        remote: { range: INTERNET[family].text },
        label: "internet",
      }));
    case "ranges":
      return peer.ranges.map((range) => ({
        family: range.includes(":") ? 6 : 4,
        remote: { range },
        label: range.replace(/[^0-9a-f]+/g, "-").replace(/-$/, ""),
      }));
  }
}

/**
 * The packet filter of every role, from the flows: both ends of a flow between roles, one end of
 * any other. Two flows that need the same rule share it.
 */
export function securityRules(flows: readonly Flow[]): SecurityRule[] {
  const rules = new Map<string, SecurityRule>();
  const add = (flow: Flow, own: Peer, other: Peer, direction: "ingress" | "egress") => {
    if (own.kind !== "role") return;
    for (const { family, remote, label } of remotes(other)) {
      const [from, to] = flow.ports;
      const port = from === to ? `${from}` : `${from}-${to}`;
      const way = direction === "ingress" ? "from" : "to";
      const id = `${own.role}-${direction}-v${family}-${flow.protocol}-${port}-${way}-${label}`;
      const known = rules.get(id);
      rules.set(id, {
        id,
        role: own.role,
        direction,
        family,
        protocol: flow.protocol,
        ports: flow.ports,
        remote,
        flows: [...(known?.flows ?? []), flow.id],
      });
    }
  };
  for (const flow of flows) {
    add(flow, flow.to, flow.from, "ingress");
    add(flow, flow.from, flow.to, "egress");
  }
  return [...rules.values()];
}
