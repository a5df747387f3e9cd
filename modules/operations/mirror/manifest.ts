import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { badInput } from "../../common/input/index.ts";
import { DEBIAN_ARCHIVES } from "../../hosts/host/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { shown } from "../../workspace/index.ts";
import { filesBelow } from "./archive.ts";
import { SUITES } from "./release.ts";

export const MANIFEST_FILE = "manifest.json";
export const SUMS_FILE = "SHA256SUMS";

const moment = z.iso.datetime();

/** What a folder holds, from when, and what it doesn't: written last, so a folder with one was filled to its end. */
const manifestSchema = z.strictObject({
  made: moment,
  /** From then on apt refuses Debian's lists. */
  goodUntil: moment,
  toolkit: z.strictObject({ version: z.string(), commit: z.string().nullable() }),
  instances: z.array(z.string()),
  /** Packages beside those of the instances and of Debian's cloud images. */
  with: z.array(z.string()),
  debian: z.strictObject({
    from: z.string(),
    suites: z.array(
      z.strictObject({ suite: z.string(), date: moment, validUntil: moment.optional() }),
    ),
    packages: z.int(),
    bytes: z.int(),
  }),
  jitsi: z.array(z.string()),
  /** Versions that the tools of the admin's machine were fetched for; absent where polder came by npm. */
  tools: z.strictObject({ platform: z.string(), node: z.string(), python: z.string() }),
  /** What a site needs and the folder doesn't hold, with the reason. */
  without: z.array(z.string()),
});

export type Manifest = Readonly<z.output<typeof manifestSchema>>;

/** @throws BadInput when the folder isn't there or wasn't filled to its end */
export function readManifest(folder: string): Manifest {
  const file = join(folder, MANIFEST_FILE);
  if (!existsSync(file))
    throw badInput(
      shown(folder),
      existsSync(folder)
        ? "was not filled to its end: run `polder mirror` again, it goes on"
        : "no folder is here; `polder mirror` fills one",
    );
  const parsed = manifestSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badInput(shown(file), `${issue?.path.join(".")}: ${issue?.message}: fill the folder again`);
}

/**
 * What hosts of an instance get their packages from, or undefined where they fetch them.
 *
 * @returns the folder, a digest over all that it has of Debian's, and when apt begins to refuse it
 * @throws BadInput when the folder isn't there or wasn't filled to its end
 */
export function archiveOf({
  packagesFolder,
}: Pick<LoadedInstance, "packagesFolder">):
  | { readonly folder: string; readonly digest: string; readonly goodUntil: Date }
  | undefined {
  if (packagesFolder === undefined) return undefined;
  const { goodUntil } = readManifest(packagesFolder);
  const hash = createHash("sha256");
  // The signed lists say what each package is; names say which of them are there.
  for (const suite of SUITES) hash.update(readFileSync(join(packagesFolder, suite, "InRelease")));
  for (const { name } of DEBIAN_ARCHIVES)
    hash.update(filesBelow(join(packagesFolder, name, "pool")).join("\n"));
  return { folder: packagesFolder, digest: hash.digest("hex"), goodUntil: new Date(goodUntil) };
}

/** What `sha256sum --check` reads. */
export const sumsText = (sums: ReadonlyMap<string, string>): string =>
  [...sums].map(([path, sum]) => `${sum}  ${path}\n`).join("");

/** @throws BadInput for a line that `sha256sum` wouldn't read */
export function parseSums(text: string): Map<string, string> {
  return new Map(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const [, sum, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
        if (!sum || !path) throw badInput(SUMS_FILE, `got "${line.slice(0, 80)}", no sum`);
        return [path, sum] as const;
      }),
  );
}
