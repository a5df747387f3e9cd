/** Reading JSON that somebody else wrote: whatever its shape, nothing here throws. */

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path of keys; undefined where the path ends early. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isObject(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
}

/** Null and undefined alike mean "not set", in Terraform's JSON too. */
export const isSet = (value: unknown): boolean => value !== undefined && value !== null;

/** A list, whether written as one or as a single value; empty when not set. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isSet(value) ? [value] : [];
}

export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;

/** A value as text for a message; never longer than a line. */
export function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The labelled items of Terraform's JSON: an object, or a list of objects. Comments are left out. */
export function entriesOf(value: unknown): (readonly [string, unknown])[] {
  return listOf(value).flatMap((item) =>
    isObject(item) ? Object.entries(item).filter(([key]) => key !== "//") : [],
  );
}

/** A value with the order of its keys, and of lists, taken out: Terraform's sets have none. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

/** A value with the order of its keys alone taken out, so that two are equal where their bytes are. */
export const exact = (value: unknown): string =>
  JSON.stringify(value ?? null, (_, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** Whether two values are equal but for order. */
export const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** One string somewhere inside a value. */
export interface Leaf {
  /** `resource.openstack_x.name.user_data`, `tags[0]`. */
  readonly path: string;
  /** The nearest key above it. */
  readonly key: string;
  readonly text: string;
}

/** Every string inside a value, with where it stands. */
export function leavesOf(value: unknown): Leaf[] {
  const found: Leaf[] = [];
  const visit = (inside: unknown, path: string, key: string): void => {
    if (typeof inside === "string") found.push({ path, key, text: inside });
    else if (Array.isArray(inside))
      for (const [index, item] of inside.entries()) visit(item, `${path}[${index}]`, key);
    else if (isObject(inside))
      for (const [name, inner] of Object.entries(inside))
        visit(inner, path === "" ? name : `${path}.${name}`, name);
  };
  visit(value, "", "");
  return found;
}
