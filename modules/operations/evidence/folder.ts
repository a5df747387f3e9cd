import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { badInput, type Problem } from "../../common/input/index.ts";
import type { Testbed } from "../../common/testbed/index.ts";
import { type LoadedInstance, shown } from "../../workspace/index.ts";
import { sshUser } from "../converge/index.ts";
import { allowedSigners, isSignedBy, signText } from "../signature/index.ts";

/** The sums of all other files, as sha256sum reads them; who may have signed them; the signature. */
const [SUMS, SIGNERS, SIGNATURE] = ["SHA256SUMS", "allowed-signers", "SHA256SUMS.sig"] as const;

const sumOf = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");

/** Who signs a folder. */
export interface Signer {
  readonly user: string;
  readonly name: string;
  readonly key: string;
  /** File with the private key; absent: ssh-agent has it. */
  readonly identity?: string | undefined;
}

export interface SignerOptions {
  readonly user?: string | undefined;
  readonly sshIdentity?: string | undefined;
  readonly testbed: Testbed;
}

/** The admin who signs. @throws BadInput when nobody is named, or no admin is */
export function signerOf(loaded: LoadedInstance, options: SignerOptions): Signer {
  const { user, identity } = sshUser(loaded, options);
  const { name = user, key = "" } =
    loaded.blueprint.admins.find((admin) => admin.user === user) ?? {};
  return { user, name, key, identity };
}

/** Refuses a folder that holds something already: what lay there would count as evidence. @throws BadInput */
export function assertNew(folder: string): void {
  if (existsSync(folder))
    throw badInput(shown(folder), "is there already: name a new folder, or move this one away");
}

/**
 * Writes files into a new folder, with their sums and the signature over these. The folder is there when it is whole.
 *
 * @param namespace what the signature is for
 * @throws BadInput when the folder is there, or the key isn't that of the admin's entry; ExternalFailure
 */
export function writeSigned(
  folder: string,
  files: ReadonlyMap<string, string>,
  { user, name, key, identity }: Signer,
  namespace: string,
): void {
  assertNew(folder);
  const signers = allowedSigners({ admins: [{ user, name, key, issuer: false }] }, namespace);
  const all = new Map([...files, [SIGNERS, signers]]);
  const sums = [...all]
    .map(([path, text]) => [path, `${sumOf(text)}  ${path}\n`] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, line]) => line)
    .join("");
  const signature = signText(sums, namespace, key, identity);
  if (!isSignedBy(signers, namespace, user, sums, signature))
    throw badInput(
      "--ssh-identity",
      `isn't the key of ${user}'s entry in \`admins\`: nothing was written`,
    );
  const partial = `${folder}.${process.pid}.part`;
  try {
    for (const [path, text] of [...all, [SUMS, sums], [SIGNATURE, signature]] as const) {
      const file = join(partial, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { mode: 0o644 });
    }
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** What a check of a folder gives. */
export interface Verified {
  readonly problems: readonly Problem[];
  /** How many files have the sum that was signed. */
  readonly files: number;
  /** Login name of who signed; undefined where nobody who may did. */
  readonly user?: string;
  /** The line of allowed-signers, or of the file of signers, that the signature is by. */
  readonly signer?: string;
}

/** Every path below a folder that is no folder itself: a link or a device that was added is found, too. */
function pathsIn(folder: string, below = ""): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? pathsIn(folder, path) : [path];
  });
}

const isFile = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;

/**
 * Finds each byte of a signed folder that was changed, added or taken away.
 *
 * @param signers a file of allowed signers that came by another way; by default the folder's own, which proves only that
 * one and the same key signed all of it
 * @throws BadInput for a folder without sums, or a file that can't be read
 */
export function verifySigned(folder: string, namespace: string, signers?: string): Verified {
  const read = (path: string): string => {
    if (!isFile(path))
      throw badInput(shown(path), "is missing: this is no evidence folder, or not all of it");
    return readFileSync(path, "utf8");
  };
  const sums = read(join(folder, SUMS));
  const signature = read(join(folder, SIGNATURE));
  const allowed = read(signers ?? join(folder, SIGNERS));
  const problems: Problem[] = [];
  const wrong = (path: string, message: string): void => {
    problems.push({ file: shown(join(folder, path)), message });
  };
  const listed = new Map<string, string>();
  for (const [i, line] of sums.split("\n").entries()) {
    if (line === "" && i > 0) continue;
    const [, sum, path] = /^([0-9a-f]{64}) {2}([^/].*)$/.exec(line) ?? [];
    if (sum === undefined || path === undefined || path.split("/").includes(".."))
      wrong(SUMS, `line ${i + 1} is no sum of a file below the folder`);
    else listed.set(path, sum);
  }
  let files = 0;
  for (const [path, sum] of listed) {
    const file = join(folder, path);
    if (!isFile(file)) wrong(path, "is missing, or no file any more");
    else if (sumOf(readFileSync(file)) !== sum)
      wrong(path, "was changed: its sum isn't the signed one");
    else files++;
  }
  for (const path of pathsIn(folder).sort())
    if (!listed.has(path) && path !== SUMS && path !== SIGNATURE)
      wrong(path, "was added: nobody signed it");
  const signer = allowed
    .split("\n")
    .filter((line) => /^[^#\s]/.test(line))
    .find((line) => isSignedBy(`${line}\n`, namespace, line.split(" ")[0] ?? "", sums, signature));
  const user = signer?.split(" ")[0];
  if (user === undefined)
    wrong(SIGNATURE, `isn't by anybody in ${signers === undefined ? SIGNERS : shown(signers)}`);
  return { problems, files, ...(user !== undefined && signer !== undefined && { user, signer }) };
}
