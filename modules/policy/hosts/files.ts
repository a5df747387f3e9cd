import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { RenderedHost } from "../types.ts";

/** One rendered file of a host. */
export type RenderedFile = RenderedHost["files"][number];

/** The file at a path; undefined where the host has none. */
export const fileAt = (host: RenderedHost, path: string): RenderedFile | undefined =>
  host.files.find((file) => file.path === path);

/** The files whose path matches, text alone. */
export const filesLike = (host: RenderedHost, pattern: RegExp): readonly RenderedFile[] =>
  host.files.filter((file) => pattern.test(file.path) && file.binary !== true);

/** A text without lines that begin with one of these marks. */
export const withoutComments = (text: string, mark: RegExp = /^\s*#/): string =>
  text
    .split("\n")
    .filter((line) => !mark.test(line))
    .join("\n");

/** `Key value` lines, as sshd reads them: of each key the first counts. */
export function sshdSettings(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const line of withoutComments(text).split("\n")) {
    const [, key, value] = /^\s*(\S+)[\s=]+(.*?)\s*$/.exec(line) ?? [];
    if (key && !settings.has(key.toLowerCase())) settings.set(key.toLowerCase(), value ?? "");
  }
  return settings;
}

/** `key=value` and bare `key` lines, each with all its values. */
export function optionLines(text: string): ReadonlyMap<string, readonly string[]> {
  const options = new Map<string, string[]>();
  for (const line of withoutComments(text).split("\n")) {
    const [, key, value = ""] = /^\s*-?([\w./*-]+?)\s*(?:=\s*(.*?)\s*)?$/.exec(line) ?? [];
    if (key) options.set(key, [...(options.get(key) ?? []), value]);
  }
  return options;
}

/** A section of systemd's files: of each key the values, after what an empty one takes back. */
export function unitSection(
  texts: readonly string[],
  section: string,
): ReadonlyMap<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const text of texts) {
    let current = "";
    for (const line of withoutComments(text, /^\s*[#;]/).split("\n")) {
      current = /^\[(\w+)\]\s*$/.exec(line)?.[1] ?? current;
      const [, key, value = ""] = /^(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      if (!key || current !== section) continue;
      settings.set(key, value === "" ? [] : [...(settings.get(key) ?? []), value]);
    }
  }
  return settings;
}

/** The last value of a key, which is the one that counts. */
export const lastOf = (
  settings: ReadonlyMap<string, readonly string[]>,
  key: string,
): string | undefined => settings.get(key)?.at(-1);

/** One directive of nginx, with what is inside its braces. */
export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
  readonly inner: readonly Directive[];
}

/** Reads nginx's syntax: words, quotes, comments, braces. What doesn't end is cut off. */
export function nginxDirectives(text: string): readonly Directive[] {
  const tokens =
    text
      .match(/#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|[^\s{};"']+(?:"[^"]*"[^\s{};]*)?/g)
      ?.filter((token) => !token.startsWith("#")) ?? [];
  let at = 0;
  const block = (): Directive[] => {
    const found: Directive[] = [];
    let words: string[] = [];
    while (at < tokens.length) {
      const token = tokens[at++] as string;
      if (token === "}") break;
      if (token !== ";" && token !== "{") {
        words.push(token.replace(/^(["'])([\s\S]*)\1$/, "$2"));
        continue;
      }
      const [name = "", ...rest] = words;
      const inner = token === "{" ? block() : [];
      if (name !== "" || inner.length > 0) found.push({ name, words: rest, inner });
      words = [];
    }
    return found;
  };
  return block();
}

/** A directive and all below it. */
export const allBelow = (directives: readonly Directive[]): readonly Directive[] =>
  directives.flatMap((one) => [one, ...allBelow(one.inner)]);

/** The value of a setting in Prosody's Lua, as it is written; undefined where nobody sets it. */
export const luaSettings = (text: string, key: string): string[] =>
  [...text.matchAll(new RegExp(`^[ \\t]*${key}\\s*=\\s*(.+?);?[ \\t]*$`, "gm"))]
    .map((match) => match[1] as string)
    .map((value) => value.replace(/\s*--[^"}]*$/, ""));

/** The words in a Lua table of strings, or the one string. */
export const luaWords = (value: string): string[] =>
  [...value.matchAll(/"([^"]*)"/g)].map((match) => match[1] as string);

/** The private addresses of the instance's hosts of a role. */
export const addressesOfRole = (blueprint: Blueprint, role: string): string[] =>
  blueprint.hosts
    .filter((host) => host.roles.some((one) => one === role))
    .flatMap((host) => [host.ipv4, ...(host.ipv6 ? [host.ipv6] : [])]);
