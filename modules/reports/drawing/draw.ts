import type { Blueprint, Flow, Host, Peer, Zone } from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";
import { type Channel, groupBy, joinLabels, planChannels } from "./channels.ts";
import {
  clip,
  element,
  escapeXml,
  monoWidth,
  STYLE,
  sansWidth,
  text,
  titleWidth,
  wrap,
} from "./svg.ts";

/** All lengths in pixels of the drawing's own grid. */
const MARGIN = 30;
const OUTSIDE = 176;
const MONO = 11.5;
const LINE = 17;
const SLOT = 24;
const CHANNEL = 94;
const GAP = 42;
const CHIP = 20;
/** A role with more hosts than this shows its first and its last. */
const LISTED = 3;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Rows of a role's box: [what, private, public]. */
type Row = readonly [string, string, string];

interface RoleBox extends Box {
  readonly role: Role;
  readonly hosts: readonly Host[];
  readonly rows: readonly Row[];
  readonly remark: string;
}

/** One end of a line at a box's side. */
interface Stub {
  readonly line: number;
  readonly end: "from" | "to";
  readonly y: number;
}

interface Extent {
  readonly top: number;
  readonly bottom: number;
}

/** A column for each line: the innermost one in which it meets no line that has its place already. */
function columnsFor(extents: readonly Extent[]): number[] {
  const columns: Extent[][] = [];
  return extents.map((extent) => {
    const free = columns.findIndex((taken) =>
      taken.every((other) => extent.bottom + 6 < other.top || extent.top - 6 > other.bottom),
    );
    const column = free < 0 ? columns.length : free;
    columns[column] = [...(columns[column] ?? []), extent];
    return column;
  });
}

const WHAT: Readonly<Record<Role, string>> = {
  control: "page, Prosody, Jicofo",
  bridge: "all audio and video",
  turn: "relay behind firewalls",
  monitor: "logs and alarms",
  edge: "way in for admins",
};

/** The same in a word, for a role beside a host's own. */
const BESIDE: Readonly<Record<Role, string>> = {
  control: "page",
  bridge: "media",
  turn: "relay",
  monitor: "logs",
  edge: "way in",
};

const whatOf = (hosts: readonly Host[]): string => {
  const [host] = hosts;
  if (!host) return "";
  const beside = host.roles.filter((role) => role !== host.role).map((role) => BESIDE[role]);
  return [WHAT[host.role], ...beside].join(", ");
};

function publicOf(host: Host): readonly [string, string] {
  if (!host.exposure.addressed) return ["no public address", ""];
  if (!host.publicAddress) return ["not yet allocated", ""];
  return [host.publicAddress.ipv4, host.publicAddress.ipv6 ?? ""];
}

/** A zone's ranges, of each family that it has. */
const rangesOf = ({ ipv4, ipv6 }: Zone): string => (ipv6 ? `${ipv4} · ${ipv6}` : ipv4);

/** `bridge-1`, or `bridge-1 … bridge-12`. */
function boxName(hosts: readonly Host[]): string {
  const [first, last] = [hosts[0]?.id ?? "", hosts.at(-1)?.id ?? ""];
  return first === last ? first : `${first} … ${last}`;
}

/** One row for IPv4 and one for IPv6 a host; a long row of hosts is its two ends. */
function rowsOf(hosts: readonly Host[]): Row[] {
  const rows = (host: Host): Row[] => {
    const [ipv4, ipv6] = publicOf(host);
    return [
      [hosts.length === 1 ? "IPv4" : host.id, host.ipv4, ipv4],
      [hosts.length === 1 ? "IPv6" : "", host.ipv6 ?? "", ipv6],
    ];
  };
  if (hosts.length <= LISTED) return hosts.flatMap(rows);
  const [first, last] = [hosts[0] as Host, hosts.at(-1) as Host];
  return [...rows(first), [`… ${hosts.length - 2} more`, "", ""], ...rows(last)];
}

function remarkOf(hosts: readonly Host[]): string {
  const volumes = hosts.flatMap((host) => host.volumes);
  const [volume] = volumes;
  const kept =
    volumes.length === 1 && volume
      ? [`keeps ${volume.id} (${volume.sizeGiB} GiB)`]
      : volumes.length > 1
        ? [`keeps ${volumes.length} volumes`]
        : [];
  return [...kept, ...(hosts.some((host) => host.protected) ? ["protected"] : [])].join(", ");
}

