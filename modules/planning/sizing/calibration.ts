import { z } from "zod";
import { type Figures, figure, figureOf } from "./figures.ts";
import { type Sent, sentTo } from "./traffic.ts";

const positive = z.number().positive();
const count = z.int().positive();

const clip = z.strictObject({
  id: z.string(),
  title: z.string(),
  stageBits: positive,
  smallBits: positive,
  voiceBits: positive,
  /** Voices that one person gets at most. */
  voices: z.int().min(0),
  frameRate: positive,
  /** The lower end, where the traffic wasn't published. */
  least: z.strictObject({ stageBits: positive, smallBits: positive }).optional(),
  source: z.string(),
});

const point = z.strictObject({
  id: z.string(),
  /** Rooms on this one bridge. */
  rooms: count,
  /** People in each. */
  people: z.int().min(2),
  /** Of them, people who send voice and video; everybody when left out. */
  senders: count.optional(),
  lastN: count.optional(),
  /** kB/s that the bridge sent, where it was read. */
  sentKilobytes: positive.optional(),
  /** packets/s that the bridge sent, where it was read. */
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
  /** Whether the bridge was of 2020, which needed more for the same. */
  older: z.boolean().default(false),
  /** vCPU of the machine. */
  vcpus: count,
  clip: z.string(),
  /** What is wrong with the measurement. */
  wrong: z.string(),
  points: z.array(point).min(1),
});

/** The file of published measurements. */
export const calibrationSchema = z
  .strictObject({
    read: z.iso.date(),
    videoPacketBytes: figure,
    clips: z.array(clip).min(1),
    series: z.array(series).min(1),
    limits: z.array(
      z.strictObject({
        what: z.string(),
        value: z.string(),
        source: z.string(),
        wrong: z.string(),
      }),
    ),
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
          resolution: z.literal(720),
          lastN: count,
          microphones: count,
        }),
        packetsPerPerson: positive,
      }),
    ),
  })
  .refine(({ clips, series: all }) => all.every((one) => clips.some(({ id }) => id === one.clip)), {
    error: "a series names a clip that isn't there",
  });

export type Calibration = Readonly<z.output<typeof calibrationSchema>>;
type Clip = Calibration["clips"][number];
type Series = Calibration["series"][number];
type Point = Series["points"][number];

/** 100 Gbit/s: no machine of these fleets sends more. */
const MOST_KILOBYTES = 12_500_000;

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
        sentKilobytes: positive
          .max(MOST_KILOBYTES)
          .describe("kB/s that the bridge sent, at a plateau"),
        videos: z
          .int()
          .min(0)
          .max(1_000_000)
          .optional()
          .describe("Videos that it sent: to each person, as many as they got; none when left out"),
        cores: positive.max(1024).describe("Cores in use meanwhile"),
      }),
    )
    .min(1)
    .max(1000)
    .describe("One entry a load"),
});

export type OwnCalibration = Readonly<z.output<typeof ownCalibrationSchema>>;

/** A machine whose operator measured it. */
export interface MeasuredMachine {
  /** Cores that it needed for each that the model says, at most. */
  readonly factor: number;
  readonly source: string;
}

/** From what a bridge sends to the cores that it needs: scale * (weight in MB/s) ^ exponent. */
export interface CoreModel {
  readonly scale: number;
  readonly exponent: number;
  /** kB/s that each video counts on top of its bytes: what its packets cost. */
  readonly videoKilobytes: number;
  /** Cores that a bridge of 2020 took for each of a later one. For the comparison alone. */
  readonly older: number;
  /** Up to so many cores the curve was measured; beyond it each further core carries the same. */
  readonly measuredTo: number;
  /** Cores planned for each that the model says, on a machine that nobody measured. */
  readonly margin: number;
  readonly machines: ReadonlyMap<string, MeasuredMachine>;
  /** The same on a measured one. */
  readonly marginMeasured: number;
  readonly source: string;
}

/** What a bridge sends, by the clip of its test, from people and cameras alone. */
export function sentIn(at: Point, of: Clip, figures: Figures, bytesAPacket: number): Sent {
  const { rooms, people, senders = people, lastN = people } = at;
  // A video takes the larger of one packet a frame, and half of that and its bytes in whole packets.
  const packets = (bits: number) =>
    Math.max(of.frameRate, of.frameRate / 2 + bits / 8 / bytesAPacket);
  const voices = Math.min(of.voices, Math.max(0, senders - 1));
  const sent = sentTo({ people, senders, lastN }, (cameras) => {
    const stage = Math.min(1, cameras);
    const small = cameras - stage;
    return {
      videos: cameras,
      bits: stage * of.stageBits + small * of.smallBits + voices * of.voiceBits,
      packets:
        stage * packets(of.stageBits) +
        small * packets(of.smallBits) +
        voices * figureOf(figures, "packetsAudio"),
    };
  });
  return {
    videos: rooms * sent.videos,
    bits: rooms * sent.bits,
    packets: rooms * sent.packets,
  };
}

