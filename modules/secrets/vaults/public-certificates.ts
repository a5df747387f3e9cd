import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BadInput, badInput } from "../../common/input/index.ts";
import { type LoadedInstance, writeAtomically } from "../../workspace/index.ts";
import { certificateFacts, chainProblems } from "../keyring/index.ts";
import { dayOf } from "./ensure.ts";
import type { Vault } from "./vault.ts";
import { type PublicUse, publicNames } from "./wanted.ts";
import { newPublicKey, newRequest } from "./x509.ts";

/** In use, or lying ready. */
export type Slot = "tls" | "reserve";

export const PUBLIC_USES: readonly PublicUse[] = ["web", "turn"];

/** @throws BadInput where nobody's certificates are installed. */
function assertFile(loaded: LoadedInstance): void {
  const { source } = loaded.blueprint.certificates;
  if (source !== "file")
    throw badInput(
      join(loaded.folder, "instance.yaml"),
      `certificates.source is ${source}: requests and installed files are for source: file`,
    );
}

/**
 * Writes signing requests into `requests/` of the instance's folder. The key of a request that
 * wasn't answered yet stays, so that an order that is on its way still fits.
 *
 * @returns the files.
 */
export async function requestCertificates(
  loaded: LoadedInstance,
  vault: Vault,
  slot: Slot,
  now: Date,
): Promise<string[]> {
  assertFile(loaded);
  const folder = join(loaded.folder, "requests");
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  for (const use of PUBLIC_USES) {
    const name = `${use}/${slot}-next.key`;
    const key = vault.get(name) ?? (await newPublicKey());
    vault.set(name, key, vault.madeOn(name) ?? dayOf(now));
    const names = publicNames(loaded.blueprint, use);
    const file = join(folder, `${use}${slot === "reserve" ? "-reserve" : ""}.csr.pem`);
    const request = await newRequest(key, loaded.blueprint.organisation, names);
    // The key first: a request whose key is lost would be paid for in vain.
    await vault.save();
    writeAtomically(file, request, 0o644);
    files.push(file);
  }
  return files;
}

const fits = (certificate: string, key: string | undefined): key is string =>
  key !== undefined && new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));

/**
 * Takes a certificate that a supplier made into the vault.
 *
 * @param file PEM: the leaf, then its intermediates
 * @returns one line about what it is.
 * @throws BadInput with everything that is wrong with it.
 */
export async function installCertificate(
  loaded: LoadedInstance,
  vault: Vault,
  use: PublicUse,
  slot: Slot,
  file: string,
  now: Date,
): Promise<string> {
  assertFile(loaded);
  const text = readCertificates(file);
  const keys = [`${use}/${slot}-next.key`, `${use}/${slot}.key`];
  const names = publicNames(loaded.blueprint, use);
  const isOurs = (certificate: string) => keys.some((name) => fits(certificate, vault.get(name)));
  const problems = chainProblems(text, { names, isOurs, asOf: now });
  if (problems.length > 0) throw new BadInput(problems.map((message) => ({ file, message })));
  const found = keys.find((name) => fits(text, vault.get(name))) as string;
  vault.set(`${use}/${slot}.key`, vault.need(found), dayOf(now));
  vault.set(`${use}/${slot}.crt`, text, dayOf(now));
  vault.delete(`${use}/${slot}-next.key`);
  await vault.save();
  const { issuer, until, validation } = certificateFacts(text);
  return `${use}/${slot}.crt: by ${issuer}, validation ${validation}, until ${dayOf(until)}`;
}

function readCertificates(file: string): string {
  try {
    return `${readFileSync(file, "utf8").replaceAll("\r", "").trimEnd()}\n`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw badInput(file, `can't be read (${code})`);
  }
}

/** Certificate in use and reserve change places. @throws BadInput when no reserve lies ready. */
export async function useReserve(vault: Vault, use: PublicUse, now: Date): Promise<void> {
  for (const part of ["key", "crt"]) {
    const [own, reserve] = [`${use}/tls.${part}`, `${use}/reserve.${part}`];
    const ready = vault.get(reserve);
    if (ready === undefined)
      throw badInput(reserve, "no reserve lies ready: `polder keys request --reserve` first");
    const before = vault.get(own);
    vault.set(own, ready, dayOf(now));
    if (before === undefined) vault.delete(reserve);
    else vault.set(reserve, before, dayOf(now));
  }
  await vault.save();
}
