import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";

const schema = z.strictObject({
  read: z.iso.date(),
  sources: z.array(z.url()).min(1),
  off: z.array(z.string()).min(1),
  left: z.array(z.string()),
});

/** Jitsi's features, as they were last read: what our tokens switch off, what they don't name. */
export const loadFeatures = (): z.infer<typeof schema> => {
  const text = readFileSync(join(import.meta.dirname, "features.yaml"), "utf8");

  return schema.parse(load(text));
};