/** What decides how much a bridge works: its bytes, and each video's packets as bytes. kB/s. */
export const weightOf = (
  { videoKilobytes }: Pick<CoreModel, "videoKilobytes">,
  sent: { readonly kilobytes: number; readonly videos: number },
): number => sent.kilobytes + videoKilobytes * sent.videos;

type Curve = Pick<CoreModel, "scale" | "exponent" | "measuredTo">;

const weightAt = ({ scale, exponent }: Curve, cores: number): number =>
  1000 * (cores / scale) ** (1 / exponent);

/** Cores for a weight on one bridge, without margin. */
export function coresFor(curve: Curve, weight: number): number {
  const { scale, exponent, measuredTo } = curve;
  const most = weightAt(curve, measuredTo);
  return weight <= most ? scale * (weight / 1000) ** exponent : (measuredTo * weight) / most;
}

/** The weight that so many cores carry on one bridge, without margin. */
function weightFor(curve: Curve, cores: number): number {
  const { measuredTo } = curve;
  return cores <= measuredTo
    ? weightAt(curve, cores)
    : (weightAt(curve, measuredTo) * cores) / measuredTo;
}

interface Row {
  readonly kilobytes: number;
  readonly videos: number;
  readonly older: boolean;
  readonly cores: number;
}

/** Solves a small system by Gauss; the matrix is symmetric and positive. */
function solve(matrix: number[][], right: number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 0; i < n; i++)
    for (let k = i + 1; k < n; k++) {
      const by = at(k, i) / at(i, i);
      rows[k] = (rows[k] ?? []).map((value, j) => value - by * at(i, j));
    }
  const found = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let rest = at(i, n);
    for (let j = i + 1; j < n; j++) rest -= at(i, j) * (found[j] ?? 0);
    found[i] = rest / at(i, i);
  }
  return found;
}

/** Least squares of the logarithm, so that a small load counts as much as a large one. */
function fitAt(rows: readonly Row[], videoKilobytes: number) {
  const lines = rows.map((row) => ({
    of: [1, Math.log(weightOf({ videoKilobytes }, row) / 1000), row.older ? 1 : 0] as const,
    cores: Math.log(row.cores),
  }));
  const three = [0, 1, 2] as const;
  const matrix = three.map((i) =>
    three.map((j) => lines.reduce((sum, { of }) => sum + of[i] * of[j], 0)),
  );
  const right = three.map((i) => lines.reduce((sum, { of, cores }) => sum + of[i] * cores, 0));
  const found = solve(matrix, right);
  const error = lines.reduce((sum, { of, cores }) => {
    const predicted = of.reduce((total, x, i) => total + x * (found[i] ?? 0), 0);
    return sum + (predicted - cores) ** 2;
  }, 0);
  const [scale = 0, exponent = 0, older = 0] = found;
  return { scale: Math.exp(scale), exponent, older: Math.exp(older), videoKilobytes, error };
}

/** What the points say that the model is fitted on. */
export type Fit = Omit<ReturnType<typeof fitAt>, "error">;

/** Fits the curve on the series that are marked `fit`, but not on points at their limit. */
export function fitCurve(calibration: Calibration, figures: Figures): Fit {
  const rows = calibration.series
    .filter((one) => one.use === "fit")
    .flatMap((one) =>
      one.points
        .filter((at) => !at.saturated && at.exception === undefined)
        .map((at): Row => {
          const sent = sentIn(
            at,
            clipOf(calibration, one),
            figures,
            calibration.videoPacketBytes.value,
          );
          return {
            kilobytes: sent.bits / 8000,
            videos: sent.videos,
            older: one.older,
            cores: at.cores,
          };
        }),
    );
  // Golden section: the error has one lowest point between none and 100 kB/s a video.
  const part = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [0, 100];
  for (let i = 0; i < 60; i++) {
    const [a, b] = [high - part * (high - low), low + part * (high - low)];
    if (fitAt(rows, a).error < fitAt(rows, b).error) high = b;
    else low = a;
  }
  const { error: _, ...fit } = fitAt(rows, (low + high) / 2);
  return fit;
}