/** An arrow's head, its point at (x, y). */
const head = (x: number, y: number, way: "left" | "right" | "down"): string => {
  const [dx, dy] = { left: [9, 0], right: [-9, 0], down: [0, -9] }[way] as [number, number];
  const [px, py] = [dx === 0 ? 5 : 0, dy === 0 ? 5 : 0];
  const points = [
    [x, y],
    [x + dx + px, y + dy + py],
    [x + dx - px, y + dy - py],
  ];
  return element("polygon", { class: "head", points: points.map((p) => p.join(",")).join(" ") });
};

/** A label on a line, its middle at (x, y). */
function chip(x: number, y: number, label: string): string {
  const width = monoWidth(label, MONO) + 14;
  const place = { x: x - width / 2, y: y - CHIP / 2, width, height: CHIP, rx: CHIP / 2 };
  return element("rect", { class: "chip", ...place }) + text(x, y + 4, "port", label);
}

/** A longer label of incoming flows is one for each protocol, one below the other. */
const LONG = 24;
const BELOW = CHIP + 4;

function labelsOf(flows: readonly Flow[]): string[] {
  const label = joinLabels(flows);
  return label.length > LONG ? label.split("; ") : [label];
}

const path = (d: string): string => element("path", { class: "line", d });

/** A group that says, on hovering and to a screen reader, which flows a line stands for. */
function lineGroup(colour: number, flows: readonly Flow[], ...parts: string[]): string {
  const why = [...new Set(flows.map((flow) => `${flow.id}: ${flow.why}`))].join("\n");
  return element("g", { class: `l${colour % 6}` }, element("title", {}, escapeXml(why)), ...parts);
}

const peerKey = (peer: Peer): string =>
  peer.kind === "ranges" ? `ranges ${peer.name}` : peer.kind;

function peerText(peer: Peer): { readonly title: string; readonly lines: readonly string[] } {
  if (peer.kind === "internet") return { title: "Internet", lines: ["IPv4 and IPv6"] };
  if (peer.kind === "role") return { title: peer.role, lines: [] };
  const title = peer.name.slice(0, 1).toUpperCase() + peer.name.slice(1);
  const shown = peer.ranges.slice(0, 4).map((range) => clip(range.replace(/\/(32|128)$/, ""), 24));
  const more = peer.ranges.length > 4 ? [`and ${peer.ranges.length - 4} more`] : [];
  return { title, lines: [...shown, ...more] };
}

/**
 * The network of an instance as an SVG: outside on the left, zones with their hosts in the frame,
 * an arrow for each allowed connection. Deterministic; everything that comes from the file is escaped.
 */
