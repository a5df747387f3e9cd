import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";

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
