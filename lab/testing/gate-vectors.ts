import { createHmac, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CompactSign, SignJWT } from "jose";
import { z } from "zod";
import { parseYaml, validate } from "../../modules/common/input/index.ts";
import type { GateClient } from "./gate-client.ts";
import type { Issuer } from "./gate-issuer.ts";

const FORMS = [
  "none",
  "empty",
  "noise",
  "alg-none",
  "raw-header",
  "hs256",
  "rs512",
  "ps256",
  "other-key",
  "kid-upper",
  "kid-missing",
  "exp-fraction",
  "audience-list",
  "room-upper",
  "room-regex",
  "guest-as-owner",
  "guest-with-name",
  "user-with-mail",
  "feature-on",
  "doubled-claim",
  "doubled-by-escape",
  "oversized",
  "four-parts",
  "padded",
] as const;
const URLS = [
  "same",
  "other",
  "upper",
  "none",
  "two",
  "prefix",
  "encoded",
  "name-encoded",
  "zero-byte",
  "plus",
  "token-twice",
] as const;
const handshake = z.strictObject({
  id: z.string(),
  form: z.enum(FORMS).optional(),
  header: z.record(z.string(), z.unknown()).optional(),
  /** Seconds from now. */
  claims: z.record(z.string(), z.number().int()).optional(),
  text: z.record(z.string(), z.string()).optional(),
  drop: z.string().optional(),
  url: z.enum(URLS).optional(),
  verdict: z.enum(["admitted", "refused"]),
  why: z.string(),
});
const stanza = z.strictObject({
  id: z.string(),
  xml: z.string(),
  foreign: z.string().optional(),
  own: z.strictObject({
    guest: z.string().optional(),
    member: z.string().optional(),
    moderator: z.string().optional(),
  }),
});
const content = z.strictObject({
  id: z.string(),
  as: z.enum(["presence", "leave", "to-all", "to-one", "answer", "error", "to-focus", "asked"]),
  send: z.string(),
  arrives: z.string(),
  why: z.string(),
});
const schema = z.strictObject({
  names: z.strictObject({
    domain: z.string(),
    keys: z.record(z.string(), z.string()),
    cases: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        now: z.number().int(),
        valid: z.boolean(),
        why: z.string(),
      }),
    ),
  }),
  handshakes: z.array(handshake),
  stanzas: z.array(stanza),
  contents: z.array(content),
});

const file = join(import.meta.dirname, "../../modules/hosts/gate/vectors.yaml");
export type Handshake = z.output<typeof handshake>;

/** token x room x stanza -> verdict, as modules/hosts/gate/vectors.yaml has it. */
export const loadVectors = () =>
  validate(parseYaml(readFileSync(file, "utf8"), "modules/hosts/gate/vectors.yaml"), schema);

const base64url = (text: string): string => Buffer.from(text).toString("base64url");
type Claims = ReturnType<Issuer["claims"]> & Record<string, unknown>;

/** A token by hand: header and payload as they are written, signed by the issuer's key. */
async function byHand(issuer: Issuer, payload: string, header: object = {}): Promise<string> {
  const key = issuer.keys[0]?.key;
  if (!key) throw new Error("no key");
  const sign = new CompactSign(new TextEncoder().encode(payload));
  return sign
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: issuer.kid, ...header })
    .sign(key);
}

/** What a form does to good claims; what isn't here is made by `tokenOf` itself. */
const CHANGES: Partial<Record<(typeof FORMS)[number], (claims: Claims) => object>> = {
  "audience-list": (claims) => ({ ...claims, aud: [claims.aud] }),
  "room-upper": (claims) => ({ ...claims, room: claims.room.toUpperCase() }),
  "room-regex": (claims) => ({
    ...claims,
    context: { ...claims.context, room: { regex: true } },
  }),
  "guest-as-owner": (claims) => withUser(claims, { affiliation: "owner" }),
  "guest-with-name": (claims) => withUser(claims, { name: "Sam" }),
  "user-with-mail": (claims) => withUser(claims, { email: "sam@voorbeeld.example" }),
  "feature-on": (claims) => ({
    ...claims,
    context: { ...claims.context, features: { recording: true } },
  }),
};
const withUser = (claims: Claims, more: object) => ({
  ...claims,
  context: { ...claims.context, user: { ...claims.context.user, ...more } },
});

