import { describe, expect, it } from "vitest";
import { loadCalibration, loadFigures } from "../../workspace/index.ts";
import {
  asPromised,
  type Calibration,
  compare,
  coreModel,
  fitCurve,
  loadOf,
  PROMISE,
  plannedCores,
  scoreOf,
} from "./index.ts";

const figures = loadFigures();
const calibration = loadCalibration();
const all = compare(calibration, figures);
const scored = all.filter(({ series }) => series.use !== "shown");

describe("planned, from people and cameras alone, against measured", () => {
  it("promises 1.0 to 1.8 times of each point, and at most 1.4 in the median", () => {
    expect(PROMISE).toEqual({ least: 1, most: 1.8, median: 1.4 });
  });

  it.each(scored.map((one) => [one.point.id, one] as const))("%s", (_, one) => {
    if (one.point.exception) {
      expect(asPromised(one)).toBe(false);
      return;
    }
    expect(scoreOf(one)).toBeGreaterThanOrEqual(1);
    if (!one.point.saturated) expect(scoreOf(one)).toBeLessThanOrEqual(1.8);
  });

  it("keeps the median, of the points held out, too", () => {
    for (const of of [scored, scored.filter(({ series }) => series.use === "held-out")]) {
      const scores = of
        .filter(({ point }) => !point.saturated && !point.exception)
        .map(scoreOf)
        .sort((a, b) => a - b);
      expect(scores[Math.floor(scores.length / 2)]).toBeLessThanOrEqual(1.4);
    }
  });

  it("has one exception, which no plan can keep: the same meeting measured at 1.8 and at 3.5", () => {
    const exceptions = scored.filter(({ point }) => point.exception);
    expect(exceptions.map(({ point }) => point.id)).toEqual(["hpi-16-last5-8cores"]);
    const [one] = exceptions;
    const twin = scored.find(({ point }) => point.id === "hpi-16-last5");
    const same = (point: (typeof scored)[number]["point"] | undefined) =>
      [point?.rooms, point?.people, point?.senders, point?.lastN].join();
    expect(same(twin?.point)).toBe(same(one?.point));
    expect((twin?.point.cores ?? 0) / (one?.point.cores ?? 1)).toBeGreaterThan(PROMISE.most);
  });

  it("has more points held out than fitted, and every point as it was published", () => {
    const used = (use: string) => scored.filter(({ series }) => series.use === use).length;
    expect(used("held-out")).toBeGreaterThan(2 * used("fit"));
    const cores = (series: string) =>
      all.filter((one) => one.series.id === series).map((one) => one.point.cores);
    expect(cores("openfun-rooms")).toEqual([0.83, 0.9, 1.21, 1.41, 1.6, 1.87, 2.14]);
    expect(cores("openfun-room")).toEqual([1.45, 2.36, 2.5, 3.36, 3.5]);
    expect([...cores("hpi"), ...cores("hpi-last5"), ...cores("hpi-rooms")]).toEqual([
      1.9, 3.5, 4, 1.9, 3.5, 4, 4.3, 1.8, 2.5, 3.9,
    ]);
    expect(cores("aws-pairs")).toEqual([3.2, 4.8, 6.4]);
  });

  it("is fitted on the marked series alone: the others may change and nothing moves", () => {
    const without: Calibration = {
      ...calibration,
      series: calibration.series.filter(({ use }) => use === "fit"),
    };
    expect(fitCurve(without, figures)).toEqual(fitCurve(calibration, figures));
  });

  it("predicts the traffic of each clip, too: within a half of what was read, where nothing throttled", () => {
    for (const { point, kilobytes, series } of scored)
      if (point.sentKilobytes !== undefined && !point.saturated && series.id !== "openfun-rooms") {
        expect(kilobytes / point.sentKilobytes).toBeGreaterThan(0.66);
        expect(kilobytes / point.sentKilobytes).toBeLessThan(1.5);
      }
  });

  it.each(calibration.checks.map((check) => [check.id, check] as const))("%s is exact", (_, c) => {
    const load = loadOf(c.meeting, { VP8: 1 }, figures);
    expect(load.packetsToEach).toBe(c.packetsPerPerson);
  });
});

describe("an operator's own measurement", () => {
  const own = (cores: number, machine = "eigen.4") => ({
    machine,
    measured: "2026-11-20",
    by: "Noor Bakker, malleus",
    points: [
      { sentKilobytes: 5000, videos: 200, cores: cores / 2 },
      { sentKilobytes: 10_000, videos: 400, cores },
    ],
  });
  /** 10,000 kB/s and 400 videos. */
  const weight = 10_000 + 400 * coreModel(calibration, figures).videoKilobytes;

  it("counts for its machine alone, and is never planned below", () => {
    const model = coreModel(calibration, figures, [own(1.5)]);
    expect(plannedCores(model, weight, "eigen.4")).toBeGreaterThanOrEqual(1.5);
    expect(plannedCores(model, weight, "eigen.4")).toBeLessThan(plannedCores(model, weight));
    expect(plannedCores(model, weight, "other")).toBe(plannedCores(model, weight));
  });

  it("makes a slow machine slow, by its worst point", () => {
    const model = coreModel(calibration, figures, [own(1.5), own(9)]);
    expect(plannedCores(model, weight, "eigen.4")).toBeGreaterThan(9);
  });
});
