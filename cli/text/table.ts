export interface TableOptions {
  readonly indent?: number;
  /** Columns of the screen, counted in characters. */
  readonly width: number;
  readonly title?: (text: string) => string;
}

const GAP = 2;
const size = (text: string): number => [...text].length;
const widest = (lines: readonly string[]): number => Math.max(0, ...lines.map(size));

/** Breaks text at spaces, and inside a word only where the word alone is wider than the line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  const pieces = (word: string): string[] => word.match(new RegExp(`.{1,${width}}`, "gu")) ?? [""];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ").flatMap(pieces)) {
      if (line !== "" && size(line) + 1 + size(word) > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** Widths that fit: what is too much is taken from the widest column that may be wrapped. */
function fitWidths(wraps: readonly boolean[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, width) => sum + width, 0);
  while (total() > room) {
    const wrappable = wraps.flatMap((wrapped, i) => (wrapped ? [i] : []));
    const victim = wrappable.sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (victim === undefined || (widths[victim] ?? 0) <= 12) break;
    widths[victim] = Math.max(12, (widths[victim] ?? 0) - 1);
  }
  return widths;
}

/**
 * A table as lines without trailing spaces. A cell may hold several lines.
 *
 * @param columns titles; one that ends in `…` is of a column that is wrapped at words when the table is too
 *   wide. The others keep their width, so that addresses stay whole.
 */
export function table(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string[] {
  const indent = " ".repeat(options.indent ?? 2);
  const wraps = columns.map((column) => column.endsWith("…"));
  const titles = columns.map((column) => column.replace(/…$/, ""));
  const natural = titles.map((title, i) =>
    widest([title, ...rows.flatMap((row) => (row[i] ?? "").split("\n"))]),
  );
  const room = options.width - indent.length - GAP * (columns.length - 1);
  const widths = fitWidths(wraps, natural, room);
  const print = (cells: readonly string[], style = (text: string) => text): string[] => {
    const wrapped = cells.map((cell, i) =>
      wraps[i] ? wrap(cell, widths[i] ?? 0) : cell.split("\n"),
    );
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const parts = wrapped.map((lines, i) => {
        const text = lines[line] ?? "";
        return text + " ".repeat(Math.max(0, (widths[i] ?? 0) - size(text)));
      });
      return indent + style(parts.join(" ".repeat(GAP)).trimEnd());
    });
  };
  return [...print(titles, options.title), ...rows.flatMap((row) => print(row))];
}

/** `label  text` lines, the text wrapped beside its label. */
export function labelled(
  pairs: readonly (readonly [label: string, text: string])[],
  options: TableOptions,
): string[] {
  const indent = " ".repeat(options.indent ?? 2);
  const label = widest(pairs.map(([name]) => name));
  const room = options.width - indent.length - label - GAP;
  return pairs.flatMap(([name, text]) =>
    wrap(text, room).map((line, i) => {
      const head = i === 0 ? name : "";
      const pad = " ".repeat(label - size(head) + GAP);
      return `${indent}${head === "" || !options.title ? head : options.title(head)}${pad}${line}`;
    }),
  );
}
