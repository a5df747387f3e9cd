import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { badInput } from "../../common/input/index.ts";
import { JITSI_PACKAGES, type JitsiPackageName } from "../../planning/blueprint/index.ts";
import { shown } from "../../workspace/index.ts";
import { Apt } from "../mirror/index.ts";
import { sha256 } from "./packages.ts";

/** The archive that an instance file names. */
export interface JitsiArchive {
  /** Its address, as in sources.list(5). */
  readonly archive: string;
  /** The folder below that has its InRelease, with `/` at its end. */
  readonly suite: string;
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

const versionOf = (printed: string): string | undefined => /^Version: (\S+)$/m.exec(printed)?.[1];

/** Each package's version in a release, by what `apt-cache show` prints of it. @throws ExternalFailure when it leaves one open */
export function versionsIn(printed: string): Record<JitsiPackageName, string> {
  const depends = [...printed.matchAll(/^(?:Pre-)?Depends: (.+)$/gm)].flatMap(([, list = ""]) =>
    list.split(/,\s*/),
  );
  const versions = JITSI_PACKAGES.map((name) => {
    const exact = depends
      .map((one) => /^(\S+) \(= (\S+)\)$/.exec(one))
      .find((found) => found?.[1] === name)?.[2];
    if (!exact)
      throw new ExternalFailure(
        `${RELEASE_PACKAGE} ${versionOf(printed)} names no exact version of ${name}: fetch the packages by hand, docs/jitsi.md`,
      );
    return [name, exact] as const;
  });
  return Object.fromEntries(versions) as Record<JitsiPackageName, string>;
}

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
  { archive, suite, key, fingerprint }: JitsiArchive,
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
  const base = archive.replace(/\/*$/, "/");
  const apt = await Apt.reading(
    {
      lines: [`deb [signed-by=${fingerprint}] ${base} ${suite}`],
      keys: key,
      words: {
        signer: `the key ${fingerprint}`,
        expired: "ask whoever runs the archive",
        unsigned: "compare packages.jitsi with what upstream publishes",
        unreachable: "packages.jitsi.archive may name a mirror",
      },
    },
    state,
  );
  progress(`asking ${base}${suite}`);
  await apt.update();
  const all = (await apt.ask("apt-cache", ["show", RELEASE_PACKAGE])).split("\n\n");
  // The newest first.
  const printed = release === "newest" ? all[0] : all.find((one) => versionOf(one) === release);
  if (!printed)
    throw new ExternalFailure(
      `${base}${suite} has no release ${release}; it has ${all.flatMap((one) => versionOf(one) ?? []).join(", ") || "none"}`,
    );
  const found = versionOf(printed) ?? release;
  const wanted = Object.entries(versionsIn(printed)).map(([name, version]) => ({
    name,
    version,
    // A file's name has no epoch (dpkg-name(1)); apt writes one percent-encoded.
    file: `${name}_${version.replace(/^\d+:/, "")}_all.deb`,
    fetched: `${name}_${version.replace(":", "%3a")}_all.deb`,
  }));
  mkdirSync(folder, { recursive: true });
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
  // What an interrupted run left is nothing that apt has verified.
  const unfinished = join(folder, UNFINISHED);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished);
  for (const { name, version, file, fetched } of wanted) {
    const path = join(folder, file);
    if (existsSync(path)) {
      const signed = await apt.ask("apt-cache", ["show", `${name}=${version}`]);
      if ((await sha256(path)) === /^SHA256: (\S+)$/m.exec(signed)?.[1]) continue;
      throw badInput(
        shown(path),
        "isn't the file that the archive signed: delete it, and run this again",
      );
    }
    progress(`fetching ${name} ${version}`);
    await apt.ask("apt-get", ["-q", "download", `${name}=${version}`], unfinished);
    renameSync(join(unfinished, fetched), path);
  }
  rmSync(unfinished, { recursive: true });
  return found;
}
