import { type Cidr, cidr, contains, parseCidr } from "../../planning/network/index.ts";
import { allResources } from "../document.ts";
import {
  MANAGEMENT_PORTS,
  MANAGEMENT_PORTS_READ,
  type ManagementPort,
} from "../management-ports.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import { type Opening, openingsIn, type ReadRule } from "../tuples.ts";

/** RFC 1918, RFC 6598, RFC 4193: nobody on the internet is in them, however wide they are. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"].map(
  cidr,
);

/**
 * Addresses from which a range, or all ranges to one port together, count as the internet: an IPv4 /8
 * and an IPv6 /19. Whole countries sit in less; the admin networks of an instance stay below it.
 */
const INTERNET_FROM = { 4: 1n << 24n, 6: 1n << 109n } as const;

export const noManagementFromInternet = defineRule({
  id: "no-management-from-internet",
  level: "error",
  what: "no management port is open to the internet, to ranges that together are as wide as it, or to what can't be read; no rule permits every protocol",
  why: "If anyone can reach an interface that controls meetings or hosts, one unknown flaw in it is enough for an attacker.",
  norms: ["BIO2 8.20.02"],
  looksAt: "stacks",
  check: (input) => {
    const openings = [...input.stacks.keys()].flatMap((stack) =>
      openingsIn(allResources(input).filter((r) => r.stack === stack)),
    );
    if (openings.length === 0) return [];
    const ingress = openings.filter(({ rule }) => rule.direction !== "egress");
    const fails = [
      ...openings.flatMap(everything),
      ...ingress.flatMap(unreadable),
      ...wide(ingress),
    ];
    return failsOr(
      fails,
      input.blueprint.instance,
      `${openings.length} rules read: none lets the internet to a management port (list of ${MANAGEMENT_PORTS_READ})`,
    );
  },
});

const portsOf = (rule: ReadRule) =>
  rule.protocol === "tcp" || rule.protocol === "any"
    ? MANAGEMENT_PORTS.filter(
        ({ port }) => rule.protocol === "any" || (rule.ports[0] <= port && port <= rule.ports[1]),
      )
    : [];

function everything({ resource, rule }: Opening): Observation[] {
  return rule.protocol === "any"
    ? [
        fail(
          resource.subject,
          `permits every protocol and port (${rule.direction}, ${rule.remote}): name the protocol and the ports`,
        ),
      ]
    : [];
}

function unreadable({ resource, rule }: Opening): Observation[] {
  const [port] = portsOf(rule);
  const unknown =
    rule.remote.startsWith("unreadable") ||
    (!rule.remote.startsWith("role ") && parseCidr(rule.remote) === undefined);
  return port && unknown
    ? [
        fail(
          resource.subject,
          `opens port ${port.port} (${port.what}) to ${rule.remote}: nobody can say who that is`,
        ),
      ]
    : [];
}

/** Per group and management port: all ranges together, so that cutting the internet up helps nobody. */
function wide(openings: readonly Opening[]): Observation[] {
  return MANAGEMENT_PORTS.flatMap((port) => {
    const groups = new Map<string, Opening[]>();
    for (const opening of openings.filter(({ rule }) => portsOf(rule).includes(port))) {
      groups.set(opening.group, [...(groups.get(opening.group) ?? []), opening]);
    }
    return [...groups.values()].flatMap((group) => [
      ...tooWide(group, 4, port),
      ...tooWide(group, 6, port),
    ]);
  });
}

function tooWide(group: readonly Opening[], family: 4 | 6, port: ManagementPort): Observation[] {
  const open = group.flatMap((opening) => {
    const range = parseCidr(opening.rule.remote);
    const isPublic = range && !PRIVATE.some((inner) => contains(inner, range));
    return isPublic && range.family === family ? [{ opening, range }] : [];
  });
  const alone = open.filter(({ range }) => covered([range]) >= INTERNET_FROM[family]);
  // Where one range alone is the internet, the others beside it are not to blame.
  if (alone.length > 0) return alone.map((one) => blame(one, port, "which is the internet"));
  return covered(open.map(({ range }) => range)) >= INTERNET_FROM[family]
    ? open.map((one) => blame(one, port, "with others as wide as the internet"))
    : [];
}

const blame = (
  { opening, range }: { opening: Opening; range: Cidr },
  { port, what }: ManagementPort,
  why: string,
): Observation =>
  fail(opening.resource.subject, `opens port ${port} (${what}) to ${range.text}, ${why}`);

/** How many addresses ranges hold together, counting none twice. */
function covered(ranges: readonly Cidr[]): bigint {
  let [sum, last] = [0n, -1n];
  for (const range of [...ranges].sort((a, b) =>
    a.first < b.first ? -1 : a.first > b.first ? 1 : 0,
  )) {
    const first = range.first > last ? range.first : last + 1n;
    if (range.last >= first) sum += range.last - first + 1n;
    if (range.last > last) last = range.last;
  }
  return sum;
}
