import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";
import type { LikelyWords } from "../../enumeration/index.ts";

const words = z.string().transform((text) => [...new Set(text.trim().split(/\s+/))]);
const schema = z.object({
  written: z.coerce.date(),
  single: words,
  about: words,
  kind: words,
  which: words,
});

/** The dated parts of likely names. */
export const loadLikelyWords = (): LikelyWords =>
  schema.parse(load(readFileSync(join(import.meta.dirname, "likely-names.yaml"), "utf8")));