function clipOf(calibration: Calibration, of: Series): Clip {
  const found = calibration.clips.find(({ id }) => id === of.clip);
  if (!found) throw new RangeError(`no clip ${of.clip}`);
  return found;
}

/**
 * The model of a bridge's cores, fitted on the published series marked `fit`, and what an operator's
 * own measurements say about their machines.
 *
 * @param fit what `fitCurve` gave for both before
 */
export function coreModel(
  calibration: Calibration,
  figures: Figures,
  own: readonly OwnCalibration[] = [],
  fit: Fit = fitCurve(calibration, figures),
): CoreModel {
  const curve = {
    ...fit,
    measuredTo: figureOf(figures, "coresMeasured"),
  };
  const machines = new Map<string, MeasuredMachine>();
  for (const { machine, measured, by, points } of own) {
    // Safe for each of their points: the largest factor counts, also over several files.
    const factor = Math.max(
      ...points.map(
        ({ sentKilobytes, videos = 0, cores }) =>
          cores / coresFor(curve, weightOf(curve, { kilobytes: sentKilobytes, videos })),
      ),
    );
    const before = machines.get(machine);
    if (!before || factor > before.factor)
      machines.set(machine, { factor, source: `your own measurement of ${measured} (${by})` });
  }
  return {
    ...curve,
    margin: figureOf(figures, "margin"),
    machines,
    marginMeasured: figureOf(figures, "marginMeasured"),
    source: calibration.series
      .filter((one) => one.use === "fit")
      .map((one) => one.source)
      .join("; "),
  };
}

/** Cores planned for each that the curve says. */
export function marginOf(model: CoreModel, machine?: string): number {
  const measured = machine === undefined ? undefined : model.machines.get(machine);
  return measured ? measured.factor * model.marginMeasured : model.margin;
}

/** Cores to plan for one bridge that carries this weight. */
export const plannedCores = (model: CoreModel, weight: number, machine?: string): number =>
  marginOf(model, machine) * coresFor(model, weight);

/** The most weight that a bridge of so many cores may carry. kB/s. */
export const mostWeight = (model: CoreModel, cores: number, machine?: string): number =>
  weightFor(model, cores / marginOf(model, machine));

/** One published point beside what the planner plans for its people and cameras. */
export interface Comparison {
  readonly series: Series;
  readonly point: Point;
  readonly clip: Clip;
  /** By the clip: videos, kB/s and packets/s out. */
  readonly videos: number;
  readonly kilobytes: number;
  readonly packets: number;
  /** Cores planned, with the margin. */
  readonly planned: number;
  /** `planned` over what was measured. */
  readonly ratio: number;
  /** The lower end of both, where the clip's traffic is a range. */
  readonly least?: { readonly planned: number; readonly ratio: number };
}

/** Every published point, from people and cameras to planned cores. */
export function compare(calibration: Calibration, figures: Figures): Comparison[] {
  const model = coreModel(calibration, figures);
  const size = calibration.videoPacketBytes.value;
  return calibration.series.flatMap((of) => {
    const from = clipOf(calibration, of);
    return of.points.map((at): Comparison => {
      const by = (traffic: Clip) => {
        const sent = sentIn(at, traffic, figures, size);
        const kilobytes = sent.bits / 8000;
        const weight = weightOf(model, { kilobytes, videos: sent.videos });
        const planned = (of.older ? model.older : 1) * plannedCores(model, weight);
        return { ...sent, kilobytes, planned, ratio: planned / at.cores };
      };
      const most = by(from);
      const least = from.least && by({ ...from, ...from.least });
      return {
        series: of,
        point: at,
        clip: from,
        videos: most.videos,
        kilobytes: most.kilobytes,
        packets: most.packets,
        planned: most.planned,
        ratio: most.ratio,
        ...(least && { least: { planned: least.planned, ratio: least.ratio } }),
      };
    });
  });
}

/** What the planner promises of every point: this many times what was measured, and in the median. */
export const PROMISE = { least: 1, most: 1.8, median: 1.4 };

/** Planned over measured; of a range, its part that is nearest to what was measured but not below. */
export const scoreOf = ({ ratio, least }: Comparison): number =>
  least ? Math.min(ratio, Math.max(PROMISE.least, least.ratio)) : ratio;

/**
 * Whether a point is planned as promised. One at its limit needed more than was measured, nobody knows
 * how much: only the lower bound can be held.
 */
export function asPromised(one: Comparison): boolean {
  const score = scoreOf(one);
  return score >= PROMISE.least && (one.point.saturated || score <= PROMISE.most);
}
