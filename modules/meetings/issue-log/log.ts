import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { badInput } from "../../common/input/index.ts";
import { type Entry, type Line, lineSchema, sumOf } from "./line.ts";

/** Each line is signed without its last member, the signature, which is Ed25519's 64 bytes. */
const LINE = /^(\{.*),"signature":"([A-Za-z0-9_-]{86})"\}$/;

/** What stands before the first line. */
const NOTHING = "0".repeat(64);

/** A log whose every line was seen to be signed and in its place. */
export interface IssueLog {
  /** As it stands in the file. */
  readonly text: string;
  readonly lines: readonly Line[];
  /** SHA-256 of the last line: a reader who noted it down notices when lines are cut off the end. */
  readonly head: string;
  /** The key that signs the next line (SubjectPublicKeyInfo, base64); undefined in an empty log. */
  readonly key: string | undefined;
}

const publicKey = (spki: string): KeyObject =>
  createPublicKey({ key: Buffer.from(spki, "base64"), type: "spki", format: "der" });

const spkiOf = (key: KeyObject): string =>
  createPublicKey(key).export({ type: "spki", format: "der" }).toString("base64");

/** A key as people compare it: SHA-256 of its SubjectPublicKeyInfo. */
export const logKeyPrint = (spki: string): string => `SHA256:${sumOf(Buffer.from(spki, "base64"))}`;

/**
 * Reads a log and checks every line: its form, its number, that it follows the one before, its
 * signature by the key that counted there. What is cut off at the end can't be seen here.
 *
 * @param file what errors call it
 * @throws BadInput for the first line that isn't as it was written.
 */
export function readIssueLog(text: string, file: string): IssueLog {
  const lines: Line[] = [];
  let [head, key]: [string, string | undefined] = [NOTHING, undefined];
  const all = text.split("\n");
  const refuse = (i: number, message: string): never => {
    throw badInput(file, message, { line: i + 1, column: 1 });
  };
  const rest = all.pop();
  if (rest !== "") refuse(all.length, "the last line is cut short");
  all.forEach((raw, i) => {
    const [, body, signature] = LINE.exec(raw) ?? [];
    const line = readLine(`${body}}`) ?? refuse(i, "is no line of an issue log");
    if (line.number !== i + 1 || line.previous !== head)
      refuse(i, "doesn't follow the line before: one was changed, taken out or put in");
    const next = line.entry.kind === "key" ? line.entry.key : key;
    // Nothing signs the first key: a reader compares its fingerprint to know whose it is.
    const signer = key ?? next ?? refuse(i, "begins without a key");
    if (!isSigned(`${body}}`, signature as string, signer))
      refuse(i, "isn't signed by the key that counts here: it was changed, or is another's");
    lines.push(line);
    head = sumOf(raw);
    key = next;
  });
  return { text, lines, head, key };
}

function readLine(text: string): Line | undefined {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function isSigned(body: string, signature: string, spki: string): boolean {
  try {
    return verify(null, Buffer.from(body), publicKey(spki), Buffer.from(signature, "base64url"));
  } catch {
    return false;
  }
}

/** Who writes. */
export interface Writer {
  /** Login name of the admin. */
  readonly by: string;
  readonly now: Date;
  /** Private Ed25519 keys in PEM, one after the other: the newest first, then older ones. */
  readonly keys: string;
}

/**
 * The log with more lines. Where another key than the newest counted, a line in between hands over,
 * signed by that one.
 *
 * @param file what errors call it
 * @throws BadInput when none of the writer's keys is the one that counts.
 */
export function addToIssueLog(
  log: IssueLog,
  entries: readonly Entry[],
  writer: Writer,
  file: string,
): IssueLog {
  const keys = writer.keys.split(/(?<=END PRIVATE KEY-----\n)/).map((pem) => createPrivateKey(pem));
  const newest = keys[0] as KeyObject;
  const current = log.key === undefined ? newest : keys.find((key) => spkiOf(key) === log.key);
  if (current === undefined)
    throw badInput(
      file,
      `its last key, ${logKeyPrint(log.key as string)}, isn't in the issuer vault: is it this instance's log, and the vault from the same commit?`,
    );
  const handOver: Entry[] =
    log.key === spkiOf(newest) ? [] : [{ kind: "key", key: spkiOf(newest) }];
  const at = `${writer.now.toISOString().slice(0, 19)}Z`;
  let { head, text } = log;
  [...handOver, ...entries].forEach((entry, i) => {
    const number = log.lines.length + i + 1;
    const body = JSON.stringify({ number, at, by: writer.by, entry, previous: head });
    const signer = entry.kind === "key" ? current : newest;
    const signature = sign(null, Buffer.from(body), signer).toString("base64url");
    const raw = `${body.slice(0, -1)},"signature":"${signature}"}`;
    head = sumOf(raw);
    text += `${raw}\n`;
  });
  // The code that verifies a log reads it back first: a mistake here must not reach the file.
  return readIssueLog(text, file);
}
