import { invalid } from "./error.ts";

type Labels = Readonly<Record<string, string>>;

/** One term of a label selector: `k`, `!k`, `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`. */
function term(text: string): (labels: Labels) => boolean {
  const set = /^(\S+) (in|notin) \(([^)]*)\)$/.exec(text);
  if (set) {
    const [, key = "", word, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    return (labels) => values.includes(labels[key] ?? "\0") === (word === "in");
  }
  const pair = /^([^!=\s]+)(==|!=|=)(\S*)$/.exec(text);
  if (pair) {
    const [, key = "", word, value] = pair;
    return (labels) => (labels[key] === value) === (word !== "!=");
  }
  const bare = /^(!?)([^!=\s]+)$/.exec(text);
  if (!bare) throw invalid("label_selector", `can't be read: ${text}`);
  const [, not, key = ""] = bare;
  return (labels) => Object.hasOwn(labels, key) === (not === "");
}

/** A label selector as a question. @throws ApiError invalid_input */
export function selector(text: string): (labels: Labels) => boolean {
  // Commas in brackets belong to their term.
  const terms = text
    .split(/,(?![^(]*\))/)
    .map((one) => one.trim())
    .filter((one) => one !== "")
    .map(term);
  return (labels) => terms.every((one) => one(labels));
}

const KEY =
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;

/** @throws ApiError invalid_input for keys and values that the API doesn't take. */
export function checkedLabels(labels: unknown): Record<string, string> {
  if (labels === undefined || labels === null) return {};
  for (const [key, value] of Object.entries(labels as object))
    if (!KEY.test(key) || key.startsWith("hetzner.cloud/") || !VALUE.test(String(value)))
      throw invalid("labels", `${key}: not allowed`);
  return labels as Record<string, string>;
}

/** The API's most, but for the record sets of a zone, and its usual. */
const MOST = 50;
const MOST_SETS = 100;
const USUAL = 25;

/** One page of a list, by its name, with what the API says of the others. */
export function page<Item>(list: string, items: readonly Item[], query: URLSearchParams) {
  const number = (name: string, usual: number) => {
    const value = Number(query.get(name) ?? usual);
    if (!Number.isInteger(value) || value < 1) throw invalid(name, "a positive number is allowed");
    return value;
  };
  const most = list === "rrsets" ? MOST_SETS : MOST;
  const [at, size] = [number("page", 1), Math.min(number("per_page", USUAL), most)];
  const last = Math.max(Math.ceil(items.length / size), 1);
  return {
    items: items.slice((at - 1) * size, at * size),
    meta: {
      pagination: {
        page: at,
        per_page: size,
        previous_page: at > 1 ? at - 1 : null,
        next_page: at < last ? at + 1 : null,
        last_page: last,
        total_entries: items.length,
      },
    },
  };
}

/** Sorted as `sort=name:desc&sort=id` asks, else by id. */
export function sorted<Item extends object>(
  items: readonly Item[],
  query: URLSearchParams,
): Item[] {
  const fields = query.getAll("sort");
  const list = fields.length > 0 ? fields : ["id"];
  const compare = (a: Item, b: Item): number => {
    for (const field of list) {
      const [name = "", way] = field.split(":");
      const [x, y] = [a, b].map((one) => (one as Record<string, string | number>)[name] ?? "");
      if (x !== y && x !== undefined && y !== undefined)
        return (x < y ? -1 : 1) * (way === "desc" ? -1 : 1);
    }
    return 0;
  };
  return [...items].sort(compare);
}
