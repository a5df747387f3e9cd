import { z } from "zod";

/** Jitsi's Debian packages that hosts are made of, as upstream calls them. */
export const JITSI_PACKAGES = [
  "jitsi-videobridge2",
  "jicofo",
  "jitsi-meet-web",
  "jitsi-meet-prosody",
] as const;
export type JitsiPackageName = (typeof JITSI_PACKAGES)[number];

const jitsiPackage = z.strictObject({
  name: z.enum(JITSI_PACKAGES),
  // Debian policy 5.6.12, without an epoch: the version is part of a folder's name on the hosts.
  version: z.string().regex(/^\d[A-Za-z0-9.+~-]*$/),
  file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.+~_-]*\.deb$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * jitsi.yaml: the packages of one release, each by its digest. `polder packages` writes it; from then on it is an input
 * of the Blueprint.
 */
export const jitsiSchema = z.strictObject({
  /** Where the .deb files lie, as seen from the instance's folder. */
  folder: z.string().min(1),
  packages: z
    .array(jitsiPackage)
    .refine(
      (list) =>
        JITSI_PACKAGES.every((name) => list.filter((one) => one.name === name).length === 1),
      `each of ${JITSI_PACKAGES.join(", ")} once`,
    ),
});

export type JitsiFile = Readonly<z.output<typeof jitsiSchema>>;

/** One package of Jitsi's, pinned by its digest. */
export type JitsiPackage = Readonly<z.output<typeof jitsiPackage>>;
