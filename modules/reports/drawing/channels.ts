import type { Flow } from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";

/** Flows between roles on one protocol and port that are drawn as one line with branches. */
export interface Channel {
  readonly label: string;
  readonly flows: readonly Flow[];
  readonly from: readonly Role[];
  readonly to: readonly Role[];
}

/** `tcp 443`, `udp 10000-10010`. */
export const portLabel = ({ protocol, ports: [from, to] }: Flow): string =>
  `${protocol} ${from === to ? from : `${from}-${to}`}`;

/** Several labels as one: `tcp 443, 80; udp 3478`. */
export function joinLabels(flows: readonly Flow[]): string {
  const protocols = [...new Set(flows.map((flow) => flow.protocol))];
  return protocols
    .map((protocol) => {
      const labels = flows.filter((f) => f.protocol === protocol).map((f) => portLabel(f).slice(4));
      return `${protocol} ${[...new Set(labels)].join(", ")}`;
    })
    .join("; ");
}

export function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}

const roleAt = (flow: Flow, end: "from" | "to"): Role | undefined => {
  const peer = flow[end];
  return peer.kind === "role" ? peer.role : undefined;
};

/** The tracks of all flows between roles, the ones that reach least far first (drawn innermost). */
export function planChannels(flows: readonly Flow[], order: readonly Role[]): Channel[] {
  const between = flows.filter((f) => roleAt(f, "from") && roleAt(f, "to"));
  const names = (list: readonly Flow[], end: "from" | "to"): Role[] => [
    ...new Set(list.flatMap((flow) => roleAt(flow, end) ?? [])),
  ];
  const channel = (list: readonly Flow[]): Channel => ({
    label: portLabel(list[0] as Flow),
    flows: list,
    from: names(list, "from"),
    to: names(list, "to"),
  });
  const channels = groupBy(between, portLabel).flatMap((group) => {
    const own = group.filter((flow) => roleAt(flow, "from") === roleAt(flow, "to"));
    const others = group.filter((flow) => !own.includes(flow));
    // A line with one end in common reads as "one to many" or "many to one"; never both.
    const hub = names(others, "from").length <= names(others, "to").length ? "from" : "to";
    return [...own.map((flow) => [flow]), ...groupBy(others, (f) => `${roleAt(f, hub)}`)].map(
      channel,
    );
  });
  const span = ({ from, to }: Channel): number => {
    const places = [...from, ...to].map((role) => order.indexOf(role));
    return Math.max(...places) - Math.min(...places);
  };
  return channels.sort((a, b) => span(a) - span(b));
}
