/** Key types that hosts accept: one elliptic curve, on disk or in a hardware token. */
export const KEY_TYPES = [
  "ssh-ed25519",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
] as const;

export type KeyType = (typeof KEY_TYPES)[number];

/** Whether a key's secret half lives in a token and each use needs a touch. */
export const isHardwareKey = (key: string): boolean => key.startsWith("sk-");

/**
 * What is wrong with one line of an OpenSSH public key, or undefined when it is one that we accept.
 * The blob is opened (RFC 4253 6.6, first string = type), so a cut or pasted-together key is seen.
 */
export function sshKeyProblem(line: string): string | undefined {
  const [type, blob, ...comment] = line.split(" ");
  const allowed = `allowed: ${KEY_TYPES.join(", ")}`;
  if (line.includes("PRIVATE KEY"))
    return `this is a PRIVATE key: put the .pub line here, and make a new key`;
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(line) || line.trim() !== line)
    return `a public key is one line without spaces around it; ${allowed}`;
  if (!type || !blob)
    return `got ${JSON.stringify(line.slice(0, 40))}, but an SSH public key has a type and a base64 part; ${allowed}`;
  if (!(KEY_TYPES as readonly string[]).includes(type))
    return `key type "${type}" is refused; ${allowed}`;
  if (comment.some((word) => word.startsWith("AAAA")))
    return "two keys on one line: each person has one";
  if (comment.join(" ").length > 100) return "the key's comment is longer than 100 characters";
  const bytes = Buffer.from(blob, "base64");
  if (bytes.toString("base64") !== blob) return "the key's base64 part is damaged";
  const fields = readStrings(bytes);
  if (!fields) return "the key's base64 part is cut short or has something behind it";
  if (fields[0]?.toString() !== type) return `the key says "${type}" but contains "${fields[0]}"`;
  const expected = { "ssh-ed25519": 2, "sk-ssh-ed25519@openssh.com": 3 }[type] ?? 4;
  if (fields.length !== expected)
    return "the key's base64 part holds more or less than one key: was it pasted twice?";
  const point = type.startsWith("sk-ecdsa") ? fields[2] : fields[1];
  const length = type.startsWith("sk-ecdsa") ? 65 : 32;
  return point?.length === length
    ? undefined
    : `the key's point has ${point?.length} bytes, not ${length}`;
}

/** The length-prefixed strings that a blob consists of, or undefined when it isn't whole. */
function readStrings(bytes: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}
