import { alarmProbes } from "./alarms/probes.ts";
import { driftProbes } from "./hosts/drift.ts";
import { egressProbes } from "./hosts/egress.ts";
import { httpProbes } from "./http/probes.ts";
import { portProbes } from "./ports/probes.ts";
import type { Probe } from "./probe.ts";
import { sshProbes } from "./ssh/probes.ts";
import { certificateProbes, halfHandshakeProbe, tlsProbes } from "./tls/probes.ts";
import { turnProbes } from "./turn/probes.ts";
import { xmppProbes } from "./xmpp/probes.ts";

/** All probes, in the order in which they run and are reported. */
export const PROBES: readonly Probe[] = [
  ...portProbes,
  ...tlsProbes,
  halfHandshakeProbe,
  ...httpProbes,
  ...xmppProbes,
  ...turnProbes,
  ...sshProbes,
  ...egressProbes,
  ...driftProbes,
  ...certificateProbes,
  ...alarmProbes,
];
