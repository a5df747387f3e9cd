import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";

const type = z.enum(["boolean", "number", "text", "list", "map", "any"]);

/** The web client's settings by their path: the type of each, and whether a link may set it; those of the older kind, and the names of buttons. */
export const CLIENT_KEYS = z
  .strictObject({
    /** Its id in releases.yaml. */
    release: z.string(),
    config: z.record(z.string(), z.strictObject({ type, link: z.literal(true).optional() })),
    interface: z.array(z.string()),
    buttons: z.array(z.string()),
  })
  .parse(load(readFileSync(join(import.meta.dirname, "keys.yaml"), "utf8")));
