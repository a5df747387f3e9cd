import { z } from "zod";

const KINDS = [
  ...["get", "set", "result", "error"].map((type) => `iq ${type}`),
  ...["available", "unavailable"].map((type) => `presence ${type}`),
  ...["groupchat", "chat", "normal"].map((type) => `message ${type}`),
] as const;

/** Hosts that a stanza may go to, by what they are. */
export const KINDS_OF_HOST = [
  "domain",
  "conference",
  "lobby",
  "breakout",
  "focus",
  "internal",
  "auth",
] as const;

/** One row of stanzas.yaml: a kind of stanza that may pass, and why. Its head says what each field means. */
export const stanzaRowSchema = z.strictObject({
  id: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  from: z.array(z.enum(["guest", "moderator", "focus", "bridge"])).min(1),
  stanza: z.array(z.enum(KINDS)).min(1),
  payload: z
    .array(z.string().regex(/^[a-z][\w:/.#-]* [a-z_]+$/))
    .min(1)
    .optional(),
  to: z.enum(KINDS_OF_HOST),
  form: z.array(z.enum(["host", "bare", "full"])).min(1),
  room: z.enum(["own", "breakout", "brewery", "issued"]).optional(),
  occupant: z.literal(true).optional(),
  nick: z.enum(["focus", "account"]).optional(),
  content: z.string().optional(),
  why: z.string().min(10),
});

export const stanzasSchema = z.array(stanzaRowSchema).min(1);

export type StanzaRow = z.output<typeof stanzaRowSchema>;
