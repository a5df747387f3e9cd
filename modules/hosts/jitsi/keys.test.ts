import { describe, expect, it } from "vitest";
import {
  JITSI_KEYS,
  JITSI_PROGRAMS,
  type JitsiProgram,
  readHocon,
  renderedHocon,
  typeOf,
} from "./testing.ts";

/** The key of a program that a path means: some have a name of one's own choice within. */
const keyAt = (program: JitsiProgram, path: string) =>
  JITSI_KEYS[program][path] ??
  JITSI_KEYS[program][path.replace(/^(videobridge\.apis\.xmpp-client\.configs)\.\w+\./, "$1.*.")];

/** What a program wouldn't understand of a configuration: an unknown key would be ignored in silence. */
function notUnderstood(program: JitsiProgram, value: unknown, path = ""): string[] {
  const here = keyAt(program, path);
  const got = typeOf(value);
  if (here && (got !== "map" || here.type !== "map"))
    return here.type === got || (here.type === "duration" && got === "text")
      ? []
      : [`${path}: is a ${here.type}, got a ${got}`];
  if (got !== "map") return [`${path}: is no key`];
  return Object.entries(value as object).flatMap(([key, inner]) =>
    notUnderstood(program, inner, path ? `${path}.${key}` : key),
  );
}

describe.each(JITSI_PROGRAMS)("the configuration of %s", (program) => {
  it("has only keys that its pinned version reads, of their types", () => {
    const all = renderedHocon(program).map(readHocon);
    expect(all.length).toBeGreaterThan(1);
    expect(all.flatMap((one) => notUnderstood(program, one))).toEqual([]);
  });
});

it("finds a misspelt key, a key of the wrong type, and one that is too deep", () => {
  const planted = {
    videobridge: {
      sctp: { enable: false },
      ice: { udp: { port: "10000" } },
      relay: { enabled: { really: true } },
      apis: { "xmpp-client": { configs: { shard: { SECURITY: "required" } } } },
    },
  };
  expect(notUnderstood("videobridge", planted)).toEqual([
    "videobridge.sctp.enable: is no key",
    "videobridge.ice.udp.port: is a number, got a text",
    "videobridge.relay.enabled: is a boolean, got a map",
    "videobridge.apis.xmpp-client.configs.shard.SECURITY: is no key",
  ]);
});
