import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildFolder } from "../../common/toolkit/index.ts";
import { bytesOf, type HostTree } from "../../hosts/tree/index.ts";

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");

/** What is on a host beside the files' contents, which lie next to it: compared and read by auditors. */
const summary = (tree: HostTree) => ({
  ...tree,
  files: tree.files.map(({ content, ...file }) => ({
    ...file,
    sha256: sha256(bytesOf({ content, ...file })),
  })),
});

/** Digest of a rendered tree: references stand in it, so it is the same with any vault. */
export const renderedDigest = (tree: HostTree): string => sha256(JSON.stringify(summary(tree)));

function writeTree(folder: string, tree: HostTree): void {
  for (const file of tree.files) {
    const place = join(folder, "files", file.path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytesOf(file));
    // Only whether it is a program: who may read it here is the reader's own affair.
    if (file.mode === "0755") chmodSync(place, 0o755);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "tree.json"), `${JSON.stringify(summary(tree), null, 2)}\n`);
}

/**
 * Writes the trees to `build/instances/<name>/hosts`, in place of whatever stood there. An interrupt
 * leaves the old ones, the new ones or none, never a mixture.
 *
 * @returns the folder
 */
export function writeTrees(instance: string, trees: readonly HostTree[]): string {
  const folder = join(buildFolder(instance), "hosts");
  const partial = `${folder}.part`;
  rmSync(partial, { recursive: true, force: true });
  for (const tree of trees) writeTree(join(partial, tree.host), tree);
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
  return folder;
}
