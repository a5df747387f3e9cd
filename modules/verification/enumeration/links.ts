import { z } from "zod";
import { badInput, parseYaml, pathText } from "../../common/input/index.ts";
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

// What has still to be filled in; an empty file is one, too.
const unfinished = schema.partial();

/** A file of links that is being filled. */
export type LinkFile = Readonly<z.output<typeof unfinished>>;
/** What a meeting's link is there for, beside the two meetings that a run is about. */
export type OtherState = Exclude<State, "live">;

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
  try {
    return { room, token: decodeURIComponent(value).replace(/^"(.*)"$/, "$1") };
  } catch {
    // A percent sign that no two digits follow: a link that was cut off.
    return undefined;
  }
}

type Refuse = (path: readonly (string | number)[], message: string) => never;

/** Reads by a schema, and gives what refuses a place in the file. @throws BadInput */
function readBy<T>(shape: z.ZodType<T>, text: string, file: string): [T, Refuse] {
  const yaml = parseYaml(text, file);
  const refuse: Refuse = (path, message) => {
    const name = path.length > 0 ? `${pathText(path)}: ` : "";
    throw badInput(file, `${name}${message}`, yaml.at(path));
  };
  const read = shape.safeParse(yaml.value ?? {});
  if (read.success) return [read.data, refuse];
  const [issue] = read.error.issues;
  return refuse((issue?.path ?? []) as (string | number)[], issue?.message ?? "can't be read");
}

const noLink = (domain: string): string => `no link to a meeting at https://${domain}/`;

/**
 * Reads a file of links that may lack some. No message repeats what stands in it.
 *
 * @throws BadInput when it is something else, or another instance's
 */
export function readLinkFile(text: string, file: string, domain: string): LinkFile {
  const [links, refuse] = readBy(unfinished, text, file);
  for (const [key, value] of Object.entries(links))
    for (const one of [value ?? []].flat())
      if (!readLink(one, domain)) refuse([key], noLink(domain));
  return links;
}

/**
 * Fills in a meeting's links: the first is the one that nobody may find, the second the attacker's.
 *
 * @param as a meeting in another state
 * @returns undefined when both are there already
 */
export function withMeeting(
  links: LinkFile,
  { moderator, guest }: { readonly moderator: string; readonly guest: string },
  as?: OtherState,
): LinkFile | undefined {
  if (as !== undefined) return { ...links, [as]: [...(links[as] ?? []), guest] };
  if (links.moderator === undefined) return { ...links, moderator, guest };
  return links.attacker === undefined ? { ...links, attacker: guest } : undefined;
}

/**
 * Reads the file of links. No message repeats what stands in it.
 *
 * @throws BadInput
 */
export function readLinks(text: string, file: string, domain: string): Links {
  const [links, refuse] = readBy(schema, text, file);
  const invitation = (path: readonly (string | number)[], link: string): Invitation =>
    readLink(link, domain) ?? refuse(path, noLink(domain));
  const of = (who: "moderator" | "guest" | "attacker", role: string): Invitation => {
    const one = invitation([who], links[who]);
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
    links[state].map((one, i) => invitation([state, i], one).room);
  return {
    moderator,
    guest,
    attacker,
    names: { ended: names("ended"), revoked: names("revoked"), "not begun": names("not begun") },
  };
}
