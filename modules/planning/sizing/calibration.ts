import { z } from "zod";
import { type Figures, figure, figureOf } from "./figures.ts";

const positive = z.number().positive();
const count = z.int().positive();

const point = z.strictObject({
  id: z.string(),
  /** Rooms on this one bridge. */
  rooms: count.optional(),
  /** People in each. */
  people: z.int().min(2).optional(),
  /** Of them, people who send voice and video; everybody when left out. */
  senders: count.optional(),
  lastN: count.optional(),
  /** Streams that the bridge sends, where rooms aren't published. */
  streams: count.optional(),
  /** kB/s that the bridge sends. */
  sentKilobytes: positive.optional(),
  /** packets/s that the bridge sends. */
  sentPackets: positive.optional(),
  /** Cores in use. */
  cores: positive,
  /** Whether the bridge stood at its limit: it asked for these cores at least. */
  saturated: z.boolean().default(false),
  note: z.string().optional(),
  /** Why this point may lie outside of what the model promises. */
  exception: z.string().optional(),
});

const series = z.strictObject({
  id: z.string(),
  title: z.string(),
  source: z.string(),
  measured: z.iso.date().nullable(),
  use: z.enum(["fit", "held-out", "shown"]),
  /** vCPU of the machine. */
  vcpus: count,
  /** How packets are counted where a point has none measured. */
  packets: z
    .union([
      z.strictObject({ perStream: positive, why: z.string() }),
      z.strictObject({ frameRate: positive, why: z.string() }),
    ])
    .optional(),
  /** Why a shown series isn't scored. */
  why: z.string().optional(),
  points: z.array(point).min(1),
});

/** The file of published measurements. */
export const calibrationSchema = z.strictObject({
  read: z.iso.date(),
  videoPacketBytes: figure,
  series: z.array(series).min(1),
  checks: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      source: z.string(),
      meeting: z.strictObject({
        kind: z.string(),
        simultaneous: count,
        participants: count,
        cameras: z.literal("all"),
        screenShare: z.boolean(),
        layout: z.enum(["stage", "tile"]),
        lastN: count,
        microphones: count,
      }),
      packetsPerPerson: positive,
    }),
  ),
});

export type Calibration = Readonly<z.output<typeof calibrationSchema>>;
type Series = Calibration["series"][number];
type Point = Series["points"][number];

/** A file in an instance's folder `calibration/`: what an operator measured on a machine of theirs. */
export const ownCalibrationSchema = z.strictObject({
  machine: z
    .string()
    .min(1)
    .describe("The flavour that the bridge ran on, as the catalogue names it"),
  measured: z.iso.date().describe("The day of the measurement"),
  by: z.string().min(1).describe("Who measured, and how, in a line"),
  points: z
    .array(
      z.strictObject({
        sentKilobytes: positive.describe("kB/s that the bridge sent, at a plateau"),
        sentPackets: positive.optional().describe("packets/s that it sent, where it was read"),
        cores: positive.max(1024).describe("Cores in use meanwhile"),
      }),
    )
    .min(1)
    .max(1000)
    .describe("One entry a load"),
});

export type OwnCalibration = Readonly<z.output<typeof ownCalibrationSchema>>;

/** What a bridge sends. */
export interface Sent {
  /** kB/s. */
  readonly kilobytes?: number | undefined;
  /** packets/s. */
  readonly packets?: number | undefined;
}

/** cores = idle + slope * x. */
export interface Line {
  readonly idle: number;
  readonly slope: number;
}

/** A machine whose operator measured it. */
export interface MeasuredMachine {
  /** Cores that it needed for each that the lines say, at most. */
  readonly factor: number;
  readonly source: string;
}

/** From what a bridge sends to the cores that it needs. */
export interface CoreModel {
  /** By kB/s. */
  readonly kilobytes: Line;
  /** By packets/s. */
  readonly packets: Line;
  /** Cores planned for each that the lines say, on a machine that nobody measured. */
  readonly margin: number;
  readonly machines: ReadonlyMap<string, MeasuredMachine>;
  /** The same on a measured one. */
  readonly marginMeasured: number;
  readonly source: string;
}

/** Voice and video streams that a bridge sends: everybody gets all voices, and at most last-N videos. */
export function streamsOf(at: Point): { readonly voices: number; readonly videos: number } {
  if (at.rooms === undefined || at.people === undefined)
    return { voices: 0, videos: at.streams ?? 0 };
  const { rooms, people, senders = people, lastN = people } = at;
  // Who sends gets one stream fewer: their own.
  const to = (most: number) =>
    senders * Math.min(most, senders - 1) + (people - senders) * Math.min(most, senders);
  return { voices: rooms * to(people), videos: rooms * to(lastN) };
}

/** packets/s that a bridge sends: measured, or counted as the series says. */
export function packetsOf(
  of: Series,
  at: Point,
  figures: Figures,
  bytesAPacket: number,
): number | undefined {
  if (at.sentPackets !== undefined) return at.sentPackets;
  if (of.packets === undefined) return undefined;
  const { voices, videos } = streamsOf(at);
  if ("perStream" in of.packets) return videos * of.packets.perStream;
  const { frameRate } = of.packets;
  const audio = figureOf(figures, "bitsAudio") / 8000;
  const bytes = (1000 * ((at.sentKilobytes ?? 0) - voices * audio)) / videos;
  return (
    voices * figureOf(figures, "packetsAudio") +
    videos * Math.max(frameRate, frameRate / 2 + bytes / bytesAPacket)
  );
}

