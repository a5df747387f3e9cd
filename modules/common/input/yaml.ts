import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from "js-yaml";
import { BadInput, type Position, type Problem } from "./problem.ts";

/** Keys and indices from the root of a document to a value. */
export type Path = readonly (string | number)[];

/** A parsed YAML file that still knows where each value stood. */
export interface YamlFile {
  readonly file: string;
  readonly value: unknown;
  /** The position of the value at `path`, or of its nearest ancestor that is in the file. */
  at(path: Path): Position;
  /** The position of the key that `path` ends in: where an unknown key is pointed out. */
  atKey(path: Path): Position;
}

/** No file that a person writes by hand comes near this; a larger one is a mistake or an attack. */
export const MAX_BYTES = 256 * 1024;
/** Enough for a few shared blocks; an alias bomb needs many more. */
const MAX_ALIASES = 32;
const MAX_DEPTH = 24;
/** Characters of a file with every alias written out: bounds what a few nested aliases can do. */
const MAX_EXPANDED = 2 * MAX_BYTES;

const keyOf = (path: Path): string => JSON.stringify(path);

interface Walk {
  readonly values: Map<string, number>;
  readonly keys: Map<string, number>;
  readonly problems: { readonly offset: number; readonly message: string }[];
}

/** Where a node starts, its quote included; undefined for an empty value, which has no place. */
function startOf(event: Event): number | undefined {
  if (event.type === EVENT_ID.SCALAR) {
    const quoted = [SCALAR_STYLE.SINGLE_QUOTED, SCALAR_STYLE.DOUBLE_QUOTED].some(
      (style) => style === event.style,
    );
    return event.valueStart < 0 ? undefined : event.valueStart - (quoted ? 1 : 0);
  }
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  return "start" in event ? event.start : undefined;
}

/** Offsets of every value and key, from the parser's events, and what we don't allow in YAML. */
function walk(events: readonly Event[], source: string): Walk {
  const found: Walk = { values: new Map(), keys: new Map(), problems: [] };
  const report = (offset: number, message: string) => found.problems.push({ offset, message });
  /** Written-out size of each anchored node; undefined while we are still inside it. */
  const anchors = new Map<string, number | undefined>();
  let [next, aliases, tooLarge] = [0, 0, false];
  const take = (): Event => events[next++] as Event;

  const alias = (event: Event & { type: typeof EVENT_ID.ALIAS }): number => {
    const name = source.slice(event.anchorStart, event.anchorEnd);
    aliases++;
    if (aliases === MAX_ALIASES + 1) {
      report(
        event.anchorStart - 1,
        `more than ${MAX_ALIASES} aliases, at most ${MAX_ALIASES} are allowed`,
      );
    }
    if (anchors.has(name) && anchors.get(name) === undefined) {
      report(event.anchorStart - 1, `the alias "*${name}" stands inside what it repeats`);
    }
    return anchors.get(name) ?? 0;
  };

  /** Walks one node and gives its written-out size, in characters. */
  const node = (path: Path, fallback: number): number => {
    const event = take();
    const start = startOf(event) ?? fallback;
    found.values.set(keyOf(path), start);
    if (event.type === EVENT_ID.ALIAS) return alias(event);
    const anchor =
      "anchorStart" in event && event.anchorStart >= 0
        ? source.slice(event.anchorStart, event.anchorEnd)
        : undefined;
    if (anchor !== undefined) anchors.set(anchor, undefined);
    let size = 1;
    if (event.type === EVENT_ID.SCALAR) {
      size += event.valueEnd - event.valueStart;
    } else if (event.type === EVENT_ID.SEQUENCE) {
      for (let i = 0; events[next]?.type !== EVENT_ID.POP; i++) size += node([...path, i], start);
      next++;
    } else if (event.type === EVENT_ID.MAPPING) {
      size += mapping(path, start);
    }
    if (anchor !== undefined) anchors.set(anchor, size);
    if (size > MAX_EXPANDED && !tooLarge) {
      tooLarge = true;
      report(start, `with its aliases written out this has over ${MAX_EXPANDED} characters`);
    }
    return size;
  };

  const mapping = (path: Path, start: number): number => {
    const seen = new Set<string>();
    let size = 0;
    while (events[next]?.type !== EVENT_ID.POP) {
      const key = events[next] as Event;
      const offset = startOf(key) ?? start;
      let name = "";
      if (key.type === EVENT_ID.SCALAR) {
        next++;
        name = getScalarValue(source, key);
        if (seen.has(name)) report(offset, `key "${name}" stands here a second time`);
        seen.add(name);
      } else {
        report(offset, "a key is one word here, not a list, a block or an alias");
        node([...path, name], start);
      }
      const child = [...path, name];
      found.keys.set(keyOf(child), offset);
      size += name.length + node(child, offset);
    }
    next++;
    return size;
  };

  next++; // the document itself
  if (events[next]?.type !== EVENT_ID.POP) node([], 0);
  return found;
}

