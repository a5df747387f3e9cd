import { type Figures, figureOf, type Sizing } from "../../planning/sizing/index.ts";
import { item, OURS, portText, type SpecItem, type SpecSheet } from "./spec-items.ts";
import type { InternetLine } from "./spec-traffic.ts";

/** What the network of some servers is specified from. */
export interface Rack {
  readonly servers: number;
  readonly portGigabits: number;
  readonly line: InternetLine;
}

/** Data switches, management switches and routers of any way that isn't a rented cloud. */
export const NETWORK_UNITS = { switches: 2, managementSwitches: 1, routers: 2, lines: 2 } as const;

/** Ports of the management switch beside the servers': switches, routers, and two strips of power sockets. */
const MANAGED = NETWORK_UNITS.switches + NETWORK_UNITS.routers + 2;

export const managementPorts = (servers: number): number => servers + MANAGED;

const SIZES_OF_SWITCH = [24, 48];

const switchSize = (ports: number): string => {
  const size = SIZES_OF_SWITCH.find((one) => one >= ports);
  return size === undefined
    ? `${ports} ports or more, on as many switches in pairs as that takes`
    : `${size} ports or more (${ports} are used)`;
};

const sourced = (kind: string): SpecItem[] => [
  item("height", "1 rack unit, rails included", `${kind} of this size is no larger`),
  item("power supplies", "2, hot-plug, each enough alone, on two feeds", "one feed may fail"),
  item(
    "management",
    "SSH and SNMPv3 or equivalent, on a management port of its own; logs by syslog over TLS",
    "whoever changes it can listen to everything",
  ),
  item(
    "updates",
    "the vendor publishes security updates for 5 years from delivery, without a further licence",
    "it stands between the internet and the meetings",
  ),
  item(
    "watts",
    "the vendor states watts at full load; not part of the power in all",
    "feeds and cooling are ordered for it",
    OURS,
    "state",
  ),
];

const warranty = item(
  "warranty",
  "5 years, replacement on site the next working day",
  "the second one carries everything meanwhile",
);

/** Switches, router and lines, for the servers of one way. */
export function networkSheets(
  { servers, portGigabits, line }: Rack,
  sizing: Sizing,
  figures: Figures,
): SpecSheet[] {
  const uplink = Math.max(10, line.portGigabits);
  const use = figureOf(figures, "networkUse");
  const packets = Math.ceil(sizing.total.packetsPerSecond / use / 1e5) / 10;
  return [
    {
      title: "Switch, data",
      units: NETWORK_UNITS.switches,
      unit: "switch",
      items: [
        item(
          "ports for servers",
          `${portText(portGigabits)}: ${switchSize(servers)}, at full rate all at once`,
          "one port of each server; the other one is on the second switch",
        ),
        item(
          "other ports",
          `4 x ${portText(uplink)}: two between both switches, one to each router`,
          "when one switch or one port fails, the others carry everything",
        ),
        item(
          "functions",
          "LACP to one server over both switches (MLAG or equivalent), VLAN (IEEE 802.1Q), IPv4 and IPv6",
          "two networks: service and management of the hosts. Hosts filter packets themselves",
        ),
        ...sourced("a switch"),
        warranty,
      ],
    },
    {
      title: "Switch, management",
      units: NETWORK_UNITS.managementSwitches,
      unit: "switch",
      items: [
        item(
          "ports",
          `1 Gbit/s (RJ45): ${switchSize(managementPorts(servers))}`,
          "management ports of servers, switches, routers and of two strips of power sockets",
        ),
        item(
          "functions",
          "VLAN (IEEE 802.1Q), port isolation or equivalent, IEEE 802.1X",
          "one management processor must not reach another one",
        ),
        ...sourced("a switch"),
        item(
          "warranty",
          "5 years, replacement on site the next working day",
          "meetings go on without it; servers can't be switched on from afar meanwhile",
        ),
      ],
    },
    {
      title: "Router",
      units: NETWORK_UNITS.routers,
      unit: "router",
      items: [
        item(
          "ports",
          `1 x ${portText(line.portGigabits)} to its line, 2 x ${portText(uplink)} to the switches`,
          "each router has one line, and reaches both switches",
        ),
        item(
          "rate",
          `${line.committedMbit} Mbit/s each way and ${packets.toFixed(1)} million packets/s, both at once`,
          `voices are small packets: a router that is rated by large ones falls short. The packets are those of the busiest hour in both ways, at most ${use} of the rate used`,
        ),
        item(
          "functions",
          "BGP over IPv4 and IPv6, VRRP or equivalent, filters by source address (BCP 38). No address translation, and no state kept for media",
          "media is UDP to public addresses: a table of connections is the first thing that a flood fills",
        ),
        ...sourced("a router"),
        warranty,
      ],
    },
    {
      title: "Line to the internet",
      units: NETWORK_UNITS.lines,
      unit: "line",
      items: [
        item(
          "rate",
          `${line.committedMbit} Mbit/s each way, committed at all times, on a port of ${line.portGigabits} Gbit/s`,
          `derived under "Traffic"; each line is enough alone`,
        ),
        item(
          "path",
          "two lines that share no duct, no building's entry and no equipment, of two providers or of one that proves it",
          "one excavator must not cut both",
        ),
        item(
          "quality",
          "loss below 0.1 %, delay to a Dutch internet exchange below 10 ms, jitter below 5 ms, stated by the month",
          "people hear loss and jitter before they see anything",
        ),
        item(
          "addresses",
          "public IPv4 of the provider or of the buyer's own for each host that needs one, an IPv6 /48; both routed over both lines",
          "no address translation in front of media; a line that fails changes no address",
        ),
        item(
          "floods",
          "filtering of floods at the provider, in the Netherlands or elsewhere in the EEA, switched on within 15 minutes",
          "a flood that fills the line can't be stopped behind it",
        ),
        item(
          "repair",
          "within 8 hours, day and night; availability 99.9 % a month for each line",
          "the second line carries everything meanwhile",
        ),
        item("repair, faster", "within 4 hours", "priced apart", OURS, "option"),
        item(
          "traffic",
          "flat rate, or the price of each TB beyond what is included",
          "the traffic of a month is stated above",
          OURS,
          "state",
        ),
      ],
    },
  ];
}
