import type { Leaf } from "./json.ts";

/** The shapes by which a secret can be recognised. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/, "a private key (PEM)"],
  [/AGE-SECRET-KEY-1/i, "an age identity"],
  [/\$ANSIBLE_VAULT;/, "an Ansible vault"],
  [/\beyJ[\w-]{6,}\.eyJ[\w-]{6,}\.[\w-]*/, "a JWT"],
  [/\bgAAAA[\w-]{20,}/, "a fernet token"],
  [/\$(?:1|2[aby]|5|6|7|y|gy|argon2id?|scram-sha-\d+)\$[^\s"']{8,}/, "a password hash"],
  [/:\/\/[^\s/:@]*:[^\s/@]+@/, "a URL with a password"],
];

/** The kind of secret that a text has the shape of, wherever it stands in it. */
export const secretShape = (text: string): string | undefined =>
  SHAPES.find(([pattern]) => pattern.test(text))?.[1];

const SECRET_WORD =
  "(?:passw(?:or)?d|passphrase|wachtwoord|secret|token|credential|(?:api|access|private|auth|signing)[_-]?key|(?:^|[_-])(?:pass|psk))s?";
/** A setting inside a text: `password: x`, `DB_SECRET=x`; not sudo's `NOPASSWD: ALL`. */
const ASSIGNMENT = new RegExp(
  `(?:^|[\\s"'{,;?&])[\\w.-]*(?<!\\bNO)${SECRET_WORD}[\\w-]*["']?\\s*[:=]\\s*["']?([^\\s"',;}&]+)`,
  "gim",
);
const SECRET_KEY = new RegExp(`${SECRET_WORD}$|^admin_pass$`, "i");
/** What such a setting may say without giving anything away. */
const HARMLESS = /^(?:true|false|yes|no|null|none|~|\*+)$/i;

/** Long texts without meaning that are no secrets. */
const KNOWN = new RegExp(
  [
    // SSH public keys
    "(?:sk-)?(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521))(?:@openssh\\.com)? AAAA[A-Za-z0-9+/]+={0,3}",
    // UUIDs
    "\\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\b",
    // plain references, which Terraform resolves; a literal inside an expression stays in sight
    "\\$\\{[\\w.-]+\\}",
  ].join("|"),
  "gi",
);
/** Keystone writes its ids without dashes; providers keep user_data as a SHA-1, images a digest. */
const isDigest = ({ key, text }: Leaf): boolean =>
  key === "user_data"
    ? /^(?:[0-9a-f]{40}|[A-Za-z0-9+/]{27}=)$/.test(text)
    : (isId({ key }) || /^checksum$|^os_hash_value$/.test(key)) &&
      // One of two ids is written behind the other: `<zone>/<record set>`.
      /^[0-9a-f-]+(?:[/:][0-9a-f-]+)*$/.test(text);

/** Whether a key says that its value is an id of the cloud. */
export const isId = ({ key }: Pick<Leaf, "key">): boolean =>
  /(?:^|_)ids?$|^(?:owner|project|tenant)$/.test(key);

const SMALLEST = 24;
const SMALLEST_HEX = 32;

/**
 * Whether a run of letters and digits has no meaning. Words and numbers come in stretches of one kind
 * (lower, upper, digit); random base64 changes kind at 6 of 10 letters, base36 and base32 at 3 to 4.
 */
function isRandom(run: string): boolean {
  if (/^[0-9a-f]+$/i.test(run)) {
    return run.length >= SMALLEST_HEX && new Set(run).size >= 8;
  }
  const letters = run.replace(/[^A-Za-z0-9]/g, "");
  if (letters.length < SMALLEST || new Set(letters).size < 12) return false;
  const kind = (letter: string) => (letter < "A" ? "digit" : letter < "a" ? "upper" : "lower");
  let changes = 0;
  for (let i = 1; i < letters.length; i++) {
    if (kind(letters[i] as string) !== kind(letters[i - 1] as string)) changes++;
  }
  return changes / letters.length >= 0.3;
}

/**
 * What kind of secret a string looks like; undefined when like none. Never tells the value itself.
 *
 * @param names of Terraform resources, long and made by us, and ids that the cloud gave
 */
export function secretIn(leaf: Leaf, names: ReadonlySet<string>): string | undefined {
  const shape = secretShape(leaf.text);
  if (shape) return shape;
  if (SECRET_KEY.test(leaf.key) && leaf.text !== "" && !HARMLESS.test(leaf.text)) {
    return `a value of "${leaf.key}"`;
  }
  for (const [, value = ""] of leaf.text.matchAll(ASSIGNMENT)) {
    if (!HARMLESS.test(value)) return "a setting for a password, secret, token or key";
  }
  // What is taken out below makes no run longer.
  if (leaf.text.length < SMALLEST || isDigest(leaf)) return undefined;
  const rest = leaf.text.replaceAll(KNOWN, " ");
  const run = rest.match(/[A-Za-z0-9+/=_-]{24,}/g)?.find((r) => !names.has(r) && isRandom(r));
  return run === undefined ? undefined : `${run.length} letters and digits without meaning`;
}
