import type { Instance, MeetingKind } from "../instance/index.ts";
import { type FigureName, type Figures, figureOf } from "./figures.ts";
import { type Sent, sentTo, videosTo } from "./traffic.ts";

/** What one kind of meeting, all its rooms together, does to the bridges. Growth not included. */
export interface Load {
  readonly kind: string;
  readonly rooms: number;
  readonly people: number;
  /** Videos that one person receives at most, a shared screen included. */
  readonly streamsPerPerson: number;
  /** Videos that leave the bridges, those to other bridges included. */
  readonly streams: number;
  /** packets/s that one person is sent at most. */
  readonly packetsToEach: number;
  readonly packetsInPerSecond: number;
  readonly packetsOutPerSecond: number;
  readonly bitsInPerSecond: number;
  readonly bitsOutPerSecond: number;
  /** bit/s that one person receives, and sends, at most. */
  readonly bitsDownPerPerson: number;
  readonly bitsUpPerSender: number;
  /** bit/s to and from all people: of this, relays carry their share. */
  readonly bitsWithPeople: number;
  readonly joinsPerSecond: number;
  /** Bridges that one room needs by people: over one, bridges relay to each other. */
  readonly bridgesPerRoom: number;
}

type Codecs = Instance["demand"]["codecs"];
type Layer = "low" | "standard" | "high" | "fullHd";

/** The layer of a camera's largest picture. */
const LARGEST: Readonly<Record<MeetingKind["resolution"], Layer>> = {
  180: "low",
  360: "standard",
  720: "high",
  1080: "fullHd",
};
const LAYERS: readonly Layer[] = ["low", "standard", "high", "fullHd"];

/** The figure of each codec's highest bit rate, by layer. */
const BITS_OF = {
  AV1: { low: "lowAV1", standard: "standardAV1", high: "highAV1", fullHd: "fullHdAV1" },
  VP9: { low: "lowVP9", standard: "standardVP9", high: "highVP9", fullHd: "fullHdVP9" },
  VP8: { low: "lowVP8", standard: "standardVP8", high: "highVP8", fullHd: "fullHdVP8" },
  H264: { low: "lowH264", standard: "standardH264", high: "highH264", fullHd: "fullHdH264" },
} as const satisfies Record<string, Record<Layer, FigureName>>;
const CODECS = ["AV1", "VP9", "VP8", "H264"] as const satisfies readonly (keyof typeof BITS_OF)[];

/** The figures of traffic, read once for all meetings; bit rates as a bridge counts them, headers included. */
interface Rates {
  /** Highest bit rate of each video layer, averaged over the codecs that people send. */
  readonly bits: Readonly<Record<Layer, number>>;
  readonly packets: Readonly<Record<Layer, number>>;
  readonly packetsAudio: number;
  readonly packetsSimulcast: number;
  readonly bitsAudio: number;
  readonly bitsScreen: number;
  readonly tilesLarge: number;
  readonly bridgeRoomPeople: number;
  readonly joinsPerRoom: number;
}

function ratesOf(figures: Figures, codecs: Codecs): Rates {
  const f = (name: FigureName) => figureOf(figures, name);
  const bits = { low: 0, standard: 0, high: 0, fullHd: 0 };
  const headers = f("pictureHeaders");
  for (const codec of CODECS) {
    const share = (codecs[codec] ?? 0) * headers;
    if (share > 0) for (const height of LAYERS) bits[height] += share * f(BITS_OF[codec][height]);
  }
  const full = f("packetsHd");
  return {
    bits,
    packets: { low: f("packetsLd"), standard: f("packetsSd"), high: full, fullHd: full },
    packetsAudio: f("packetsAudio"),
    packetsSimulcast: f("packetsSimulcast"),
    bitsAudio: f("bitsAudio"),
    bitsScreen: f("bitsScreen") * headers,
    tilesLarge: f("tilesLarge"),
    bridgeRoomPeople: f("bridgeRoomPeople"),
    joinsPerRoom: f("joinsPerRoom"),
  };
}

