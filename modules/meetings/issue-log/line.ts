import { createHash } from "node:crypto";
import { z } from "zod";

const id = z.string().regex(/^[0-9a-z]{26}$/);
const sum = z.string().regex(/^[0-9a-f]{64}$/);
/** Seconds since 1970. */
const moment = z.int().positive();

/** A token was issued. Neither it nor its room's name is here; the name's sum finds the meeting again. */
const issued = z.strictObject({
  kind: z.literal("token"),
  id,
  role: z.enum(["moderator", "guest"]),
  /** Pseudonym of the link's holder, as the security logs have it. */
  person: id,
  /** SHA-256 of the room's name, hex. */
  room: sum,
  from: moment,
  until: moment,
  /** The end of the room's last day. */
  roomUntil: moment,
  /** The keys by which both were made, for a rotation. */
  tokenKey: z.string().regex(/^[0-9a-f]{16}$/),
  roomKey: z.int().min(0).max(31),
});
const tokenRevoked = z.strictObject({ kind: z.literal("token-revoked"), id, until: moment });
const roomRevoked = z.strictObject({ kind: z.literal("room-revoked"), room: sum, until: moment });
/** From the next line on this key signs. The line itself is signed by the one before, the first by itself. */
const keyChanged = z.strictObject({
  kind: z.literal("key"),
  /** Ed25519, SubjectPublicKeyInfo in base64. */
  key: z.base64(),
});

const entrySchema = z.discriminatedUnion("kind", [issued, tokenRevoked, roomRevoked, keyChanged]);

/** What a line is about. */
export type Entry = z.infer<typeof entrySchema>;
export type Issued = z.infer<typeof issued>;

export const lineSchema = z.strictObject({
  /** 1 and so on. */
  number: moment,
  at: z.iso.datetime({ precision: 0 }),
  /** Login name of the admin. */
  by: z.string().min(1),
  entry: entrySchema,
  /** SHA-256 of the line before, hex; 64 zeros in the first. */
  previous: sum,
});

export type Line = z.infer<typeof lineSchema>;

/** SHA-256, hex. */
export const sumOf = (bytes: string | Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");
