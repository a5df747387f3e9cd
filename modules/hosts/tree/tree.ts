import type { Role } from "../../planning/sizing/index.ts";

/** A file as it lands on a host; secrets stand in it as references. */
export interface TreeFile {
  /** Absolute path on the host. */
  readonly path: string;
  /** Its text; of a binary file the bytes in base64, so that a tree stays plain JSON. */
  readonly content: string;
  /** It isn't text, such as a PNG: no reference is looked for in it. */
  readonly binary?: true;
  readonly owner: string;
  readonly group: string;
  readonly mode: "0644" | "0640" | "0600" | "0755" | "0440";
}

/** What is in a file, byte for byte. */
export const bytesOf = ({ content, binary }: Pick<TreeFile, "content" | "binary">): Buffer =>
  Buffer.from(content, binary ? "base64" : "utf8");

/** A systemd unit that must be enabled and running, and what a change of files asks of it. */
export interface Unit {
  readonly name: string;
  /** A file at or below one of these changed: `systemctl reload`, which cuts nobody off. */
  readonly reload: readonly string[];
  /** A file at or below one of these changed: `systemctl restart`. */
  readonly restart: readonly string[];
  /** Calls would be cut off: then a restart is only named, and done with `--restart` alone. */
  readonly carriesCalls: boolean;
}

/** A program that judges the new files at their real paths before they count. */
export interface Check {
  readonly id: string;
  readonly command: readonly string[];
}

/** What apt installs, and from where; installed daemons don't start before their files are there. */
export interface Packages {
  readonly install: readonly string[];
  /** Debian packages that must not be there, such as a mail server that another one recommends. */
  readonly absent: readonly string[];
}

/** Everything that a host is: what an auditor reads is, but for secrets, byte for byte what lands. */
export interface HostTree {
  readonly host: string;
  readonly role: Role;
  readonly packages: Packages;
  /** Sorted by path; no two of one path. */
  readonly files: readonly TreeFile[];
  readonly units: readonly Unit[];
  /** Units that must not run, masked. */
  readonly masked: readonly string[];
  readonly checks: readonly Check[];
}

/** @throws Error when two parts render one path, or a path isn't plain and absolute. */
export function assertTree(tree: HostTree): HostTree {
  const seen = new Set<string>();
  for (const { path } of tree.files) {
    if (!/^(\/[A-Za-z0-9@%._-]+)+$/.test(path) || path.includes("/.."))
      throw new Error(`${tree.host}: "${path}" is no plain absolute path`);
    if (seen.has(path)) throw new Error(`${tree.host}: ${path} is rendered twice`);
    seen.add(path);
  }
  return { ...tree, files: [...tree.files].sort((a, b) => (a.path < b.path ? -1 : 1)) };
}
