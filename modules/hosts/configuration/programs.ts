/**
 * Texts of the programs that hosts run, and of the tables that programs read, by their path below `modules/hosts`:
 * `gate/programs/mod_gate.lua`. Read once and handed in, so that rendering reads no file.
 */
export type Programs = ReadonlyMap<string, string>;

/** @throws Error when there is none: a package that lacks a file, or a name that is mistyped. */
export function programText(programs: Programs, path: string): string {
  const text = programs.get(path);
  if (text === undefined) throw new Error(`modules/hosts/${path} is missing`);
  return text;
}
