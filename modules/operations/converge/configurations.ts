import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildFolder } from "../../common/toolkit/index.ts";
import { bytesOf, type HostConfiguration } from "../../hosts/configuration/index.ts";

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");

/** A configuration without its files' contents, which lie beside it: auditors read and compare it. */
const summary = (configuration: HostConfiguration) => ({
  ...configuration,
  files: configuration.files.map(({ content, ...file }) => ({
    ...file,
    sha256: sha256(bytesOf({ content, ...file })),
  })),
});

/** Digest of a rendered configuration: it holds references, so it is the same with any vault. */
export const renderedDigest = (configuration: HostConfiguration): string =>
  sha256(JSON.stringify(summary(configuration)));

function writeConfiguration(folder: string, configuration: HostConfiguration): void {
  for (const file of configuration.files) {
    const place = join(folder, "files", file.path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytesOf(file));
    // Only whether it is a program: who may read it here is the reader's own affair.
    if (file.mode === "0755") chmodSync(place, 0o755);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "configuration.json"),
    `${JSON.stringify(summary(configuration), null, 2)}\n`,
  );
}

/**
 * Writes the configurations to `build/instances/<name>/hosts`, in place of whatever stood there. An interrupt
 * leaves the old ones, the new ones or none, never a mixture.
 *
 * @returns the folder
 */
export function writeConfigurations(
  instance: string,
  configurations: readonly HostConfiguration[],
): string {
  const folder = join(buildFolder(instance), "hosts");
  const partial = `${folder}.part`;
  rmSync(partial, { recursive: true, force: true });
  for (const configuration of configurations)
    writeConfiguration(join(partial, configuration.host), configuration);
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
  return folder;
}
