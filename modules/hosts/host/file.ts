import { heading, type TreeFile } from "../tree/index.ts";

type Rights = Partial<Pick<TreeFile, "owner" | "group" | "mode">>;

/** A file of root's that everybody may read, unless said otherwise; its content as it is. */
export const rawFile = (path: string, content: string, rights: Rights = {}): TreeFile => ({
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
): TreeFile => {
  const { comment = "#", ...rest } = rights;
  return rawFile(path, `${[heading(comment), ...lines].join("\n")}\n`, rest);
};
