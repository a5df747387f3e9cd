import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";
import { buildBlueprint } from "../../planning/blueprint/index.ts";
import { inputOf, SOME_JITSI, someInstance } from "../../planning/blueprint/testing.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { renderAll } from "../render/index.ts";

const type = z.enum(["boolean", "number", "text", "list", "map", "duration"]);
const keys = z.record(
  z.string(),
  z.union([
    z.strictObject({ type, default: z.unknown() }),
    z.strictObject({ type, optional: z.string().min(1) }),
  ]),
);

/** What a value of a program's configuration is. */
export type HoconType = z.output<typeof type>;

/** The settings of Jitsi's programs by their path: the type of each. */
export const JITSI_KEYS = z
  .strictObject({
    /** Its id in releases.yaml. */
    release: z.string(),
    videobridge: keys,
    jicofo: keys,
  })
  .parse(load(readFileSync(join(import.meta.dirname, "keys.yaml"), "utf8")));

/** A program of Jitsi's with a configuration in HOCON. */
export type JitsiProgram = "videobridge" | "jicofo";
export const JITSI_PROGRAMS: readonly JitsiProgram[] = ["videobridge", "jicofo"];

export const typeOf = (value: unknown): HoconType => {
  if (Array.isArray(value)) return "list";
  if (value !== null && typeof value === "object") return "map";
  if (typeof value === "boolean" || typeof value === "number") return typeof value as "number";
  return "text";
};

/** What a configuration says, by our own reading: JSON below comments. A test of `make soak` compares it with Typesafe Config's. */
export const readHocon = (content: string): unknown =>
  JSON.parse(content.replace(/^\/\/.*$/gm, ""));

/** Floating and direct addresses, one bridge and several, several shards, two hosts. */
const INSTANCES = [
  {},
  { location: "lab-direct" },
  { size: "single" },
  {
    demand: { meetings: [{ kind: "overleg", simultaneous: 250, participants: 8, cameras: "all" }] },
  },
];

/** Every configuration of a program that is rendered for some instances, each once, as text. */
export const renderedHocon = (program: JitsiProgram): string[] => [
  ...new Set(
    INSTANCES.map(someInstance).flatMap((instance) =>
      renderAll(
        buildBlueprint({ ...inputOf(instance), jitsi: SOME_JITSI }),
        loadPrograms(),
        "no stand-ins",
      )
        .flatMap(({ files }) => files)
        .filter(({ path }) => path.endsWith(`/${program}.conf`))
        .map(({ content }) => content),
    ),
  ),
];
