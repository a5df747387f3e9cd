export interface Link {
  readonly role: "moderator" | "guest";
  readonly room: string;
  readonly token: string;
  readonly id: string;
  /** The pseudonym in the token. */
  readonly person: string;
}

export function linkOf(text: string): Link {
  const url = new URL(text);
  const token = JSON.parse(decodeURIComponent(url.hash.replace("#jwt=", ""))) as string;
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    readonly jti: string;
    readonly role: Link["role"];
    readonly context: { readonly user: { readonly id: string } };
  };
  const { jti: id, role, context } = claims;
  return { role, id, token, room: url.pathname.slice(1), person: context.user.id };
}

/** The links that `polder invite` printed. */
export const linksIn = (printed: string): readonly Link[] =>
  (printed.match(/https:\S+/g) ?? []).map(linkOf);

/** Arguments of `polder invite` for a meeting that begins now, by a ministry's clock. */
export function nowForAnHour(): string[] {
  const now = new Date().toLocaleString("sv", { timeZone: "Europe/Amsterdam" });
  return ["--starts", now.slice(0, 16).replace(" ", "T"), "--minutes", "60"];
}
