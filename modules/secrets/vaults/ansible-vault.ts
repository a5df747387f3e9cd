import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  pbkdf2Sync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

// Format 1.1 of Ansible Vault, as ansible-core's lib/ansible/parsing/vault writes it: hexadecimal lines of 80
// characters below a header, in them three hexadecimal lines: salt, HMAC, ciphertext.
const HEADER = "$ANSIBLE_VAULT;1.1;AES256";
/** The same with a label, which changes nothing of the rest. */
const HEADERS = /^\$ANSIBLE_VAULT;1\.(1;AES256|2;AES256;.*)$/;
const WIDTH = 80;
/** Rounds of PBKDF2; what is guessed is a password of 256 random bits, and no person's. */
const ROUNDS = 10_000;
const SALT_BYTES = 32;

/** The keys for ciphering and for the HMAC, and the counter's first value. */
function keysOf(password: string, salt: Buffer) {
  const bytes = pbkdf2Sync(password, salt, ROUNDS, 32 + 32 + 16, "sha256");
  return {
    cipher: bytes.subarray(0, 32),
    mac: bytes.subarray(32, 64),
    counter: bytes.subarray(64),
  };
}

const macOf = (key: Buffer, ciphertext: Buffer): Buffer =>
  createHmac("sha256", key).update(ciphertext).digest();

/** A text as an Ansible Vault file. */
export function encryptText(text: string, password: string): string {
  const salt = randomBytes(SALT_BYTES);
  const keys = keysOf(password, salt);
  const plain = Buffer.from(text);
  // The format pads to whole blocks, though a counter's stream needs none.
  const padding = 16 - (plain.length % 16);
  const cipher = createCipheriv("aes-256-ctr", keys.cipher, keys.counter);
  const ciphertext = cipher.update(Buffer.concat([plain, Buffer.alloc(padding, padding)]));
  const parts = [salt, macOf(keys.mac, ciphertext), ciphertext].map((one) => one.toString("hex"));
  const body = Buffer.from(parts.join("\n")).toString("hex");
  return [HEADER, ...(body.match(new RegExp(`.{1,${WIDTH}}`, "g")) ?? []), ""].join("\n");
}

/** The text of an Ansible Vault file; undefined when the password isn't its, or it was changed. */
export function decryptText(sealed: string, password: string): string | undefined {
  const [header, ...lines] = sealed.split("\n").map((line) => line.trim());
  if (!HEADERS.test(header ?? "")) return undefined;
  const body = Buffer.from(lines.join(""), "hex").toString("latin1");
  const [salt, mac, ciphertext] = body.split("\n").map((part) => Buffer.from(part, "hex"));
  if (!salt || !mac || !ciphertext) return undefined;
  const keys = keysOf(password, salt);
  const own = macOf(keys.mac, ciphertext);
  if (mac.length !== own.length || !timingSafeEqual(mac, own)) return undefined;
  const cipher = createDecipheriv("aes-256-ctr", keys.cipher, keys.counter);
  const padded = cipher.update(ciphertext);
  return padded.subarray(0, padded.length - (padded.at(-1) ?? 0)).toString("utf8");
}
