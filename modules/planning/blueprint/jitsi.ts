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

const part = {
  source: z.string().min(1),
  commit: z.string().regex(/^[0-9a-f]{9,40}$/),
  committed: z.iso.date(),
};

/** releases.yaml: the releases of Jitsi that polder's settings were read for and seen with. */
export const jitsiReleasesSchema = z
  .array(
    z.strictObject({
      id: z.string().min(1),
      read: z.iso.date(),
      seen: z.iso.date(),
      videobridge: z.strictObject(part),
      jicofo: z.strictObject(part),
      meet: z.strictObject({ ...part, versions: z.array(z.string()).min(1) }),
    }),
  )
  .min(1);

/** Versions of Jitsi's programs that go together. */
export type JitsiRelease = Readonly<z.output<typeof jitsiReleasesSchema>[number]>;

/** Debian's own count of a package, which changes nothing of what is inside. */
const upstream = (version: string): string => version.replace(/-\d+$/, "");

/** Whether a version ends with a commit as `git describe` shortens it. */
function isOf(version: string, commit: string): boolean {
  const [, named] = /-g([0-9a-f]{7,40})$/.exec(upstream(version)) ?? [];
  return named !== undefined && (commit.startsWith(named) || named.startsWith(commit));
}

function isIn({ videobridge, jicofo, meet }: JitsiRelease, { name, version }: JitsiPackage) {
  if (name === "jitsi-videobridge2") return isOf(version, videobridge.commit);
  if (name === "jicofo") return isOf(version, jicofo.commit);
  return meet.versions.includes(upstream(version));
}

const named = ({ name, version }: JitsiPackage): string => `${name} ${version}`;

/** What a release is made of, for a person. */
const shown = ({ id, videobridge, jicofo, meet }: JitsiRelease): string =>
  `${id}: jitsi-videobridge2 of commit ${videobridge.commit}, jicofo of ${jicofo.commit}, jitsi-meet-web and jitsi-meet-prosody ${meet.versions.join(" or ")}`;

/** The known release that all packages are of. */
export const releaseOf = (
  packages: readonly JitsiPackage[],
  releases: readonly JitsiRelease[],
): JitsiRelease | undefined =>
  releases.find((release) => packages.every((one) => isIn(release, one)));

/** Why packages can't be of one release, or nothing when they may be. */
export function mixOf(
  packages: readonly JitsiPackage[],
  releases: readonly JitsiRelease[],
): string | undefined {
  const [web, modules] = ["jitsi-meet-web", "jitsi-meet-prosody"].map((name) =>
    packages.find((one) => one.name === name),
  );
  if (web && modules && upstream(web.version) !== upstream(modules.version))
    return `${named(web)} with ${named(modules)}: both are made of one source, so only the same version goes together`;
  const known = packages.filter((one) => releases.some((release) => isIn(release, one)));
  if (releaseOf(known, releases)) return undefined;
  const parts = releases.flatMap((release) => {
    const its = packages.filter((one) => isIn(release, one));
    return its.length > 0 ? [`${its.map(named).join(", ")} of release ${release.id}`] : [];
  });
  return parts.length > 1 ? `${parts.join(" with ")}: each goes with its own release` : undefined;
}

/** What packages of no known release are, and which would go together. */
export function unknownOf(
  packages: readonly JitsiPackage[],
  releases: readonly JitsiRelease[],
): string {
  const strange = packages.filter((one) => !releases.some((release) => isIn(release, one)));
  return `${(strange.length > 0 ? strange : packages).map(named).join(", ")}: of no release that polder's settings were read for and seen with; known: ${releases.map(shown).join("; ")}`;
}
