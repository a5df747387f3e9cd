import type { Instance, MeetingKind } from "../instance/index.ts";
import { type FigureName, type Figures, figureOf } from "./figures.ts";

/** What one kind of meeting, all its rooms together, does to the bridges. Growth not included. */
export interface Load {
  readonly kind: string;
  readonly rooms: number;
  readonly people: number;
  /** Videos that one person receives. */
  readonly streamsPerPerson: number;
  /** Videos that leave the bridges. */
  readonly streams: number;
  /** packets/s that one person is sent. */
  readonly packetsToEach: number;
  readonly packetsInPerSecond: number;
  readonly packetsOutPerSecond: number;
  readonly bitsInPerSecond: number;
  readonly bitsOutPerSecond: number;
  /** bit/s that one person receives, and sends. */
  readonly bitsDownPerPerson: number;
  readonly bitsUpPerSender: number;
  readonly joinsPerSecond: number;
  /** Bridges that one room needs by people: over one, bridges relay to each other. */
  readonly bridgesPerRoom: number;
}

type Codecs = Instance["demand"]["codecs"];

/** Bit rate of a video layer, averaged over the codecs that people send. */
function layer(figures: Figures, codecs: Codecs, height: "low" | "standard" | "high"): number {
  return Object.entries(codecs).reduce(
    (sum, [codec, share]) =>
      sum + (share ?? 0) * figureOf(figures, `${height}${codec}` as FigureName),
    0,
  );
}

/**
 * The load of one kind of meeting, by the bridge's own packet rates and the client's own bit rates.
 * On the safe side: the stage shows the high layer, every tile the standard one.
 */
export function loadOf(meeting: MeetingKind, codecs: Codecs, figures: Figures): Load {
  const f = (name: FigureName) => figureOf(figures, name);
  const n = meeting.participants;
  const senders = meeting.cameras === "all" ? n : meeting.cameras === "none" ? 0 : meeting.cameras;
  const videos = Math.min(meeting.lastN, senders, n - 1);
  const screen = meeting.screenShare ? 1 : 0;
  const stage = meeting.layout === "stage" && videos > 0 ? 1 : 0;
  const small = videos - stage;
  const audio = Math.min(meeting.microphones, n);
  const bits = (height: "low" | "standard" | "high") => layer(figures, codecs, height);

  const packetsDown =
    (stage + screen) * f("packetsHd") +
    small * (meeting.layout === "stage" ? f("packetsLd") : f("packetsSd")) +
    audio * f("packetsAudio");
  const packetsIn =
    senders * f("packetsSimulcast") + screen * f("packetsHd") + audio * f("packetsAudio");
  const bitsDown =
    stage * bits("high") +
    small * (meeting.layout === "stage" ? bits("low") : bits("standard")) +
    screen * f("bitsScreen") +
    audio * f("bitsAudio");
  const bitsUp = bits("low") + bits("standard") + bits("high");
  const bridgesPerRoom = Math.ceil(n / f("bridgeRoomPeople"));
  // Each further bridge of a room gets every source once and sends its own once.
  const relayed = (bridgesPerRoom - 1) * packetsIn;
  const relayedBits = (bridgesPerRoom - 1) * (senders * bitsUp + screen * f("bitsScreen"));
  const rooms = meeting.simultaneous;
  return {
    kind: meeting.kind,
    rooms,
    people: rooms * n,
    streamsPerPerson: videos + screen,
    streams: rooms * n * (videos + screen),
    packetsToEach: packetsDown,
    packetsInPerSecond: rooms * (packetsIn + relayed),
    packetsOutPerSecond: rooms * (n * packetsDown + relayed),
    bitsInPerSecond:
      rooms * (senders * bitsUp + screen * f("bitsScreen") + audio * f("bitsAudio") + relayedBits),
    bitsOutPerSecond: rooms * (n * bitsDown + relayedBits),
    bitsDownPerPerson: bitsDown,
    bitsUpPerSender: bitsUp + f("bitsAudio"),
    joinsPerSecond: Math.min(rooms * f("joinsPerRoom"), rooms * n),
    bridgesPerRoom,
  };
}
