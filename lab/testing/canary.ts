import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, inflateRawSync } from "node:zlib";

/** A secret that must not turn up anywhere, and the name to report it by: never its value. */
export interface Canary {
  readonly name: string;
  readonly value: string;
}

/** The forms in which a value hides in files. */
function formsOf(value: string): Buffer[] {
  const plain = Buffer.from(value);
  // Base64 of the value at each offset within a group of three, without the ends that depend on
  // what stands beside it.
  const encoded = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), plain]).toString("base64");
    return Buffer.from(text.slice(offset === 0 ? 0 : 4, -4));
  });
  return [
    plain,
    Buffer.from(encodeURIComponent(value)),
    Buffer.from(plain.toString("hex")),
    ...encoded,
  ];
}

/** Which canaries are in some bytes; a zip (a plan file is one) and gzip are opened. */
export function canariesIn(bytes: Buffer, canaries: readonly Canary[]): string[] {
  const layers = [bytes, ...unpacked(bytes)];
  return canaries
    .filter(({ value }) =>
      formsOf(value).some((form) => layers.some((layer) => layer.includes(form))),
    )
    .map(({ name }) => name);
}

/** Contents of a zip's files (by their local headers) or of a gzip. */
function unpacked(bytes: Buffer): Buffer[] {
  if (bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b) return [gunzipSync(bytes)];
  if (bytes.length < 4 || bytes.readUInt32LE(0) !== 0x04034b50) return [];
  const found: Buffer[] = [];
  for (
    let at = bytes.indexOf("PK\u0003\u0004");
    at >= 0;
    at = bytes.indexOf("PK\u0003\u0004", at + 4)
  ) {
    const start = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
    try {
      found.push(
        bytes.readUInt16LE(at + 8) === 8
          ? inflateRawSync(bytes.subarray(start))
          : bytes.subarray(start),
      );
    } catch {
      // Four bytes that only look like a header: the file as a whole is searched anyway.
    }
  }
  return found;
}

/** Files below a folder that hold a canary, as `file: canary`. */
export function canariesBelow(folder: string, canaries: readonly Canary[]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(({ entry, path }) => entry.isFile() && statSync(path).size < 64 * 1024 * 1024)
    .flatMap(({ path }) =>
      canariesIn(readFileSync(path), canaries).map((name) => `${path}: ${name}`),
    );
}

/** What /proc calls it, and what it is. */
const PLACES = { cmdline: "arguments", environ: "environment" } as const;

interface Watch {
  /** @default the arguments alone */
  readonly places?: readonly (keyof typeof PLACES)[];
  /** Milliseconds between two looks. */
  readonly every?: number;
}

/** Milliseconds that a process counts as young. */
const YOUNG = 2_000;
/** Milliseconds between two looks at one that doesn't: it rarely becomes another program. */
const EVERY_OLD = 1_000;

/** Looks at every process, again and again, until it is stopped: at each look at those that are young. */
export function watchProcesses(
  canaries: readonly Canary[],
  { places = ["cmdline"], every = 50 }: Watch = {},
): { looks: () => number; stop: () => string[] } {
  const seen = new Set<string>();
  // Most processes are the same at each look: what was searched once isn't again.
  const searched = new Set<string>();
  /** When a process was seen first, and read last. */
  let known = new Map<string, { readonly first: number; last: number }>();
  let count = 0;
  const look = () => {
    count++;
    const now = performance.now();
    const alive: typeof known = new Map();
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const one = known.get(pid) ?? { first: now, last: -EVERY_OLD };
      alive.set(pid, one);
      if (now - one.first > YOUNG && now - one.last < EVERY_OLD) continue;
      one.last = now;
      for (const place of places) {
        try {
          const content = readFileSync(`/proc/${pid}/${place}`);
          const key = content.toString("latin1");
          if (searched.has(key)) continue;
          searched.add(key);
          for (const name of canariesIn(content, canaries))
            seen.add(`${PLACES[place]} of process ${pid}: ${name}`);
        } catch {
          // Gone between the list and the look.
        }
      }
    }
    known = alive;
  };
  const timer = setInterval(look, every);
  return {
    looks: () => count,
    stop: () => {
      clearInterval(timer);
      return [...seen];
    },
  };
}