/** Offset of the line that starts the second document. */
function secondDocument(source: string, firstIsMarked: boolean): number {
  const markers = [...source.matchAll(/^(---|\.\.\.)(?=\s|$)/gm)];
  const marker = markers.find((m, i) => m[1] === "..." || i > 0 || !firstIsMarked);
  return marker?.index ?? 0;
}

/** The parser's words, and what they most often mean to a person. */
function explainParser(reason: string): string {
  const hint: Readonly<Record<string, string>> = {
    "bad indentation of a mapping entry":
      'a text with ": " in it, or one that starts with @ ` % & * ! | > { [ }, needs quotes',
    "end of the stream or a document separator is expected": "the lines before have another indent",
  };
  return hint[reason] ? `${reason} (${hint[reason]})` : reason;
}

/**
 * Parses one YAML document and keeps the place of each value.
 *
 * @throws BadInput when the text is too large, is no YAML, has tabs, repeats a key, holds more than
 *   one document or too many aliases. Every repeated key is named, not only the first.
 */
export function parseYaml(text: string, file: string): YamlFile {
  // Editors of one large vendor put a byte order mark first; it would shift every column.
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const bytes = Buffer.byteLength(source);
  if (bytes > MAX_BYTES) {
    throw new BadInput([
      {
        file,
        message: `${bytes} bytes, at most ${MAX_BYTES} are read: this is not a file of ours`,
      },
    ]);
  }
  const position = (offset: number): Position => {
    const before = source.slice(0, Math.max(0, offset));
    const newline = before.lastIndexOf("\n");
    return { line: before.split("\n").length, column: before.length - newline };
  };
  const problem = (offset: number, message: string): Problem => ({
    file,
    at: position(offset),
    message,
  });
  try {
    const events = parseEvents(source, { maxDepth: MAX_DEPTH });
    const documents = events.filter((event) => event.type === EVENT_ID.DOCUMENT);
    if (documents.length === 0) throw new BadInput([{ file, message: "the file is empty" }]);
    if (documents.length > 1) {
      const at = secondDocument(source, documents[0]?.explicitStart ?? false);
      throw new BadInput([
        problem(at, "a second YAML document starts here, exactly one is allowed"),
      ]);
    }
    const found = walk(events, source);
    if (found.problems.length > 0) {
      throw new BadInput(found.problems.map((p) => problem(p.offset, p.message)));
    }
    const [value] = constructFromEvents(events, {
      source,
      schema: CORE_SCHEMA,
      maxAliases: MAX_ALIASES,
    });
    const lookUp = (map: Map<string, number>, path: Path): Position => {
      for (let end = path.length; end >= 0; end--) {
        const key = keyOf(path.slice(0, end));
        const offset = map.get(key) ?? found.values.get(key);
        if (offset !== undefined) return position(offset);
      }
      return { line: 1, column: 1 };
    };
    return {
      file,
      value,
      at: (path) => lookUp(found.values, path),
      atKey: (path) => lookUp(found.keys, path),
    };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const at = error.mark?.position ?? 0;
    const lineStart = source.lastIndexOf("\n", at - 1) + 1;
    const tab = /^ *\t/.exec(source.slice(lineStart))?.[0].length;
    throw new BadInput([
      tab !== undefined
        ? problem(lineStart + tab - 1, "a tab indents this line, only spaces are allowed there")
        : problem(at, `no valid YAML: ${explainParser(error.reason)}`),
    ]);
  }
}
