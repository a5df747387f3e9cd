import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { badInput } from "../../common/input/index.ts";
import { JITSI_PACKAGES, type JitsiPackageName } from "../../planning/blueprint/index.ts";
import { shown } from "../../workspace/index.ts";
import { Apt } from "../mirror/index.ts";

/** The archive that an instance file names. */
export interface JitsiArchive {
  /** Address of the folder that has its InRelease. */
  readonly archive: string;
  /** File with its public key, absolute. */
  readonly key: string;
  /** Of that key, 40 hexadecimal digits. */
  readonly fingerprint: string;
}

/**
 * The package of upstream's that depends on one exact version of each of the others, of the videobridge before it is unpacked: what
 * upstream calls a release. Its own text can't be reached; people's apt shows it (jitsi/jitsi-meet, issues 5872 and 12442).
 */
const RELEASE_PACKAGE = "jitsi-meet";
/** Downloads that aren't whole yet, in the folder. */
const UNFINISHED = ".unfinished";

const versionOf = (shown: string): string | undefined => /^Version: (\S+)$/m.exec(shown)?.[1];

/** Each package's version in a release, by what `apt-cache show` prints of it. @throws ExternalFailure when it leaves one open */
export function versionsIn(shown: string): Record<JitsiPackageName, string> {
  const depends = [...shown.matchAll(/^(?:Pre-)?Depends: (.+)$/gm)].flatMap(([, list = ""]) =>
    list.split(/,\s*/),
  );
  const versions = JITSI_PACKAGES.map((name) => {
    const exact = depends
      .map((one) => /^(\S+) \(= (\S+)\)$/.exec(one))
      .find((found) => found?.[1] === name)?.[2];
    if (!exact)
      throw new ExternalFailure(
        `${RELEASE_PACKAGE} ${versionOf(shown)} names no exact version of ${name}: fetch the packages by hand, docs/jitsi.md`,
      );
    return [name, exact] as const;
  });
  return Object.fromEntries(versions) as Record<JitsiPackageName, string>;
}

/** A version as in a file's name: without its epoch (dpkg-name(1)). */
const inFileName = (version: string): string => version.replace(/^\d+:/, "");

/**
 * Fetches the packages of one release of Jitsi into a folder: apt verifies the archive's signature, by the one key of that
 * fingerprint, and each file's digest. What is there already isn't fetched again.
 *
 * @param release version of upstream's package jitsi-meet, or `newest`
 * @param folder made where it isn't there; holds no other release
 * @param state where apt keeps its lists; may be lost
 * @returns the release's version
 * @throws BadInput when the folder holds another release, or no key is where the file says
 * @throws ExternalFailure when the archive doesn't answer, isn't signed by that key, or has no such release
 */
export async function fetchRelease(
  { archive, key, fingerprint }: JitsiArchive,
  release: string,
  folder: string,
  state: string,
  progress: (line: string) => void,
): Promise<string> {
  if (!existsSync(key))
    throw badInput(
      shown(key),
      "no file is here: packages.jitsi.key names the archive's public key",
    );
  const apt = await Apt.reading(
    {
      lines: [`deb [signed-by=${fingerprint}] ${archive.replace(/\/*$/, "/")} ./`],
      keys: key,
      signer: `the key ${fingerprint}`,
    },
    state,
  );
  progress(`asking ${archive}`);
  await apt.update();
  const all = (await apt.ask("apt-cache", ["show", RELEASE_PACKAGE])).split("\n\n");
  // The newest first.
  const printed = release === "newest" ? all[0] : all.find((one) => versionOf(one) === release);
  if (!printed)
    throw new ExternalFailure(
      `${archive} has no release ${release}; it has ${all.flatMap((one) => versionOf(one) ?? []).join(", ") || "none"}`,
    );
  const versions = versionsIn(printed);
  const found = versionOf(printed) ?? release;
  mkdirSync(folder, { recursive: true });
  const wanted = Object.entries(versions).map(([name, version]) => ({
    name,
    version,
    file: `${name}_${inFileName(version)}_all.deb`,
  }));
  const foreign = readdirSync(folder).filter((file) =>
    wanted.some(
      (one) => file.startsWith(`${one.name}_`) && file.endsWith(".deb") && file !== one.file,
    ),
  );
  if (foreign.length > 0)
    throw badInput(
      shown(resolve(folder)),
      `holds ${foreign.join(", ")}, of another release than ${found}: name a folder of its own`,
    );
  const unfinished = join(folder, UNFINISHED);
  mkdirSync(unfinished, { recursive: true });
  for (const { name, version, file } of wanted) {
    if (existsSync(join(folder, file))) continue;
    progress(`fetching ${name} ${version}`);
    await apt.ask("apt-get", ["-q", "download", `${name}=${version}`], unfinished);
    // apt writes an epoch into the name.
    const [fetched] = readdirSync(unfinished).filter((one) => one.endsWith(".deb"));
    renameSync(join(unfinished, fetched ?? file), join(folder, file));
  }
  rmSync(unfinished, { recursive: true });
  return found;
}
