import {
  type Blueprint,
  type Flow,
  type Host,
  type Peer,
  privateAddresses,
} from "../../modules/planning/blueprint/index.ts";
import { type Paint, PLAIN } from "./paint.ts";
import { hostsTable, mbit, people, plural, sizingReasons } from "./sizing.ts";
import { labelled, table, wrap } from "./table.ts";

export interface DescribeOptions {
  /** Every constraint, check and load with its source. */
  readonly why?: boolean;
  /** Every host, where a long row of alike hosts is else shortened. */
  readonly all?: boolean;
  /** Characters on a line. */
  readonly width?: number;
  readonly paint?: Paint;
  /** What the folder says beside the Blueprint, such as addresses that no host uses. */
  readonly notes?: readonly string[];
}

/** A longer row of hosts of one role is shortened to its ends. */
const ROW = 8;

const ports = ({ ports: [from, to] }: Flow): string => (from === to ? `${from}` : `${from}-${to}`);

/** A peer's name; ranges are listed where there are few. */
function peerName(peer: Peer): string {
  switch (peer.kind) {
    case "internet":
      return "internet";
    case "role":
      return peer.role;
    case "ranges":
      return peer.ranges.length <= 2
        ? `${peer.name}\n${peer.ranges.join("\n")}`
        : `${peer.name} (${peer.ranges.length})`;
  }
}

/** Flows that differ only in who starts them, as one row. */
function groupFlows(flows: readonly Flow[]): { readonly from: Peer[]; readonly flow: Flow }[] {
  const groups = new Map<string, { readonly from: Peer[]; readonly flow: Flow }>();
  for (const flow of flows) {
    const key = JSON.stringify([flow.to, flow.protocol, flow.ports, flow.why]);
    const group = groups.get(key);
    if (group) group.from.push(flow.from);
    else groups.set(key, { from: [flow.from], flow });
  }
  return [...groups.values()];
}

/** Runs of more than `ROW` hosts of one role become: the first two, how many more, the last. */
function shorten(hosts: readonly Host[], all: boolean): (Host | readonly Host[])[] {
  const roles = [...new Set(hosts.map((host) => host.role))];
  return roles.flatMap((role): (Host | readonly Host[])[] => {
    const row = hosts.filter((host) => host.role === role);
    if (all || row.length <= ROW) return row;
    return [...row.slice(0, 2), row.slice(2, -1), ...row.slice(-1)];
  });
}

function publicCell(host: Host, state: Blueprint["addresses"]["state"]): string {
  if (!host.exposure.addressed) return "none";
  if (!host.publicAddress) return state === "allocated" ? "none" : "not yet allocated";
  const { ipv4, ipv6 } = host.publicAddress;
  return ipv6 ? `${ipv4}\n${ipv6}` : ipv4;
}

function keeps(host: Host): string {
  const volumes = host.volumes.map((volume) => `${volume.sizeGiB} GiB`);
  return [...volumes, ...(host.protected ? ["protected"] : [])].join(", ") || "nothing";
}

