import {
  createHash,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { SignJWT } from "jose";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const DAY_ZERO = Date.UTC(2024, 0, 1) / 1000;

/** Signs what tests need, good and bad. Code of its own: what issues for real must agree with it. */
export class Issuer {
  readonly domain: string;
  readonly keys: { readonly kid: string; readonly key: KeyObject; readonly pem: string }[] = [];
  readonly macKeys = new Map<number, Buffer>();

  constructor(domain: string) {
    this.domain = domain;
    this.addKey();
    this.macKeys.set(3, randomBytes(32));
  }

  addKey(bits = 3072): string {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
    const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
    const der = publicKey.export({ type: "spki", format: "der" });
    const kid = createHash("sha256").update(der).digest("hex").slice(0, 16);
    this.keys.push({ kid, key: privateKey, pem });
    return kid;
  }

  get roomKeys(): string {
    return [...this.macKeys].map(([index, key]) => `${index} ${key.toString("hex")}\n`).join("");
  }

  /** A room's name. @param days from today to its last day */
  room(days = 0, index = [...this.macKeys.keys()][0] ?? 0, domain = this.domain): string {
    const random = randomChars(26);
    const day = Math.floor((Date.now() / 1000 - DAY_ZERO) / 86_400) + days;
    const digits = [10, 5, 0].map((shift) => ALPHABET[(day >> shift) & 31]).join("");
    const head = `${random}${digits}${ALPHABET[index]}`;
    const mac = createHmac("sha256", this.macKeys.get(index) ?? randomBytes(32))
      .update(`polder room 1\0${domain}\0${head}`)
      .digest();
    const text = base32(mac, 16);
    return `${head}${text}${checkOf(head + text)}`;
  }

  /** Claims as they should be. */
  claims(room: string, role: "moderator" | "guest" = "guest", seconds = 3600) {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: `issuer.${this.domain}`,
      aud: `meet.${this.domain}`,
      sub: this.domain,
      room,
      role,
      nbf: now - 10,
      iat: now - 10,
      exp: now + seconds,
      jti: id(),
      context: {
        user: {
          id: id(),
          affiliation: role === "moderator" ? "owner" : "member",
          ...(role === "moderator" && { name: "Sam de Vries" }),
        },
        features: { recording: false, "outbound-call": false, livestreaming: false },
      },
    };
  }

  get kid(): string {
    return this.keys[0]?.kid ?? "";
  }

  /** Signs any claims by a key of its own. */
  async sign(claims: object, header: object = {}, key = this.keys[0]?.key): Promise<string> {
    if (!key) throw new Error("no key");
    return await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: this.kid, ...header })
      .sign(key);
  }

  token(room: string, role: "moderator" | "guest" = "guest", seconds = 3600): Promise<string> {
    return this.sign(this.claims(room, role, seconds));
  }
}

/** The first characters of some bytes, five bits each, most significant first. */
function base32(bytes: Buffer, length: number): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return Array.from(
    { length },
    (_, i) => ALPHABET[Number.parseInt(bits.slice(5 * i, 5 * i + 5), 2)],
  ).join("");
}

/** What the security log calls a room. @param key `gate/pseudonym.key`, hex */
export const pseudonymOf = (key: string, room: string): string =>
  base32(
    createHmac("sha256", Buffer.from(key, "hex"))
      .update(`polder pseudonym 1\0${createHash("sha256").update(room).digest("hex")}`)
      .digest(),
    26,
  );

const randomChars = (length: number): string =>
  [...randomBytes(length)].map((byte) => ALPHABET[byte & 31]).join("");
/** A pseudonym or a token's id. */
export const id = (): string => randomChars(26);

/** Luhn's check modulo 32 (ISO/IEC 7812-1, annex B, with 32 for 10). */
export function checkOf(text: string): string {
  let sum = 0;
  [...text].reverse().forEach((char, i) => {
    const product = ALPHABET.indexOf(char) * (i % 2 === 0 ? 2 : 1);
    sum += Math.floor(product / 32) + (product % 32);
  });
  return ALPHABET[(32 - (sum % 32)) % 32] as string;
}
