// Runs in each page before the page's own programs: counts the pictures of other people that are decoded, and keeps the
// page's connections, so that a test can ask them how media comes. RELAY (`turn:` or `turns:`) is set before it by who wants no other way.
(() => {
  const PACE = 100;
  const connections = [];
  const Native = window.RTCPeerConnection;
  const limited = (configuration) =>
    window.RELAY
      ? {
          ...configuration,
          iceTransportPolicy: "relay",
          iceServers: (configuration?.iceServers ?? []).filter(({ urls }) =>
            `${urls}`.startsWith(window.RELAY),
          ),
        }
      : configuration;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration, ...rest) {
      super(limited(configuration), ...rest);
      connections.push(this);
    }
    setConfiguration(configuration) {
      super.setConfiguration(limited(configuration));
    }
  };

  const recorder = { connections, stills: [], last: undefined, seen: "" };
  const videos = () =>
    [...document.querySelectorAll("video[id^=remoteVideo]")].filter((one) => one.videoWidth > 0);
  // Any change counts: after a move the element is another one, and counts from nought.
  setInterval(() => {
    const frames = videos().map((one) => one.getVideoPlaybackQuality().totalVideoFrames);
    const seen = frames.join(" ");
    const now = performance.now();
    const moves = frames.length > 0 && seen !== recorder.seen;
    recorder.seen = seen;
    if (recorder.last === undefined) return;
    if (!moves) return;
    recorder.note(now);
    recorder.last = now;
  }, PACE);
  /** Notes the time since the last picture, if somebody would see it: a second. */
  recorder.note = (now) => {
    const ms = Math.round(now - recorder.last);
    if (ms >= 1000) recorder.stills.push({ until: new Date().toISOString().slice(11, 19), ms });
  };
  recorder.begin = () => {
    recorder.stills = [];
    recorder.last = performance.now();
  };
  /** The pairs of candidates by which media goes. */
  recorder.pairs = async () => {
    const found = [];
    for (const connection of connections.filter((one) => one.connectionState === "connected")) {
      const stats = await connection.getStats();
      for (const pair of stats.values()) {
        if (pair.type !== "candidate-pair" || !pair.nominated || pair.state !== "succeeded")
          continue;
        const [local, remote] = [
          stats.get(pair.localCandidateId),
          stats.get(pair.remoteCandidateId),
        ];
        found.push({
          type: local.candidateType,
          by: local.relayProtocol ?? local.protocol,
          url: local.url ?? "",
          remote: `${remote.address}:${remote.port}`,
        });
      }
    }
    return found;
  };
  /** Each pair of candidates that was ever usable, and what went by it: for who looks why nothing came. */
  recorder.traffic = async () => {
    const found = [];
    for (const connection of connections) {
      const stats = await connection.getStats();
      for (const pair of stats.values()) {
        if (pair.type !== "candidate-pair" || !(pair.nominated || pair.responsesReceived > 0))
          continue;
        const [local, remote] = [
          stats.get(pair.localCandidateId),
          stats.get(pair.remoteCandidateId),
        ];
        const { state, nominated, packetsSent, packetsReceived, responsesReceived } = pair;
        found.push({
          ...{ connection: connection.connectionState, state, nominated },
          ...{ packetsSent, packetsReceived, responsesReceived },
          way: `${local?.candidateType} ${local?.url ?? ""} ${local?.port} to ${remote?.address}:${remote?.port}`,
        });
      }
    }
    return found;
  };
  /** Pictures of other people that came, and of them those that could be decoded. */
  recorder.frames = async () => {
    const frames = { received: 0, decoded: 0 };
    for (const connection of connections.filter((one) => one.connectionState === "connected"))
      for (const stream of (await connection.getStats()).values()) {
        if (stream.type !== "inbound-rtp" || stream.kind !== "video") continue;
        frames.received += stream.framesReceived ?? 0;
        frames.decoded += stream.framesDecoded ?? 0;
      }
    return frames;
  };
  window.recorder = recorder;
})();
