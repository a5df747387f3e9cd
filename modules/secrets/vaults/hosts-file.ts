import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dump } from "js-yaml";
import { z } from "zod";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { badInput, parseYaml, validate } from "../../common/input/index.ts";
import { writeAtomically } from "../../workspace/index.ts";

/** What is known of the hosts' SSH keys. Public: it belongs into the instance's repository. */
export const HOSTS_FILE = "hosts.yaml";

const fingerprint = z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/);

const entrySchema = z.strictObject({
  /** The host's public SSH key, `ssh-ed25519 AAAA...`, as it was first seen over the admin path. */
  key: z.string().regex(/^ssh-ed25519 [A-Za-z0-9+/]+=*$/),
  fingerprint,
  /** Confirmed: a person compared it with what the host's own console shows. */
  state: z.enum(["unverified", "confirmed"]),
  by: z.string().optional(),
  on: z.iso.date(),
  /** The host's certificate by the instance's SSH CA, once it is confirmed. */
  certificate: z.string().optional(),
  /** Which value it has of what changes in steps: the digest that the last converge wrote, by name. */
  has: z.record(z.string(), z.string().regex(/^[0-9a-f]{16}$/)).optional(),
});

const schema = z.strictObject({ hosts: z.record(z.string(), entrySchema) });

export type HostEntry = z.output<typeof entrySchema>;
export type Hosts = Readonly<Record<string, HostEntry>>;

/** Empty when the file isn't there. @throws BadInput. */
export function loadHosts(folder: string): Hosts {
  const path = join(folder, HOSTS_FILE);
  if (!existsSync(path)) return {};
  return validate(parseYaml(readFileSync(path, "utf8"), path), schema).hosts;
}

export function saveHosts(folder: string, hosts: Hosts): void {
  const head =
    "# SSH keys of the hosts, written by polder. `polder keys confirm` turns unverified into confirmed.\n";
  const sorted = Object.fromEntries(Object.entries(hosts).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeAtomically(
    join(folder, HOSTS_FILE),
    head + dump({ hosts: sorted }, { lineWidth: -1 }),
    0o644,
  );
}

/** As `ssh-keygen -l` shows it: SHA-256 of the key's bytes, without padding. */
export function fingerprintOf(key: string): string {
  const bytes = Buffer.from(key.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(bytes).digest("base64").replace(/=+$/, "")}`;
}

/**
 * Records the key that a host showed at a connection. A new host is `unverified`.
 *
 * @param key `ssh-ed25519 AAAA...`, a comment behind it is left out
 * @param day `YYYY-MM-DD`
 * @throws ExternalFailure when the host showed another key before.
 */
export function recordHost(folder: string, host: string, key: string, day: string): HostEntry {
  const bare = key.trim().split(/\s+/).slice(0, 2).join(" ");
  const hosts = loadHosts(folder);
  const known = hosts[host];
  if (known && known.key !== bare)
    throw new ExternalFailure(
      `${host} shows ${fingerprintOf(bare)}, ${HOSTS_FILE} has ${known.fingerprint}: another machine, or made anew. If you made it anew, \`polder keys forget INSTANCE ${host}\``,
    );
  if (known) return known;
  const entry: HostEntry = {
    key: bare,
    fingerprint: fingerprintOf(bare),
    state: "unverified",
    on: day,
  };
  saveHosts(folder, { ...hosts, [host]: entry });
  return entry;
}

/** @throws BadInput with the hosts that there are. */
function knownHost(file: string, hosts: Hosts, host: string): HostEntry {
  const known = hosts[host];
  if (known) return known;
  const there = Object.keys(hosts).join(", ") || "none, converge first";
  throw badInput(file, `no host ${host}; there are: ${there}`);
}

/** A host was made anew: the next converge records the key that it shows. @throws BadInput */
export function forgetHost(folder: string, host: string): void {
  const hosts = loadHosts(folder);
  knownHost(join(folder, HOSTS_FILE), hosts, host);
  const { [host]: _, ...others } = hosts;
  saveHosts(folder, others);
}

/**
 * A person has compared the fingerprint with the host's own console.
 *
 * @throws BadInput when the host isn't recorded or the typed fingerprint is another.
 */
export function confirmHost(
  folder: string,
  host: string,
  typed: string,
  by: string,
  day: string,
): HostEntry {
  const file = join(folder, HOSTS_FILE);
  const hosts = loadHosts(folder);
  const known = knownHost(file, hosts, host);
  if (known.fingerprint !== typed)
    throw badInput(
      file,
      `${host}: got ${typed}, recorded is another: compare again with what the host's console shows; if the console shows what you typed, somebody stands in between`,
    );
  const entry: HostEntry = { ...known, state: "confirmed", by, on: day };
  saveHosts(folder, { ...hosts, [host]: entry });
  return entry;
}