/** The Blueprint for a person: what will stand there, who talks to whom, and why. */
export function describe(blueprint: Blueprint, options: DescribeOptions = {}): string {
  const { why = false, all = false, width = 100, paint = PLAIN, notes = [] } = options;
  const { classification, residency, cloud, sizing, dns, meetings } = blueprint;
  const lines: string[] = [];
  const layout = { width, title: paint.dim };
  const heading = (title: string, remark = "") =>
    lines.push("", paint.bold(title) + (remark && `  ${paint.dim(remark)}`));
  const rows = (columns: readonly string[], cells: readonly (readonly string[])[]) =>
    lines.push(...table(columns, cells, layout));
  const remark = (text: string) => lines.push(...wrap(text, width - 2).map((line) => `  ${line}`));

  const label = (c: typeof classification) =>
    `${c.marking === "none" ? "no marking" : c.marking}, TBB ${c.tbb}`;
  const leaves = residency.checks.map((check) => `${check.leaf}: ${check.got}`).join(", ");
  const { addresses } = blueprint;
  const name = `${blueprint.instance}: ${blueprint.organisation}, ${blueprint.domain}`;
  lines.push(...wrap(name, width).map(paint.bold));
  lines.push(
    ...labelled(
      [
        [
          "classification",
          `needs ${label(classification)}; the highest here is ${label(residency.classification.highest)}`,
        ],
        [
          "residency",
          `${residency.verdict} for profile ${residency.profile}: ${residency.deciding} (${leaves})`,
        ],
        ["location", `${cloud.location}: ${cloud.locationTitle}`],
        [
          "cloud",
          `${cloud.provider}, ${
            cloud.provider === "openstack"
              ? `entry "${cloud.credentials}" of clouds.yaml`
              : `token in ${cloud.credentials}`
          }, image ${cloud.image}`,
        ],
        [
          "addresses",
          addresses.state === "allocated"
            ? `allocated, ${cloud.publicAddresses}`
            : paint.warn(
                `not yet allocated: run \`polder addresses ${blueprint.instance}\`${addresses.missing.length === blueprint.hosts.filter((h) => h.exposure.addressed).length ? "" : ` (missing: ${addresses.missing.join(", ")})`}`,
              ),
        ],
        [
          "state",
          blueprint.state.backend === "local"
            ? "a file in the instance's folder"
            : `http, ${blueprint.state.address}`,
        ],
        ["packages", packagesText(blueprint.packages)],
        ["security", blueprint.securityContact],
      ],
      layout,
    ),
  );
  for (const text of [...notes, ...sizing.warnings]) remark(paint.warn(`note: ${text}`));

  const { total } = sizing;
  heading(
    "Sizing",
    `${people(total.people)} at once, growth included; ${mbit(total.bitsInPerSecond)} in, ${mbit(total.bitsOutPerSecond)} out; ${plural(sizing.shards, "shard")}`,
  );
  lines.push(...hostsTable(sizing, layout));
  if (sizing.verdict === "assumed") {
    remark(
      "assumed: the figure behind it is this project's choice or nobody's measurement; --why tells",
    );
  }

  heading("Hosts", plural(blueprint.hosts.length, "host"));
  rows(
    ["host", "role", "zone", "private", "public", "flavour", "keeps…"],
    shorten(blueprint.hosts, all).map((entry) => {
      if (!("id" in entry)) {
        const [first, last] = [entry[0] as Host, entry.at(-1) as Host];
        return [
          "...",
          first.roles.join("\n"),
          first.zone,
          `${entry.length} more, to\n${last.ipv4}`,
          `(--all shows them)`,
          first.flavour,
          keeps(first),
        ];
      }
      const host = entry;
      return [
        host.id,
        host.roles.join("\n"),
        host.zone,
        privateAddresses(host).join("\n"),
        publicCell(host, addresses.state),
        host.flavour,
        keeps(host),
      ];
    }),
  );
  for (const { id, exposure } of blueprint.hosts.filter((h) => !h.exposure.public)) {
    remark(
      `${id} ${exposure.addressed ? "is not public" : "has no public address"}: ${exposure.why}`,
    );
  }

  heading("Flows", "who may start a connection to whom; everything else is dropped");
  const roleCount = new Set(blueprint.hosts.map((host) => host.role)).size;
  rows(
    ["from", "to", "port", "why…"],
    groupFlows(blueprint.flows).map(({ from, flow }) => {
      const everyHost = from.length === roleCount && from.every((peer) => peer.kind === "role");
      return [
        everyHost ? "every host" : from.map(peerName).join("\n"),
        peerName(flow.to),
        `${flow.protocol} ${ports(flow)}`,
        flow.why,
      ];
    }),
  );

  if (dns.zone === null) {
    heading("DNS");
    remark(dns.why);
  } else {
    heading("DNS", `zone ${dns.zone}`);
    rows(
      ["name", "type", "value", "why…"],
      dns.records.map((record) => [
        shortName(record.name, dns.zone),
        record.type,
        record.values.join("\n"),
        record.why,
      ]),
    );
    if (addresses.state !== "allocated")
      remark("A and AAAA records follow once addresses are allocated");
  }

  heading("Meetings");
  lines.push(
    ...labelled(
      [
        [
          "guests",
          meetings.guests
            ? `wait until a moderator lets them in, at most ${plural(meetings.guestWaitMinutes, "minute")}`
            : "none: the gate refuses their links",
        ],
        ["length", `at most ${meetings.maxMinutes} minutes: links of longer ones are refused`],
        ["chat", meetings.chat],
        [
          "logs",
          `operations ${plural(blueprint.retention.operationsDays, "day")}, security ${plural(blueprint.retention.securityDays, "day")}, incidents ${plural(blueprint.retention.incidentDays, "day")}`,
        ],
        [
          "security logs",
          blueprint.logKeepers.length > 0
            ? `an admin opens them with ${blueprint.logKeepers.map(({ name }) => name).join(" or ")}`
            : paint.warn("any admin opens them alone"),
        ],
      ],
      layout,
    ),
  );

  heading("Waivers", blueprint.waivers.length === 0 ? "none" : "");
  if (blueprint.waivers.length > 0) {
    rows(
      ["waives", "until", "owner…", "reason…"],
      blueprint.waivers.map((waiver) => [
        waiver.waives,
        waiver.expires,
        waiver.owner,
        waiver.reason,
      ]),
    );
  }

  if (blueprint.overrides.length > 0) {
    heading("Overrides", "changed of inner resources by overrides.yaml");
    rows(
      ["resource", "set…", "owner…", "reason…"],
      blueprint.overrides.map(({ resource, set, owner, reason }) => [
        resource,
        Object.entries(set)
          .map(([argument, value]) => `${argument} = ${JSON.stringify(value)}`)
          .join(", "),
        owner,
        reason,
      ]),
    );
  }

  heading("Admins", `come in from ${blueprint.adminNetworks.join(", ")}`);
  rows(
    ["name", "login", "key"],
    blueprint.admins.map((admin) => [admin.name, admin.user, shortKey(admin.key)]),
  );
  if (why) lines.push(...reasons(blueprint, width, paint));
  return `${lines.join("\n")}\n`;
}