/** Least squares of the relative error, so that a small load counts as much as a large one. */
function fitLine(points: readonly (readonly [x: number, cores: number])[]): Line {
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0];
  for (const [x, y] of points) {
    const weight = 1 / (y * y);
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
  }
  const slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  return { idle: (wy - slope * wx) / w, slope };
}

const along = (line: Line, x: number, bridges = 1): number => bridges * line.idle + line.slope * x;

/** The larger of what the two lines say: a bridge is bound by its bytes or by its packets. */
const byLines = (
  lines: Pick<CoreModel, "kilobytes" | "packets">,
  sent: Sent,
  bridges = 1,
): number =>
  Math.max(
    sent.kilobytes === undefined ? 0 : along(lines.kilobytes, sent.kilobytes, bridges),
    sent.packets === undefined ? 0 : along(lines.packets, sent.packets, bridges),
  );

/** One published point beside what each way of predicting it says. Cores, without margin. */
export interface Comparison {
  readonly series: Series;
  readonly point: Point;
  readonly packets: number | undefined;
  readonly streams: number;
  readonly by: {
    readonly streams: number | undefined;
    readonly packets: number | undefined;
    readonly kilobytes: number | undefined;
  };
  /** Cores that the planner plans for this load: the larger line, with the margin. */
  readonly planned: number;
  /** `planned` over what was measured. */
  readonly ratio: number;
}

/** The lines that are fitted, for the planner and for showing them side by side. */
export interface Fits {
  readonly streams: Line;
  readonly packets: Line;
  readonly kilobytes: Line;
}

/** Fits the three lines on the series that are marked `fit`. */
export function fitLines(calibration: Calibration, figures: Figures): Fits {
  const size = calibration.videoPacketBytes.value;
  const points = calibration.series
    .filter((one) => one.use === "fit")
    .flatMap((one) => one.points.map((at) => [one, at] as const));
  const line = (x: (of: Series, at: Point) => number | undefined) =>
    fitLine(points.map(([of, at]) => [x(of, at) ?? 0, at.cores]));
  return {
    streams: line((_, at) => streamsOf(at).videos),
    packets: line((of, at) => packetsOf(of, at, figures, size)),
    kilobytes: line((_, at) => at.sentKilobytes),
  };
}

/**
 * The model of a bridge's cores: two lines, fitted on the published series marked `fit`, and what an
 * operator's own measurements say about their machines.
 */
export function coreModel(
  calibration: Calibration,
  figures: Figures,
  own: readonly OwnCalibration[] = [],
): CoreModel {
  const { kilobytes, packets } = fitLines(calibration, figures);
  const machines = new Map<string, MeasuredMachine>();
  for (const { machine, measured, by, points } of own) {
    // Safe for each of their points: the largest factor counts, also over several files.
    const factors = points.map(
      (at) =>
        at.cores /
        byLines({ kilobytes, packets }, { kilobytes: at.sentKilobytes, packets: at.sentPackets }),
    );
    const factor = Math.max(...factors);
    const before = machines.get(machine);
    if (!before || factor > before.factor)
      machines.set(machine, { factor, source: `your own measurement of ${measured} (${by})` });
  }
  const fitted = calibration.series.filter((one) => one.use === "fit");
  return {
    kilobytes,
    packets,
    margin: figureOf(figures, "marginUnknown"),
    machines,
    marginMeasured: figureOf(figures, "marginMeasured"),
    source: fitted.map((one) => one.source).join("; "),
  };
}

/** Cores planned for each that the lines say. */
export function marginOf(model: CoreModel, machine?: string): number {
  const measured = machine === undefined ? undefined : model.machines.get(machine);
  return measured ? measured.factor * model.marginMeasured : model.margin;
}

/** Cores to plan for so many bridges that send this together. */
export const plannedCores = (model: CoreModel, sent: Sent, machine?: string, bridges = 1): number =>
  marginOf(model, machine) * byLines(model, sent, bridges);

/** The most that a bridge of so many cores may send, by each line, on its own. */
export function mostSent(
  model: CoreModel,
  cores: number,
  machine?: string,
): { readonly kilobytes: number; readonly packets: number } {
  const room = cores / marginOf(model, machine);
  const most = ({ idle, slope }: Line) => Math.max(0, (room - idle) / slope);
  return { kilobytes: most(model.kilobytes), packets: most(model.packets) };
}

/** Every published point beside its predictions. */
export function compare(calibration: Calibration, figures: Figures): Comparison[] {
  const fits = fitLines(calibration, figures);
  const model = coreModel(calibration, figures);
  return calibration.series.flatMap((of) =>
    of.points.map((at): Comparison => {
      const packets = packetsOf(of, at, figures, calibration.videoPacketBytes.value);
      const streams = streamsOf(at).videos;
      const planned = plannedCores(model, { kilobytes: at.sentKilobytes, packets });
      return {
        series: of,
        point: at,
        packets,
        streams,
        by: {
          streams: streams > 0 ? along(fits.streams, streams) : undefined,
          packets: packets === undefined ? undefined : along(fits.packets, packets),
          kilobytes:
            at.sentKilobytes === undefined ? undefined : along(fits.kilobytes, at.sentKilobytes),
        },
        planned,
        ratio: planned / at.cores,
      };
    }),
  );
}
