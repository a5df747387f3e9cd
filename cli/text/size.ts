import type { TurnLimits } from "../../modules/hosts/turn/index.ts";
import {
  type Calibration,
  compare,
  fleetText,
  monthlyCost,
  type Schedule,
  type Sizing,
} from "../../modules/planning/sizing/index.ts";
import { type Cost, euro, type Source } from "../../modules/reports/sizing-report/index.ts";
import type { LoadedDemand } from "../../modules/workspace/index.ts";
import type { Paint } from "./paint.ts";
import {
  comparisonTable,
  figuresTable,
  hostsTable,
  mbit,
  people,
  plural,
  scheduleTable,
  sizingReasons,
} from "./sizing.ts";
import { labelled, table, wrap } from "./table.ts";

/** What `polder size` prints. */
export interface SizeText {
  readonly loaded: Pick<LoadedDemand, "instance" | "planData" | "notes">;
  readonly source: Source;
  readonly sizing: Sizing;
  readonly schedule: Schedule;
  readonly cost: Cost;
  readonly limits: TurnLimits;
  readonly calibration: Calibration;
  /** The plan without the changes that --what-if asks for. */
  readonly before?: Sizing;
  readonly changes: readonly string[];
}

const hostsOf = ({ roles }: Sizing, fleet: Schedule["base"]): string => {
  const total = roles.reduce((sum, { role }) => sum + fleet[role], 0);
  return `${plural(total, "host")} (${plural(fleet.bridge, "bridge")}, ${plural(fleet.turn, "relay")})`;
};

/** Both plans side by side. */
function comparison(before: Sizing, after: Sizing, paint: Paint, width: number): string[] {
  const rows: [string, string, string][] = [
    ["people", `${before.total.people}`, `${after.total.people}`],
    ["packets/s", `${before.total.packetsPerSecond}`, `${after.total.packetsPerSecond}`],
    ["out", mbit(before.total.bitsOutPerSecond), mbit(after.total.bitsOutPerSecond)],
    ["shards", `${before.shards}`, `${after.shards}`],
    ...after.roles.map((size): [string, string, string] => {
      const old = before.roles.find((one) => one.role === size.role);
      return [
        `${size.role} hosts`,
        old ? fleetText(old) : "none",
        `${fleetText(size)} (${size.deciding})`,
      ];
    }),
  ];
  const [a, b] = [monthlyCost(before), monthlyCost(after)];
  if (a !== undefined && b !== undefined) rows.push(["EUR a month", euro(a), euro(b)]);
  return table(
    ["", "now", "then"],
    rows.map(([what, old, then]) => [what, old, old === then ? then : paint.bold(then)]),
    { width, title: paint.dim },
  );
}

/**
 * The page of `polder size` for a terminal.
 *
 * @param more which tables are added to it
 */
export function sizeText(
  shown: SizeText,
  more: { readonly why?: boolean; readonly schedule?: boolean },
  width: number,
  paint: Paint,
): string {
  const { loaded, source, sizing, schedule, cost, limits, before, changes } = shown;
  const { total } = sizing;
  const isSingle = loaded.instance.size === "single";
  const lines: string[] = [];
  const layout = { width, title: paint.dim };
  const heading = (title: string, remark = "") =>
    lines.push("", paint.bold(title) + (remark && `  ${paint.dim(remark)}`));
  const remark = (text: string) => lines.push(...wrap(text, width - 2).map((line) => `  ${line}`));

  lines.push(
    ...wrap(`${loaded.instance.name}: ${loaded.instance.organisation}`, width).map(paint.bold),
  );
  lines.push(
    ...labelled(
      [
        ["people", `${total.people} at once, growth included; ${total.joinsPerSecond} joins/s`],
        [
          "load",
          `${total.packetsPerSecond} packets/s, ${mbit(total.bitsInPerSecond)} in, ${mbit(total.bitsOutPerSecond)} out, ${total.streams} videos; bridges need ${total.cores} cores and ${total.memoryMiB} MiB of heap for it`,
        ],
        ["planned on", source.title],
        ["cost", cost.text],
        [
          "fleet",
          isSingle
            ? `${hostsOf(sizing, schedule.peak)} at every hour, none more during an upgrade, which waits until no meeting runs`
            : `${hostsOf(sizing, schedule.base)} at the quietest hour, ${hostsOf(sizing, schedule.peak)} at the busiest, one bridge more during an upgrade`,
        ],
        [
          "relays",
          `${total.turnAllocations} people behind firewalls, ${mbit(total.turnBitsPerSecond)}; each: ports ${limits.firstPort} to ${limits.lastPort}, ${limits.totalQuota} allocations, ${limits.userQuota} of one name, ${Math.round(limits.bytesPerSecond / 1000)} kB/s each`,
        ],
        [
          "Prosody",
          `${people(Math.ceil(total.people / sizing.shards))} a shard of at most ${loaded.planData.figures.figures.controlPeople.value}: one Prosody held 1,310 for 70 minutes and broke near 1,650`,
        ],
      ],
      layout,
    ),
  );
  for (const text of [...loaded.notes, ...sizing.warnings]) remark(paint.warn(`note: ${text}`));
  if (before) {
    heading("What if", changes.join(", "));
    lines.push(...comparison(before, sizing, paint, width));
  }
  heading("Hosts", `${plural(sizing.shards, "shard")}; ${sizing.verdict}`);
  lines.push(...hostsTable(sizing, layout));
  if (sizing.shards > 1) {
    heading("Shards", "no room in two of them");
    lines.push(
      ...table(
        ["shard", "people today", "bridges", "rooms…"],
        sizing.shardSizes.map((shard) => [
          `${shard.shard}`,
          `${shard.people}`,
          `${shard.bridges}`,
          shard.rooms.map(({ kind, rooms }) => `${rooms} ${kind}`).join(", "),
        ]),
        layout,
      ),
    );
  }
  if (more.schedule) {
    const { day } = schedule;
    heading("By the hour", `${day.source}${day.assumed ? " (assumed)" : ""}`);
    lines.push(...scheduleTable(schedule, layout));
    remark(
      schedule.savedMonthly === undefined
        ? "what it saves isn't known without prices: --catalogue"
        : `off in these hours: EUR ${euro(schedule.savedMonthly)} of ${euro(schedule.monthly ?? 0)} a month`,
    );
    const off = source.catalogue?.billedWhenOff;
    if (off?.value)
      remark(
        `a server that is off is still billed there (${off.source}, read ${off.read}): only one that is deleted saves anything`,
      );
    remark("polder switches nothing by itself");
  }
  if (more.why) {
    lines.push(...sizingReasons(sizing, width, paint));
    heading("Why: figures", `read ${loaded.planData.figures.read}`);
    lines.push(...figuresTable(loaded.planData.figures, layout));
    const published = compare(shown.calibration, loaded.planData.figures);
    heading(
      "Why: processor",
      "cores planned for what others measured; docs/sizing.md has the rest",
    );
    lines.push(...comparisonTable(published, layout));
    for (const [machine, { factor, source: from }] of loaded.planData.cores.machines)
      remark(
        `${machine}: ${from}: ${factor.toFixed(2)} times what the published lines say, planned ${loaded.planData.cores.marginMeasured} times that`,
      );
  }
  return `${lines.join("\n")}\n`;
}
