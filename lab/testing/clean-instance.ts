import { neverIssued, seeded } from "../../modules/enumeration/index.ts";
import type { EnumerationQuestion } from "../../modules/probes/index.ts";
import { type MeetingServer, startMeetingServer } from "./meeting-server.ts";

const DOMAIN = "vergaderen.proefdorp.example";
const random = seeded(2024);
const [live, own, ended, revoked, waiting] = Array.from({ length: 5 }, () => neverIssued(random));
const TOKENS = { "a-moderator": live, "a-guest": live, "an-attacker": own } as Record<
  string,
  string
>;

/** Prosody with or without a stand-in of the gate. */
export const startInstance = (gate: boolean): Promise<MeetingServer> =>
  startMeetingServer(DOMAIN, gate ? TOKENS : undefined);

/** What is asked of it, at rates that are raised: nothing limits them on loopback. */
export const questionOf = (
  { door }: MeetingServer,
  over: Partial<EnumerationQuestion> = {},
): EnumerationQuestion => ({
  door,
  moderator: { room: live ?? "", token: "a-moderator" },
  guest: { room: live ?? "", token: "a-guest" },
  attacker: { room: own ?? "", token: "an-attacker" },
  names: { ended: [ended ?? ""], revoked: [revoked ?? ""], "not begun": [waiting ?? ""] },
  allLikely: false,
  limits: { handshakes: 2_000, stanzas: 5_000, seconds: 45 },
  seed: 1,
  ...over,
});
