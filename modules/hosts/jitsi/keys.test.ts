import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../../planning/blueprint/index.ts";
import { inputOf, SOME_JITSI, someInstance } from "../../planning/blueprint/testing.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { renderAll } from "../render/index.ts";
import { type HoconType, JITSI_KEYS } from "./testing.ts";

type Program = "videobridge" | "jicofo";

const typeOf = (value: unknown): HoconType => {
  if (Array.isArray(value)) return "list";
  if (value !== null && typeof value === "object") return "map";
  if (typeof value === "boolean" || typeof value === "number") return typeof value as "number";
  return "text";
};

/** What a program wouldn't understand of a configuration: an unknown key would be ignored in silence. */
function notUnderstood(program: Program, value: unknown, path = ""): string[] {
  const known = JITSI_KEYS[program];
  const here =
    known[path] ??
    known[path.replace(/^(videobridge\.apis\.xmpp-client\.configs)\.\w+\./, "$1.*.")];
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

/** Every configuration of a program that is rendered: floating and direct addresses, one bridge and several. */
const rendered = (program: Program): unknown[] =>
  [someInstance(), someInstance({ location: "lab-direct" })].flatMap((instance) =>
    renderAll(
      buildBlueprint({ ...inputOf(instance), jitsi: SOME_JITSI }),
      loadPrograms(),
      "no stand-ins",
    )
      .flatMap(({ files }) => files)
      .filter(({ path }) => path.endsWith(`/${program}.conf`))
      .map(({ content }) => JSON.parse(content.replace(/^\/\/.*$/gm, ""))),
  );

describe.each(["videobridge", "jicofo"] as const)("the configuration of %s", (program) => {
  it("has only keys that its pinned version reads, of their types", () => {
    const all = rendered(program);
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