/**
 * What one person gets who is shown so many cameras, by the client's own highest rates. On a stage: one
 * in the largest picture that cameras send, the others at 180 lines; a shared screen takes the stage.
 * In tiles: up to four at 360 lines, more at 180, and no less than four took; a shared screen beside them.
 */
function viewOf(meeting: MeetingKind, rates: Rates, cameras: number): Sent {
  const voices = Math.min(meeting.microphones, meeting.participants);
  const screen = meeting.screenShare ? 1 : 0;
  const top = LARGEST[meeting.resolution];
  const tile = top === "low" ? "low" : "standard";
  const tiles = Math.min(cameras, rates.tilesLarge);
  const stage = cameras > 0 ? 1 : 0;
  const small = cameras - (screen === 1 ? 0 : stage);
  const pictures = (of: Readonly<Record<Layer, number>>, ofScreen: number) =>
    meeting.layout === "tile"
      ? screen * ofScreen + Math.max(tiles * of[tile], cameras * of.low)
      : Math.max(screen * ofScreen, stage * of[top]) + small * of.low;
  return {
    videos: cameras + screen,
    bits: pictures(rates.bits, rates.bitsScreen) + voices * rates.bitsAudio,
    packets: pictures(rates.packets, rates.packets.high) + voices * rates.packetsAudio,
  };
}

/** The load of one kind of meeting, from its people and cameras. */
export const loadOf = (meeting: MeetingKind, codecs: Codecs, figures: Figures): Load =>
  loadAt(meeting, ratesOf(figures, codecs));

/** The same for several kinds. */
export function loadsOf(
  meetings: readonly MeetingKind[],
  codecs: Codecs,
  figures: Figures,
): Load[] {
  const rates = ratesOf(figures, codecs);
  return meetings.map((meeting) => loadAt(meeting, rates));
}

/** Layers that a camera sends: three at most, so with 1080 lines the one of 720 isn't sent. */
const SENT: Readonly<Record<MeetingKind["resolution"], readonly Layer[]>> = {
  180: ["low"],
  360: ["low", "standard"],
  720: ["low", "standard", "high"],
  1080: ["low", "standard", "fullHd"],
};

function loadAt(meeting: MeetingKind, rates: Rates): Load {
  const n = meeting.participants;
  const senders = meeting.cameras === "all" ? n : meeting.cameras === "none" ? 0 : meeting.cameras;
  const voices = Math.min(meeting.microphones, n);
  const screen = meeting.screenShare ? 1 : 0;
  const room = { people: n, senders, lastN: meeting.lastN };
  const view = (cameras: number) => viewOf(meeting, rates, cameras);
  const sent = sentTo(room, view);
  const { sender, watcher } = videosTo(room);
  const most = view(Math.max(sender, watcher));

  const packetsIn =
    senders * rates.packetsSimulcast + screen * rates.packets.high + voices * rates.packetsAudio;
  const camera = SENT[meeting.resolution].reduce((sum, height) => sum + rates.bits[height], 0);
  const bitsIn = senders * camera + screen * rates.bitsScreen + voices * rates.bitsAudio;
  const bridgesPerRoom = Math.ceil(n / rates.bridgeRoomPeople);
  // Each further bridge of a room gets every source once and sends its own once.
  const links = bridgesPerRoom - 1;
  const rooms = meeting.simultaneous;
  return {
    kind: meeting.kind,
    rooms,
    people: rooms * n,
    streamsPerPerson: most.videos,
    streams: rooms * (sent.videos + links * (senders + screen)),
    packetsToEach: most.packets,
    packetsInPerSecond: rooms * (packetsIn + links * packetsIn),
    packetsOutPerSecond: rooms * (sent.packets + links * packetsIn),
    bitsInPerSecond: rooms * (bitsIn + links * bitsIn),
    bitsOutPerSecond: rooms * (sent.bits + links * bitsIn),
    bitsDownPerPerson: most.bits,
    bitsUpPerSender: camera + screen * rates.bitsScreen + rates.bitsAudio,
    bitsWithPeople: rooms * (sent.bits + bitsIn),
    joinsPerSecond: Math.min(rooms * rates.joinsPerRoom, rooms * n),
    bridgesPerRoom,
  };
}
