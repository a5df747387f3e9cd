import { z } from "zod";

/** One number with its unit and its source. */
export const figure = z.strictObject({
  value: z.number().positive(),
  unit: z.string(),
  source: z.string(),
  assumed: z.boolean().default(false),
});

const NAMES = [
  "packetsHd",
  "packetsSd",
  "packetsLd",
  "packetsAudio",
  "packetsSimulcast",
  "bitsAudio",
  "bitsScreen",
  "lowAV1",
  "lowVP9",
  "lowVP8",
  "lowH264",
  "standardAV1",
  "standardVP9",
  "standardVP8",
  "standardH264",
  "highAV1",
  "highVP9",
  "highVP8",
  "highH264",
  "fullHdAV1",
  "fullHdVP9",
  "fullHdVP8",
  "fullHdH264",
  "pictureHeaders",
  "tilesLarge",
  "bridgeFull",
  "bridgeUse",
  "bridgeRoomPeople",
  "bridgeVcpus",
  "bridgeRam",
  "coresMeasured",
  "margin",
  "marginMeasured",
  "bridgeCoresUseful",
  "ramPerKilobyte",
  "ramIdle",
  "heapShare",
  "networkBits",
  "networkUse",
  "controlPeople",
  "roomPeople",
  "hostVcpus",
  "shardsMost",
  "bridgesMost",
  "turnsMost",
  "lastNClient",
  "controlVcpus",
  "controlRam",
  "joinsPerRoom",
  "turnPorts",
  "turnVcpus",
  "turnRam",
  "singleVcpus",
  "singleRam",
  "singleProcessor",
  "singleHeap",
  "monitorVcpus",
  "monitorRam",
  "edgeVcpus",
  "edgeRam",
  "diskSystem",
  "volumeControl",
  "logsPerHostDay",
  "geekbenchSingle",
  "geekbenchCore",
  "controlLossMinutes",
  "vat",
] as const;

export type FigureName = (typeof NAMES)[number];

/** The file of figures: every number that the planner uses, dated, each with its source. */
export const figuresSchema = z.strictObject({
  read: z.iso.date(),
  figures: z.record(z.enum(NAMES), figure),
});

export type Figures = Readonly<z.output<typeof figuresSchema>>;

/** The value of a figure. */
export const figureOf = (figures: Figures, name: FigureName): number => figures.figures[name].value;
