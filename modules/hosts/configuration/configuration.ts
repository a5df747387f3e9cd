import type { Role } from "../../planning/sizing/index.ts";

/** A file of a host, as converge installs it; a secret stands in it as a reference. */
export interface HostFile {
  /** Absolute path on the host. */
  readonly path: string;
  /** Its text; of a binary file the bytes in base64, so that a configuration stays plain JSON. */
  readonly content: string;
  /** The file isn't text, such as a PNG: it holds no references. */
  readonly binary?: true;
  readonly owner: string;
  readonly group: string;
  readonly mode: "0644" | "0640" | "0600" | "0755" | "0440";
}

/** What is in a file, byte for byte. */
export const bytesOf = ({ content, binary }: Pick<HostFile, "content" | "binary">): Buffer =>
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
  /** Whether a replaced program can take over by nginx's signals, while the old one serves whom it has to their end. */
  readonly handsOver?: true;
}

/** A program that validates the new files at their real paths before they are installed. */
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

/**
 * A Debian package that isn't installed: converge unpacks it into a folder of its own, owned by root. None of its
 * scripts runs, and none of its files lies where a program would look for it by itself.
 */
export interface Unpacked {
  readonly name: string;
  readonly version: string;
  /** The file's name in the controller's folder of packages. */
  readonly file: string;
  /** Of the file, lower-case hexadecimal. */
  readonly sha256: string;
  /** Absolute path of the folder on the host. */
  readonly folder: string;
}

/** Everything that polder sets on a host. Secrets aside, it is byte for byte what converge installs. */
export interface HostConfiguration {
  readonly host: string;
  readonly role: Role;
  /** All that it carries, `role` first. */
  readonly roles: readonly Role[];
  readonly packages: Packages;
  readonly unpacked: readonly Unpacked[];
  /** Sorted by path; no two of one path. */
  readonly files: readonly HostFile[];
  readonly units: readonly Unit[];
  /** Units that must not run, masked. */
  readonly masked: readonly string[];
  readonly checks: readonly Check[];
}

/** @throws Error when two fragments render one path, or a path isn't plain and absolute. */
export function assertConfiguration(configuration: HostConfiguration): HostConfiguration {
  const seen = new Set<string>();
  for (const { path } of configuration.files) {
    if (!/^(\/[A-Za-z0-9@%._-]+)+$/.test(path) || path.includes("/.."))
      throw new Error(`${configuration.host}: "${path}" is no plain absolute path`);
    if (seen.has(path)) throw new Error(`${configuration.host}: ${path} is rendered twice`);
    seen.add(path);
  }
  return {
    ...configuration,
    files: [...configuration.files].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}
