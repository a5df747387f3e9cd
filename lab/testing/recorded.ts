import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parseYaml, validate } from "../../modules/common/input/index.ts";

const stanza = z.strictObject({
  who: z.enum(["guest", "moderator"]),
  /** Before the lobby or the meeting, in the lobby, in the meeting. */
  state: z.enum(["outside", "waiting", "inside"]),
  /**
   * Whether the gate let it pass; what came of it there is somebody else's. `unseen`: Jitsi's lobby keeps answers of that host
   * from people (mod_muc_lobby_rooms, filter_stanza).
   */
  verdict: z.enum(["passes", "refused", "unseen"]),
  /** With {domain} and {room}; {token}, {jid}, {bare} and {nick} of the sender; {other-jid}, {other-bare} and {other}, a nick, of the other person. */
  xml: z.string(),
});

/** A stanza that a real browser sent. */
export type RecordedStanza = z.output<typeof stanza>;

const NAME = "modules/hosts/gate/recorded.yaml";
export const RECORDED_FILE = join(import.meta.dirname, "../..", NAME);

/** What real clients sent, and what the gate made of it: modules/hosts/gate/recorded.yaml. */
export const loadRecorded = (): RecordedStanza[] =>
  validate(
    parseYaml(readFileSync(RECORDED_FILE, "utf8"), NAME),
    z.strictObject({ stanzas: z.array(stanza).min(1) }),
  ).stanzas;
