import { type Figures, figureOf, type Sizing } from "../../planning/sizing/index.ts";
import { item, next, OURS, portText, type SpecItem, type SpecSheet } from "./spec-items.ts";
import type { InternetLine } from "./spec-traffic.ts";

/** What the network of some servers is specified from. */
export interface Rack {
  readonly servers: number;
  readonly portGigabits: number;
  readonly line: InternetLine;
}

/** How many of each: of what media crosses two, so that one may fail. */
export const ROUTERS = 2;
const LINES = 2;

/** Ports of the largest switch of one rack unit that is sold widely. */
const MOST_PORTS = 48;
const SIZES_OF_SWITCH = [24, MOST_PORTS];

/** Data switches: one or more on each of two sides, as a server has a port on each. */
const dataSwitches = (servers: number): number => 2 * Math.ceil(servers / MOST_PORTS);

/** Management ports: of servers, data switches, routers, two strips of power sockets, and one way to the data network. */
export const managementPorts = (servers: number): number =>
  servers + dataSwitches(servers) + ROUTERS + 2 + 1;

/** Switches for data and for management. */
export const switchesFor = (
  servers: number,
): { readonly data: number; readonly management: number } => ({
  data: dataSwitches(servers),
  management: Math.ceil(managementPorts(servers) / MOST_PORTS),
});

/** Room for a server more, as during an upgrade, where a larger switch exists. */
const switchSize = (ports: number): string =>
  `${next(SIZES_OF_SWITCH, Math.min(ports + 1, MOST_PORTS))} ports or more (${ports} are used)`;

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
  const switches = switchesFor(servers);
  const uplink = Math.max(10, line.portGigabits);
  const use = figureOf(figures, "networkUse");
  const packets = Math.ceil(sizing.total.packetsPerSecond / use / 1e5) / 10;
  return [
    {
      title: "Switch, data",
      units: switches.data,
      unit: "switch",
      items: [
        item(
          "ports for servers",
          `${portText(portGigabits)}: ${switchSize(Math.ceil((2 * servers) / switches.data))}, at full rate all at once`,
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
      units: switches.management,
      unit: "switch",
      items: [
        item(
          "ports",
          `1 Gbit/s (RJ45): ${switchSize(Math.ceil(managementPorts(servers) / switches.management))}`,
          "management ports of servers, switches, routers and of two strips of power sockets, and the uplink",
        ),
        item(
          "functions",
          "VLAN (IEEE 802.1Q), port isolation or equivalent, IEEE 802.1X",
          "one management processor must not reach another one",
        ),
        item(
          "uplink",
          "one port to a data switch, on a VLAN that only the way in and the cloud's control plane reach",
          "who manages servers comes by the way in, and the cloud switches servers on and off",
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
      units: ROUTERS,
      unit: "router",
      items: [
        item(
          "ports",
          `1 x ${portText(line.portGigabits)} to its line, 2 x ${portText(uplink)} to the switches`,
          "each router has one line, and reaches both switches",
        ),
        item(
          "rate",
          `${line.committedMbit} Mbit/s in each direction at the same time, and ${packets.toFixed(1)} million packets/s, both directions added`,
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
      units: LINES,
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
          "an IPv4 /24 and an IPv6 /48 that are no provider's, with an AS number, announced by BGP over both lines; the buyer says whether they are its own or to be supplied. From one provider of both lines: at least a /27 and a /48 of its own, routed over both",
          "no address translation in front of media; a line that fails changes no address",
        ),
        item(
          "handover",
          "optical, single mode, LC connector, or equivalent, in the room that the buyer names",
          "line and router must fit",
        ),
        item(
          "floods",
          "filtering of floods at the provider, in the Netherlands or elsewhere in the EEA, switched on within 15 minutes",
          "a flood that fills the line can't be stopped behind it",
        ),
        item(
          "repair",
          "within 8 hours of the call, day and night; availability 99.5 % a year for each line, planned work announced 10 days ahead and never on both lines at once",
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
