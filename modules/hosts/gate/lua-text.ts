/** The values that a Lua program can be given: text, numbers, booleans, lists and tables by name. */
export type LuaValue =
  | string
  | number
  | boolean
  | readonly LuaValue[]
  | { readonly [name: string]: LuaValue | undefined };

/** A string as Lua reads it back. @throws Error for what would need an escape: no name of ours does */
function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/["\\\x00-\x1f\x7f]/.test(text))
    throw new Error(`no text for a Lua string: ${JSON.stringify(text)}`);
  return `"${text}"`;
}

/** Words as a list of Prosody's, without its braces; none of ours needs an escape. */
export const luaList = (list: readonly string[]): string => list.map(quoted).join("; ");

const isList = (value: LuaValue): value is readonly LuaValue[] => Array.isArray(value);

/** A field's name: Lua's own form where it is one. */
export const luaField = (name: string): string =>
  /^[A-Za-z_]\w*$/.test(name) ? name : `[${quoted(name)}]`;

/** A value as a Lua expression, on one line. */
export function luaText(value: LuaValue): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  const items = isList(value)
    ? value.map(luaText)
    : Object.entries(value).flatMap(([name, one]) =>
        one === undefined ? [] : [`${luaField(name)} = ${luaText(one)}`],
      );
  return items.length === 0 ? "{}" : `{ ${items.join(", ")} }`;
}
