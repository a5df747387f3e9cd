import { z } from "zod";

/** Jitsi's features, as they were last read: what our tokens switch off, what they don't name. */
export const featuresSchema = z.strictObject({
  read: z.iso.date(),
  sources: z.array(z.url()).min(1),
  off: z.array(z.string()).min(1),
  left: z.array(z.string()),
});

export type Features = z.infer<typeof featuresSchema>;
