import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../../workspace/index.ts";

/** Public halves of what signs tokens, in the instance's folder: who reviews it sees a new one. */
const FILE = "token-keys.pem";

/** What rendered files call it. */
export const TOKEN_KEYS = "gate/tokens.pem";

/** Entries of the issuer vault: what signs; during a rotation what will sign, or public of what did. */
export const TOKEN_KEY = "issuer/token-signing.key";
export const NEXT_TOKEN_KEY = "issuer/token-signing-next.key";
export const PREVIOUS_TOKEN_KEY = "issuer/token-signing-previous.pem";

const pkcs8 = { type: "pkcs8", format: "pem" } as const;

/** RSA of 3072 bits (NCSC 2025-05: the least that is good), PKCS #8. */
export const newTokenKey = (): string =>
  generateKeyPairSync("rsa", { modulusLength: 3072 }).privateKey.export(pkcs8) as string;

export const newLogKey = (): string =>
  generateKeyPairSync("ed25519").privateKey.export(pkcs8) as string;

/** The public half, as it is of a private key; a public one stays itself. */
export const publicOf = (key: string): string =>
  createPublicKey(key).export({ type: "spki", format: "pem" }) as string;

/** Empty until there is an issuer vault: then the gate lets nobody in. */
export function loadTokenKeys(folder: string): string {
  const path = join(folder, FILE);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Writes the public halves of an issuer vault's keys, if they are others than before. */
export function writeTokenKeys(
  folder: string,
  issuer: { get(name: string): string | undefined },
): void {
  const keys = [TOKEN_KEY, NEXT_TOKEN_KEY, PREVIOUS_TOKEN_KEY].flatMap(
    (name) => issuer.get(name) ?? [],
  );
  const text = keys.map(publicOf).join("");
  if (loadTokenKeys(folder) !== text) writeAtomically(join(folder, FILE), text, 0o644);
}
