import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Decrypter } from "age-encryption";
import { z } from "zod";
import { inHost } from "../hypervisor/index.ts";
import { cluster } from "./cluster.ts";
import { keeperFile } from "./person.ts";

/** Operations, or security: whose store an entry must be in. */
export type Stream = "operations" | "security";

/** A log entry that holds something that was looked for. */
export interface Hit {
  readonly host: string;
  readonly stream: Stream;
  readonly program: string;
  /** Names of what was found in it. */
  readonly found: readonly string[];
}

const SEARCH = readFileSync(join(import.meta.dirname, "search-logs.py"), "utf8");

const searched = z.object({
  hits: z.array(
    z.object({
      host: z.string(),
      stream: z.enum(["operations", "security"]),
      program: z.string(),
      found: z.array(z.string()),
    }),
  ),
  entries: z.number(),
  files: z.number(),
});
export type Searched = z.infer<typeof searched>;

/**
 * Looks for texts in all logs of a host.
 *
 * @param name the host's in the lab, such as lab-control-1
 * @throws Error when the search itself fails there
 */
export async function searchHost(
  lab: string,
  name: string,
  wanted: Readonly<Record<string, string>>,
): Promise<Searched> {
  const ran = await inHost(lab, name, ["python3", "-c", SEARCH], JSON.stringify(wanted));
  if (ran.code !== 0) throw new Error(`searching ${name}: ${ran.stderr}`);
  return searched.parse(JSON.parse(ran.stdout));
}

const bytes = z.union([
  z.string(),
  // What is no text is kept as its bytes.
  z.array(z.number()).transform((list) => Buffer.from(list).toString("latin1")),
]);
const line = z.object({ host: z.string(), at: z.string(), program: bytes.optional() });
export interface StoredLine {
  readonly host: string;
  /** When, in microseconds since 1970. */
  readonly at: number;
  readonly program: string;
  readonly message: string;
  /** The whole line, with bytes as text. */
  readonly text: string;
}

const opener = (identities: string): Decrypter => {
  const decrypter = new Decrypter();
  for (const identity of identities.trim().split("\n")) decrypter.addIdentity(identity);
  return decrypter;
};

/**
 * A store of the monitor's: every line of every sealed file. Security's are opened by two, the vault's
 * identity first and the keeper's then: one that the vault alone opens is refused.
 *
 * @throws Error when a seal is missing, or is somebody else's
 */
export async function openStore(store: Stream): Promise<StoredLine[]> {
  const admin = opener((await cluster.vault()).need(`monitor/${store}.identity`));
  const seals =
    store === "security"
      ? [admin, opener(readFileSync(keeperFile(cluster.instance), "utf8"))]
      : [admin];
  const listed = await cluster.on(
    "monitor-1",
    `cd /srv/logs/${store} && find . -name '*.age' | sort | while read -r file; do base64 -w0 "$file"; echo; done`,
  );
  const lines: StoredLine[] = [];
  for (const sealed of listed.split("\n").filter(Boolean)) {
    let bare: Uint8Array = Buffer.from(sealed, "base64");
    for (const seal of seals) bare = await seal.decrypt(bare);
    const clear = Buffer.from(bare).toString();
    for (const text of clear.split("\n").filter(Boolean)) {
      const raw = JSON.parse(text) as Record<string, unknown>;
      const all = Object.values(raw).map((value) =>
        Array.isArray(value) ? bytes.parse(value) : String(value),
      );
      const { host, at, program } = line.parse(raw);
      const message = bytes.parse(raw["message"] ?? "");
      lines.push({ host, at: Number(at), program: program ?? "", message, text: all.join("\n") });
    }
  }
  return lines;
}
