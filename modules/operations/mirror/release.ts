import { badInput } from "../../common/input/index.ts";
import { DEBIAN_ARCHIVES } from "../../hosts/host/index.ts";

/** An index or a package of an archive, by the digest that Debian's signatures lead to. */
export interface ArchiveFile {
  /** Below the folder, such as `debian/pool/main/h/hello/hello_2.10-5_amd64.deb`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** One suite's InRelease, as Debian signed it. */
export interface Release {
  readonly suite: string;
  readonly date: Date;
  /** From then on apt refuses it; a stable release itself has no end. */
  readonly validUntil?: Date;
  /** The compressed list of its packages. */
  readonly packages: ArchiveFile;
}

/** Where each suite's InRelease lies, below the folder. */
export const SUITES: readonly string[] = DEBIAN_ARCHIVES.flatMap(({ name, suites }) =>
  suites.map((suite) => `${name}/dists/${suite}`),
);

/** The one component and architecture that hosts use. */
const LIST = "main/binary-amd64/Packages.xz";

/**
 * Reads an InRelease. Whether Debian signed it is for apt to say, who reads the same file.
 *
 * @param suite its folder, such as `debian/dists/trixie`
 * @throws BadInput when it isn't one, or leads to no list of packages
 */
export function parseRelease(suite: string, text: string): Release {
  const field = (name: string) => new RegExp(`^${name}: (.+)$`, "m").exec(text)?.[1];
  const date = new Date(field("Date") ?? "");
  const until = field("Valid-Until");
  const sums = /^SHA256:\n((?: .+\n)+)/m.exec(text)?.[1] ?? "";
  const line = sums.split("\n").find((one) => one.endsWith(` ${LIST}`));
  const [sha256, size] = line?.trim().split(/\s+/) ?? [];
  if (Number.isNaN(date.getTime()) || !sha256 || !size)
    throw badInput(`${suite}/InRelease`, `no date or no ${LIST} in it: is this Debian's archive?`);
  return {
    suite,
    date,
    ...(until && { validUntil: new Date(until) }),
    packages: { path: `${suite}/${LIST}`, size: Number(size), sha256 },
  };
}

/**
 * Reads what `apt-get --print-uris` prints of packages in a folder: `'file:/folder/path' name size SHA256:sum`.
 *
 * @param folder absolute
 */
export function parseUris(output: string, folder: string): ArchiveFile[] {
  return output.split("\n").flatMap((line) => {
    const [, uri = "", size, sha256] =
      /^'file:([^']+)' \S+ (\d+) SHA256:([0-9a-f]{64})/.exec(line) ?? [];
    if (!sha256) return [];
    const path = decodeURIComponent(uri);
    if (!path.startsWith(`${folder}/`) || path.includes("/../"))
      throw new Error(`${path} is not below ${folder}`);
    return [{ path: path.slice(folder.length + 1), size: Number(size), sha256 }];
  });
}

/** The first moment at which apt refuses one of the suites. */
export function goodUntil(releases: readonly Release[]): Date | undefined {
  const ends = releases.flatMap(({ validUntil }) => validUntil ?? []);
  return ends.length > 0 ? new Date(Math.min(...ends.map((end) => end.getTime()))) : undefined;
}
