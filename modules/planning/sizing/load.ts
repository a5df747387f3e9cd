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

/** Highest bit rate of each video layer, averaged over the codecs that people send. */
function layersOf(figures: Figures, codecs: Codecs): Readonly<Record<Layer, number>> {
  const bits = { low: 0, standard: 0, high: 0, fullHd: 0 };
  for (const [codec, share = 0] of Object.entries(codecs))
    for (const height of LAYERS)
      bits[height] += share * figureOf(figures, `${height}${codec}` as FigureName);
  return bits;
}

/**
 * What one person gets who is shown so many cameras, by the client's own highest rates. On a stage: one
 * in the largest picture that cameras send, the others at 180 lines; a shared screen takes the stage.
 * In tiles: up to four at 360 lines, more at 180, and no less than four took; a shared screen beside them.
 */
function viewOf(
  meeting: MeetingKind,
  bits: Readonly<Record<Layer, number>>,
  figures: Figures,
  cameras: number,
): Sent {
  const voices = Math.min(meeting.microphones, meeting.participants);
  const screen = meeting.screenShare ? 1 : 0;
  const [low, full] = [figureOf(figures, "packetsLd"), figureOf(figures, "packetsHd")];
  const packets = {
    low,
    standard: figureOf(figures, "packetsSd"),
    high: full,
    fullHd: full,
  };
  const top = LARGEST[meeting.resolution];
  const tile = top === "low" ? "low" : "standard";
  const tiles = Math.min(cameras, figureOf(figures, "tilesLarge"));
  const stage = cameras > 0 ? 1 : 0;
  const small = cameras - (screen === 1 ? 0 : stage);
  const pictures = (of: Readonly<Record<Layer, number>>, ofScreen: number) =>
    meeting.layout === "tile"
      ? screen * ofScreen + Math.max(tiles * of[tile], cameras * of.low)
      : Math.max(screen * ofScreen, stage * of[top]) + small * of.low;
  return {
    videos: cameras + screen,
    bits: pictures(bits, figureOf(figures, "bitsScreen")) + voices * figureOf(figures, "bitsAudio"),
    packets: pictures(packets, full) + voices * figureOf(figures, "packetsAudio"),
  };
}

/** The load of one kind of meeting, from its people and cameras. */
export function loadOf(meeting: MeetingKind, codecs: Codecs, figures: Figures): Load {
  const f = (name: FigureName) => figureOf(figures, name);
  const n = meeting.participants;
  const senders = meeting.cameras === "all" ? n : meeting.cameras === "none" ? 0 : meeting.cameras;
  const voices = Math.min(meeting.microphones, n);
  const screen = meeting.screenShare ? 1 : 0;
  const room = { people: n, senders, lastN: meeting.lastN };
  const bits = layersOf(figures, codecs);
  const view = (cameras: number) => viewOf(meeting, bits, figures, cameras);
  const sent = sentTo(room, view);
  const { sender, watcher } = videosTo(room);
  const most = view(Math.max(sender, watcher));

  const packetsIn =
    senders * f("packetsSimulcast") + screen * f("packetsHd") + voices * f("packetsAudio");
  const layers = LAYERS.slice(0, LAYERS.indexOf(LARGEST[meeting.resolution]) + 1);
  // A camera sends three layers at most: with 1080 lines the one of 720 isn't sent.
  const camera = layers
    .filter((height) => layers.length < 4 || height !== "high")
    .reduce((sum, height) => sum + bits[height], 0);
  const bitsIn = senders * camera + screen * f("bitsScreen") + voices * f("bitsAudio");
  const bridgesPerRoom = Math.ceil(n / f("bridgeRoomPeople"));
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
    bitsUpPerSender: camera + screen * f("bitsScreen") + f("bitsAudio"),
    bitsWithPeople: rooms * (sent.bits + bitsIn),
    joinsPerSecond: Math.min(rooms * f("joinsPerRoom"), rooms * n),
    bridgesPerRoom,
  };
}
