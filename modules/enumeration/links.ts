import { z } from "zod";
import { BadInput, parseYaml, pathText } from "../input/index.ts";
import type { State } from "./plan.ts";

/** What somebody holds who was invited. */
export interface Invitation {
  readonly room: string;
  readonly token: string;
}

/** The invitations that a run works with. */
export interface Links {
  /** The meeting that must not be found: its moderator makes it live, its guest waits. */
  readonly moderator: Invitation;
  readonly guest: Invitation;
  /** Who attacks: a guest of another meeting. */
  readonly attacker: Invitation;
  /** Names of meetings in other states. */
  readonly names: Readonly<Record<Exclude<State, "live">, readonly string[]>>;
}

// Each message is its own: zod's and the house's say what was got, and that is a secret here.
const link = z.string({ error: "a link is needed: https://<domain>/<room>#jwt=<token>" });
const list = z.array(link, { error: "a list of links is needed" }).default([]);
const keys = ["moderator", "guest", "attacker", "ended", "revoked", "not begun"];
const schema = z.strictObject(
  {
    moderator: link,
    guest: link,
    attacker: link,
    ended: list,
    revoked: list,
    "not begun": list,
  },
  { error: `keys and links are needed; allowed keys: ${keys.join(", ")}` },
);

/** The claims of a token, unverified: enough to see who was given which link. */
function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split(".")[1] ?? "", "base64url").toString(),
    );
    return typeof claims === "object" && claims !== null ? { ...claims } : {};
  } catch {
    return {};
  }
}

/** A link's room and token; Jitsi's clients read what is behind `jwt=` as JSON, if it is in quotes. */
function readLink(text: string, domain: string): Invitation | undefined {
  const [, host, room, value = ""] =
    /^https:\/\/([^/?#]+)\/([^/?#]+)(?:#(?:.*&)?jwt=([^&]*))?$/.exec(text.trim()) ?? [];
  if (host !== domain || room === undefined) return undefined;
  return { room, token: decodeURIComponent(value).replace(/^"(.*)"$/, "$1") };
}

/**
 * Reads the file of links. No message repeats what stands in it.
 *
 * @throws BadInput
 */
export function readLinks(text: string, file: string, domain: string): Links {
  const yaml = parseYaml(text, file);
  const refuse = (path: readonly (string | number)[], message: string): never => {
    const name = path.length > 0 ? `${pathText(path)}: ` : "";
    throw new BadInput([{ file, at: yaml.at(path), message: `${name}${message}` }]);
  };
  const read = schema.safeParse(yaml.value);
  if (!read.success) {
    const [issue] = read.error.issues;
    return refuse((issue?.path ?? []) as (string | number)[], issue?.message ?? "can't be read");
  }
  const invitation = (path: readonly (string | number)[], link: string): Invitation =>
    readLink(link, domain) ?? refuse(path, `no link to a meeting at https://${domain}/`);
  const of = (who: "moderator" | "guest" | "attacker", role: string): Invitation => {
    const one = invitation([who], read.data[who]);
    const claims = claimsOf(one.token);
    if (claims["role"] !== role) refuse([who], `not a ${role}'s link, which is needed here`);
    if (claims["room"] !== one.room) refuse([who], "its token is for another room than the link");
    return one;
  };
  const moderator = of("moderator", "moderator");
  const guest = of("guest", "guest");
  const attacker = of("attacker", "guest");
  if (guest.room !== moderator.room) refuse(["guest"], "not of the moderator's meeting");
  if (attacker.room === moderator.room)
    refuse(["attacker"], "of the moderator's meeting; one of another meeting is needed");
  const names = (state: Exclude<State, "live">): string[] =>
    read.data[state].map((one, i) => invitation([state, i], one).room);
  return {
    moderator,
    guest,
    attacker,
    names: { ended: names("ended"), revoked: names("revoked"), "not begun": names("not begun") },
  };
}