export function drawNetwork(blueprint: Blueprint): string {
  const { hosts, flows, zones, sizing } = blueprint;
  const roleOrder = sizing.roles.map((size) => size.role);
  const inZone = (zone: Zone): Role[] =>
    roleOrder.filter((role) => hosts.some((h) => h.role === role && h.zone === zone.name));
  const order = zones.flatMap(inZone);
  const channels = planChannels(flows, order);
  const incoming = groupBy(
    flows.filter((flow) => flow.from.kind !== "role" && flow.to.kind === "role"),
    (flow) => `${peerKey(flow.from)} > ${flow.to.kind === "role" ? flow.to.role : ""}`,
  );
  const outgoing = groupBy(
    flows.filter((flow) => flow.from.kind === "role" && flow.to.kind !== "role"),
    (flow) => peerKey(flow.to),
  );

  // Columns of a role's box, as wide as the longest address of the whole drawing.
  const rows = new Map(order.map((role) => [role, rowsOf(hosts.filter((h) => h.role === role))]));
  const all = [...rows.values()].flat();
  const column = (i: 0 | 1 | 2) => Math.max(...all.map((row) => monoWidth(row[i], MONO))) + 14;
  const columns = [column(0), column(1), column(2)] as const;
  const ofRole = (role: Role) => hosts.filter((host) => host.role === role);
  const nameOf = (role: Role) => boxName(ofRole(role));
  const titles = order.map(
    (role) => titleWidth(nameOf(role)) + sansWidth(whatOf(ofRole(role))) + 46,
  );
  // A zone's ranges stand beside its name, before the labels of the lines.
  const ranges = zones.map(
    (zone) => titleWidth(`${zone.name} zone`) + monoWidth(rangesOf(zone), MONO) - 8,
  );
  const boxWidth = Math.max(340, columns[0] + columns[1] + columns[2] + 14, ...titles, ...ranges);
  const inLabel = Math.max(
    60,
    ...incoming.flatMap(labelsOf).map((label) => monoWidth(label, MONO) + 14),
  );
  const frameX = MARGIN + OUTSIDE + inLabel + 60;
  const boxX = frameX + 40;
  // Which lines end at which box, from top to bottom: an order in which fewest lines cross.
  const stubOrder = (role: Role): (Omit<Stub, "y"> | undefined)[] => {
    const place = order.indexOf(role);
    const [up, loops, through, down]: [
      Omit<Stub, "y">[],
      (Omit<Stub, "y"> | undefined)[],
      Omit<Stub, "y">[],
      Omit<Stub, "y">[],
    ] = [[], [], [], []];
    channels.forEach((channel, line) => {
      const others = [...channel.from, ...channel.to].map((other) => order.indexOf(other));
      const loop = channel.from.includes(role) && channel.to.includes(role);
      const [above, below] = [others.some((o) => o < place), others.some((o) => o > place)];
      for (const end of ["from", "to"] as const) {
        if (!channel[end].includes(role)) continue;
        // A place is left free inside a loop, for its label.
        if (loop) loops.push(...(end === "to" ? [undefined] : []), { line, end });
        else (above && below ? through : above ? up : down).push({ line, end });
      }
    });
    return [...up, ...loops, ...through, ...down.reverse()];
  };

  let y = 100;
  const zoneSpans: {
    readonly zone: Zone;
    readonly why: readonly string[];
    readonly y: number;
    readonly height: number;
  }[] = [];
  const roleBoxes: RoleBox[] = [];
  for (const zone of zones) {
    const top = y + 16;
    const why = wrap(zone.why, boxWidth);
    y = top + 46 + why.length * 16;
    for (const role of inZone(zone)) {
      const own = hosts.filter((host) => host.role === role);
      const remark = remarkOf(own);
      const boxRows = rows.get(role) ?? [];
      const content = 34 + boxRows.length * LINE + (remark ? LINE : 0) + 10;
      const ends = stubOrder(role).length;
      const into = incoming.filter(([f]) => f?.to.kind === "role" && f.to.role === role).length;
      const height = Math.max(content, (Math.max(ends, into) + 1) * SLOT);
      roleBoxes.push({
        role,
        hosts: own,
        rows: boxRows,
        remark,
        x: boxX,
        y,
        width: boxWidth,
        height,
      });
      y += height + GAP;
    }
    y = y - GAP + 24;
    zoneSpans.push({ zone, why, y: top, height: y - top });
    y += 18;
  }
  const boxOf = (role: Role): RoleBox => roleBoxes.find((box) => box.role === role) as RoleBox;

  const stubs = new Map<Role, readonly Stub[]>(
    roleBoxes.map((box) => {
      const ends = stubOrder(box.role);
      const step = box.height / (ends.length + 1);
      return [
        box.role,
        ends.flatMap((end, i) => (end ? [{ ...end, y: box.y + step * (i + 1) }] : [])),
      ];
    }),
  );
  const extents = channels.map((_, line) => {
    const ys = [...stubs.values()]
      .flat()
      .filter((stub) => stub.line === line)
      .map((stub) => stub.y);
    return { top: Math.min(...ys), bottom: Math.max(...ys) };
  });
  const columnOf = columnsFor(extents);
  const channelX = (line: number) => boxX + boxWidth + 58 + (columnOf[line] ?? 0) * CHANNEL;
  const zoneRight = boxX + boxWidth + 58 + Math.max(0, ...columnOf) * CHANNEL + 58;
  const width = Math.max(1000, zoneRight + 16 + MARGIN);
  const frame = { x: frameX, y: 98, width: zoneRight + 16 - frameX, height: y - 98 };

  const body: string[] = [];
  body.push(element("rect", { class: "frame", ...frame, rx: 14 }));
  for (const span of zoneSpans) {
    const { zone } = span;
    const box = { x: frameX + 16, y: span.y, width: zoneRight - frameX - 16, height: span.height };
    const name = `${zone.name} zone`;
    body.push(
      element("rect", { class: "zone", ...box, rx: 10 }),
      text(box.x + 24, box.y + 26, "h2", name),
      text(box.x + 44 + titleWidth(name), box.y + 26, "mono soft", rangesOf(zone)),
      ...span.why.map((line, i) => text(box.x + 24, box.y + 46 + i * 16, "soft", line)),
    );
  }
  for (const box of roleBoxes) body.push(drawRole(box, columns));
  channels.forEach((channel, line) => {
    body.push(drawChannel(channel, line));
  });
  body.push(...drawIncoming(), ...drawOutgoing());

  /** A vertical line beside the boxes with a branch to each of its ends. */
  function drawChannel(channel: Channel, line: number): string {
    const x = channelX(line);
    const ends = [...stubs.entries()].flatMap(([role, list]) =>
      list.filter((stub) => stub.line === line).map((stub) => ({ ...stub, box: boxOf(role) })),
    );
    const { top, bottom } = extents[line] as Extent;
    const parts = [path(`M${x} ${top}V${bottom}`)];
    for (const end of ends) {
      const edge = end.box.x + end.box.width;
      parts.push(path(`M${x} ${end.y}H${end.end === "to" ? edge + 8 : edge}`));
      parts.push(
        end.end === "to"
          ? head(edge, end.y, "left")
          : element("circle", { class: "head", cx: edge, cy: end.y, r: 4 }),
      );
    }
    return lineGroup(
      line,
      channel.flows,
      ...parts,
      chip(x, labelY(channel, top, bottom), channel.label),
    );
  }

  /** A label stands where no branch crosses: between two boxes, as near to the common end as can be. */
  function labelY(channel: Channel, top: number, bottom: number): number {
    const gaps = roleBoxes.slice(0, -1).flatMap((box, i) => {
      const from = box.y + box.height;
      const middle = (from + (roleBoxes[i + 1] as RoleBox).y) / 2;
      return middle > top && middle < bottom ? [middle] : [];
    });
    const hub = channel.from.length <= channel.to.length ? channel.from : channel.to;
    const place = hub.map((role) => boxOf(role).y + boxOf(role).height / 2)[0] ?? top;
    const near = gaps.sort((a, b) => Math.abs(a - place) - Math.abs(b - place))[0];
    return near ?? (top + bottom) / 2;
  }

  /** Peers outside who may come in, each as high as what it reaches, with straight arrows. */
  function drawIncoming(): string[] {
    const taken = new Map<Role, number>();
    const arrows = incoming.map((group) => {
      const [first] = group as [Flow];
      const target = boxOf(first.to.kind === "role" ? first.to.role : (order[0] as Role));
      const into = incoming.filter(([f]) => f?.to.kind === "role" && f.to.role === target.role);
      const nth = (taken.get(target.role) ?? 0) + 1;
      taken.set(target.role, nth);
      const at = target.y + (target.height / (into.length + 1)) * nth;
      return { group, peer: first.from, target, y: at };
    });
    const parts: string[] = [];
    let free = frame.y;
    groupBy(arrows, (arrow) => peerKey(arrow.peer)).forEach((list, i) => {
      const { title, lines } = peerText((list[0] as (typeof list)[number]).peer);
      const need = 40 + lines.length * LINE + 8;
      const [low, high] = [Math.min(...list.map((a) => a.y)), Math.max(...list.map((a) => a.y))];
      const top = Math.max(free, Math.min(low - need / 2, low - 30));
      const height = Math.max(need, high + 30 - top);
      free = top + height + 20;
      const box = { x: MARGIN, y: top, width: OUTSIDE, height };
      const middle = top + height / 2 - (lines.length * LINE) / 2;
      parts.push(
        element("rect", { class: "outside", ...box, rx: i === 0 && list.length > 1 ? 28 : 12 }),
        text(MARGIN + 18, middle, "h2", title),
        ...lines.map((line, n) => text(MARGIN + 18, middle + 20 + n * LINE, "mono soft", line)),
      );
      list.forEach((arrow, n) => {
        // Straight where the box is beside its target; else a bend of its own.
        const from = Math.min(Math.max(arrow.y, top + 14), top + height - 14);
        const start = MARGIN + OUTSIDE;
        const bend = start + 14 + n * 8;
        const way = from === arrow.y ? `M${start} ${from}` : `M${start} ${from}H${bend}V${arrow.y}`;
        parts.push(
          lineGroup(
            arrow.group.length > 0 && arrow.peer.kind === "internet" ? 0 : 1,
            arrow.group,
            path(`${way}H${arrow.target.x - 8}`),
            head(arrow.target.x, arrow.y, "right"),
            ...labelsOf(arrow.group).map((label, k, all) =>
              chip((start + frameX) / 2 + 4, arrow.y + (k - (all.length - 1) / 2) * BELOW, label),
            ),
          ),
        );
      });
    });
    return parts;
  }

  /** What hosts may reach outside, below the frame. */
  function drawOutgoing(): string[] {
    const top = frame.y + frame.height;
    const each = Math.min(330, frame.width / Math.max(1, outgoing.length));
    const left = frame.x + (frame.width - each * outgoing.length) / 2;
    return outgoing.flatMap((group, i) => {
      const [first] = group as [Flow];
      const from = [...new Set(group.map((f) => (f.from.kind === "role" ? f.from.role : "")))];
      const who = from.length === order.length ? "every host" : from.join(", ");
      const { title, lines } = peerText(first.to);
      const box = {
        x: left + i * each + 10,
        y: top + 84,
        width: each - 20,
        height: 42 + lines.length * LINE,
      };
      const middle = box.x + box.width / 2;
      return [
        element("rect", { class: "outside", ...box, rx: 12 }),
        text(box.x + 18, box.y + 24, "h2", title),
        ...lines.map((line, n) => text(box.x + 18, box.y + 44 + n * LINE, "mono soft", line)),
        lineGroup(
          2,
          group,
          path(`M${middle} ${top}V${box.y - 8}`),
          head(middle, box.y, "down"),
          chip(middle, top + 36, clip(joinLabels(group), 40)),
        ),
        text(middle + 8, top + 66, "soft", clip(who, 30)),
      ];
    });
  }

  const below =
    outgoing.length === 0
      ? 0
      : 84 +
        42 +
        LINE * Math.max(...outgoing.map((group) => peerText((group[0] as Flow).to).lines.length));
  const height = frame.y + frame.height + below + 60;
  const title = `${blueprint.instance}: ${blueprint.organisation}`;
  const where = `${blueprint.domain} · ${blueprint.cloud.location}, ${blueprint.cloud.publicAddresses} public addresses · ${hosts.length} hosts${sizing.shards > 1 ? ` in ${sizing.shards} shards` : ""}`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" role="img" aria-labelledby="title desc">`,
    element("title", { id: "title" }, escapeXml(`Network of ${title}`)),
    element("desc", { id: "desc" }, escapeXml(description(blueprint))),
    element("style", {}, STYLE),
    element("rect", { class: "ground", width: Math.ceil(width), height: Math.ceil(height) }),
    text(MARGIN, 44, "h1", clip(title, Math.floor(width / 13))),
    text(MARGIN, 70, "soft", clip(where, Math.floor(width / 6.6))),
    ...body,
    text(
      MARGIN,
      height - 18,
      "soft",
      "An arrow points from who may start a connection to whom; what has no arrow is dropped. In a box: private addresses left, public ones right.",
    ),
    "</svg>",
  ].join("\n")}\n`;
}

function drawRole(box: RoleBox, columns: readonly [number, number, number]): string {
  const left = box.x + 14;
  const parts = [
    element("rect", {
      class: "box",
      x: box.x,
      y: box.y,
      width: box.width,
      height: box.height,
      rx: 8,
    }),
    text(left, box.y + 22, "h2", boxName(box.hosts)),
    element(
      "text",
      { x: box.x + box.width - 12, y: box.y + 22, class: "soft", "text-anchor": "end" },
      escapeXml(whatOf(box.hosts)),
    ),
  ];
  box.rows.forEach(([what, inside, outside], i) => {
    const y = box.y + 46 + i * LINE;
    const real = /^[0-9a-f.:]+$/.test(outside);
    if (what) parts.push(text(left, y, "mono", what));
    if (inside) parts.push(text(left + columns[0], y, "mono soft", inside));
    if (outside)
      parts.push(text(left + columns[0] + columns[1], y, real ? "mono" : "mono soft", outside));
  });
  if (box.remark) parts.push(text(left, box.y + 46 + box.rows.length * LINE, "soft", box.remark));
  return element("g", {}, ...parts);
}

/** The same in words, for who can't see the picture. */
function description(blueprint: Blueprint): string {
  const name = (peer: Peer): string =>
    peer.kind === "role" ? peer.role : peer.kind === "ranges" ? peer.name : "internet";
  const counts = blueprint.sizing.roles
    .map((size) => `${size.count} ${size.roles.join(" with ")}`)
    .join(", ");
  const list = blueprint.flows.map(
    (flow) => `${name(flow.from)} to ${name(flow.to)} on ${joinLabels([flow])}`,
  );
  return `Hosts: ${counts}. Allowed connections: ${[...new Set(list)].join("; ")}.`;
}
