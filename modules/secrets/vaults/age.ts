import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  armor,
  Decrypter,
  Encrypter,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import { badInput } from "../../common/input/index.ts";

/** An age identity of its own and the recipient that belongs to it. */
export interface AgePair {
  readonly identity: string;
  readonly recipient: string;
}

export async function newAgePair(): Promise<AgePair> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

export const recipientOf = (identity: string): Promise<string> => identityToRecipient(identity);

/** A text that each of the recipients can open, armored, as `age -a` writes it. */
export async function seal(text: string, recipients: readonly string[]): Promise<string> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return `${armor.encode(await encrypter.encrypt(text)).trimEnd()}\n`;
}

/** @returns undefined when none of the identities is a recipient, or the text was changed. */
export async function unseal(
  sealed: string,
  identities: readonly string[],
): Promise<string | undefined> {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(armor.decode(sealed), "text");
  } catch {
    // Its message may repeat what was read.
    return undefined;
  }
}

/**
 * The file with a person's age identity: what was named, else POLDER_AGE_IDENTITY, else the lab's
 * (for an instance of the lab), else `~/.config/polder/age.txt`.
 */
export function identityFile(named?: string, ofLab?: string): string {
  const lab = ofLab !== undefined && existsSync(ofLab) ? ofLab : undefined;
  return (
    named ??
    (process.env["POLDER_AGE_IDENTITY"] || undefined) ??
    lab ??
    join(homedir(), ".config/polder/age.txt")
  );
}

/** The identities in a file as `age-keygen` writes it. @throws BadInput, without a line of it. */
export function readIdentities(file: string): string[] {
  const refuse = (message: string): never => {
    throw badInput(file, message);
  };
  if (!existsSync(file))
    refuse(
      "no age identity here: name yours by --identity or POLDER_AGE_IDENTITY; `polder keys person` makes one",
    );
  const lines = readFileSync(file, "utf8").split(/\r?\n/);
  const identities = lines.map((line) => line.trim()).filter((line) => /^[^#]/.test(line));
  if (
    identities.length === 0 ||
    !identities.every((line) => /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/.test(line))
  )
    refuse("holds something else than age identities (AGE-SECRET-KEY-1..., # before a comment)");
  return identities;
}