function packagesText(packages: Blueprint["packages"]): string {
  if (packages.source === "mirror") return `from the mirror ${packages.mirror}`;
  if (packages.source === "folder") return `from the folder ${packages.folder}`;
  return "from the projects' own servers";
}

const shortName = (name: string, zone: string): string =>
  name === zone ? "@" : name.replace(`.${zone}`, "");

/** A key's type and its end, which is what people compare. */
function shortKey(key: string): string {
  const [type = "", blob = "", ...comment] = key.split(" ");
  return [type, `...${blob.slice(-16)}`, ...comment].join(" ");
}

/** Every constraint, check and load, each with its source. */
function reasons(blueprint: Blueprint, width: number, paint: Paint): string[] {
  const { residency, sizing } = blueprint;
  const lines: string[] = [];
  const layout = { width, title: paint.dim };
  const heading = (title: string, remark = "") =>
    lines.push("", paint.bold(title) + (remark && `  ${paint.dim(remark)}`));

  heading("Why: residency");
  lines.push(
    ...table(
      ["fact", "asked…", "got…", "met", "source…"],
      residency.checks.map((check) => [
        check.leaf,
        check.requirement,
        check.got,
        check.met ? "yes" : "no",
        `${check.source} (${check.confidence}, read ${check.read})`,
      ]),
      layout,
    ),
    ...labelled(
      [
        [
          "classification",
          `${residency.classification.reason}. ${residency.classification.source}`,
        ],
      ],
      layout,
    ),
  );

  lines.push(...sizingReasons(sizing, width, paint));

  heading("Why: places");
  lines.push(
    ...labelled(
      [
        ...blueprint.zones.map((zone): [string, string] => [
          `zone ${zone.name}`,
          `${[zone.ipv4, zone.ipv6].filter(Boolean).join(", ")}: ${zone.why}`,
        ]),
        ...blueprint.placement.map((group): [string, string] => [
          `${group.role} hosts`,
          `${group.policy}: ${group.why}`,
        ]),
        ...blueprint.hosts.flatMap((host) =>
          host.volumes.map((volume): [string, string] => [
            volume.id,
            `${volume.sizeGiB} GiB: ${volume.why}`,
          ]),
        ),
      ],
      layout,
    ),
  );
  return lines;
}
