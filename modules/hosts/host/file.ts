import {
  type Check,
  type HostFile,
  heading,
  type Programs,
  programText,
} from "../configuration/index.ts";

type Rights = Partial<Pick<HostFile, "owner" | "group" | "mode">>;

/** A file of root's that everybody may read, unless its options say otherwise; its content as it is. */
export const rawFile = (path: string, content: string, rights: Rights = {}): HostFile => ({
  path,
  content,
  owner: "root",
  group: "root",
  mode: "0644",
  ...rights,
});

/** The same, with the heading; `lines` without newlines at their ends. */
export const textFile = (
  path: string,
  lines: readonly string[],
  rights: Rights & { readonly comment?: string } = {},
): HostFile => {
  const { comment = "#", ...rest } = rights;
  return rawFile(path, `${[heading(comment), ...lines].join("\n")}\n`, rest);
};

/** Where a program that lies at `path` finds what differs between instances. */
export const settingsOf = (path: string): string => `${path}.json`;

/**
 * A program as it lies on a host, marked as rendered, and its settings beside it, which it reads as JSON.
 *
 * @param source its path below `modules/hosts`: `monitor/programs/watch.py`
 */
export function programFiles(
  programs: Programs,
  source: string,
  path: string,
  settings?: object,
  mode: HostFile["mode"] = "0755",
): HostFile[] {
  const text = programText(programs, source);
  const marked = text.startsWith("#!")
    ? text.replace("\n", `\n${heading()}\n`)
    : `${heading()}\n${text}`;
  return [
    rawFile(path, marked, { mode }),
    ...(settings ? [rawFile(settingsOf(path), `${JSON.stringify(settings, null, 2)}\n`)] : []),
  ];
}

/** Python reads programs without running them, and their settings; it writes nothing down. */
export const pythonCheck = (programs: Programs, id: string, paths: readonly string[]): Check => ({
  id,
  command: [
    "/usr/bin/python3",
    "-c",
    programText(programs, "host/programs/check-python.py"),
    ...paths,
  ],
});
