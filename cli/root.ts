import { join } from "node:path";

/** The toolkit's own folder: its data, its providers and, by default, its instances. */
export const ROOT = join(import.meta.dirname, "..");