/** The token that a row asks for, and the room of its address. */
async function tokenOf(row: Handshake, issuer: Issuer, room: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims: Claims = { ...issuer.claims(room), ...row.text };
  for (const [name, seconds] of Object.entries(row.claims ?? {})) claims[name] = now + seconds;
  if (row.drop !== undefined) delete claims[row.drop];
  const json = JSON.stringify(claims);
  const part = (alg: string) =>
    `${base64url(JSON.stringify({ alg, typ: "JWT", kid: issuer.kid }))}.${base64url(json)}`;
  const good = () => issuer.sign(claims, row.header);
  const change = row.form && CHANGES[row.form];
  if (change) return issuer.sign(change(claims));
  switch (row.form) {
    case "none":
    case "empty":
      return "";
    case "noise":
      return "x".repeat(300);
    case "alg-none":
      return `${part("none")}.`;
    case "raw-header": {
      const [, , signature] = (await issuer.sign(claims)).split(".");
      return `${part("none")}.${signature}`;
    }
    case "hs256": {
      const mac = createHmac("sha256", issuer.keys[0]?.pem ?? "").update(part("HS256"));
      return `${part("HS256")}.${mac.digest("base64url")}`;
    }
    case "rs512":
    case "ps256": {
      const alg = row.form.toUpperCase();
      const key = issuer.keys[0]?.key;
      if (!key) throw new Error("no key");
      return new SignJWT({ ...claims })
        .setProtectedHeader({ alg, typ: "JWT", kid: issuer.kid })
        .sign(key);
    }
    case "other-key": {
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 3072 });
      return issuer.sign(claims, {}, privateKey);
    }
    case "kid-upper":
      return issuer.sign(claims, { kid: issuer.kid.toUpperCase() });
    case "kid-missing":
      return issuer.sign(claims, { kid: undefined });
    case "exp-fraction":
      return byHand(issuer, json.replace(/"exp":(\d+)/, '"exp":$1.5'));
    case "doubled-claim":
      return byHand(issuer, json.replace(/^{/, `{"room":"${issuer.room()}",`));
    case "doubled-by-escape":
      return byHand(issuer, json.replace(/^{/, `{"r\\u006fom":"${issuer.room()}",`));
    case "oversized":
      return byHand(issuer, `${json}${" ".repeat(3200)}`);
    case "four-parts":
      return `${await good()}.x`;
    case "padded":
      return `${await good()}=`;
    default:
      return good();
  }
}

/** The query of a row's handshake. */
export async function queryOfRow(row: Handshake, issuer: Issuer): Promise<string> {
  const room = issuer.room();
  const token = await tokenOf(row, issuer, room);
  const named = row.form === "room-upper" ? room.toUpperCase() : (row.text?.["room"] ?? room);
  const address = {
    same: `room=${encodeURIComponent(named)}&`,
    other: `room=${issuer.room()}&`,
    upper: `room=${room.toUpperCase()}&`,
    none: "",
    two: `room=${room}&room=${issuer.room()}&`,
    prefix: `room=${room}&prefix=x&`,
    encoded: `room=${[...room].map((c) => `%${c.charCodeAt(0).toString(16)}`).join("")}&`,
    "name-encoded": `ro%6fm=${room}&`,
    "zero-byte": `room=${room}%00&`,
    plus: `room=${room}+&`,
    "token-twice": `room=${room}&token=${token}&`,
  }[row.url ?? "same"];
  return row.form === "none" ? `?${address}` : `?${address}token=${token}`;
}

/** A row's stanza as one client sends it about a room. */
export const stanzaOfRow = (xml: string, by: GateClient, room: string): string =>
  xml
    .replaceAll("{room}", room)
    .replaceAll("{domain}", by.server.blueprint.domain)
    .replaceAll("{nick}", by.nick)
    .replaceAll("{jid}", by.jid)
    .replaceAll("{bare}", by.bareJid)
    .replace(/\{(\d+)\*(.)\}/g, (_, count: string, char: string) => char.repeat(Number(count)));
