/** Text as XML holds it; characters that XML forbids are left out. */
export const escapeXml = (text: string): string =>
  text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One element; `children` are elements already, or text that went through `escapeXml`. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const parts = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [` ${key}="${typeof value === "number" ? round(value) : escapeXml(value)}"`],
  );
  const open = `<${name}${parts.join("")}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join("")}</${name}>`;
}

/** Half a pixel is as fine as anyone sees, and short numbers make a short file. */
const round = (value: number): string => `${Math.round(value * 2) / 2}`;

/** A line of text; `x` and `y` are the start of its baseline. */
export const text = (x: number, y: number, style: string, words: string): string =>
  element("text", { x, y, class: style }, escapeXml(words));

/** At most `length` characters. */
export const clip = (words: string, length: number): string => {
  const letters = [...words];
  return letters.length <= length ? words : `${letters.slice(0, length - 1).join("")}…`;
};

/** Width of fixed-width text; a little more than any usual font takes. */
export const monoWidth = (words: string, size: number): number => [...words].length * size * 0.62;

/** The same for running text (12 px) and for a box's title (14 px, bold): wider than most letters. */
export const sansWidth = (words: string): number => [...words].length * 6.9;
export const titleWidth = (words: string): number => [...words].length * 9.2;

/** Running text as lines of at most `width` pixels, broken at spaces. */
export function wrap(words: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && sansWidth(`${last} ${word}`) <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/**
 * Colours for light and dark screens. Lines differ in lightness as well as in hue (after Okabe and
 * Ito, "Color Universal Design"), and each carries its label, so that no meaning is in colour alone.
 */
export const STYLE = `
svg { --ground: #fff; --ink: #1b2733; --soft: #5b6b7b; --zone: #f1f6fa; --edge: #a9bccd; --box: #fff;
  --l0: #0b62a4; --l1: #b34700; --l2: #00755a; --l3: #93397a; --l4: #5a4fcf; --l5: #7a5c00; }
@media (prefers-color-scheme: dark) {
  svg { --ground: #0f161d; --ink: #e6edf3; --soft: #9fb0c0; --zone: #17212b; --edge: #41566a; --box: #1e2b37;
    --l0: #6bb8f0; --l1: #ff9d5c; --l2: #4fd3ac; --l3: #e89bd0; --l4: #aea6ff; --l5: #e0c15a; }
}
text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
.h1 { font-size: 22px; font-weight: 650; }
.h2 { font-size: 14px; font-weight: 650; }
.soft { fill: var(--soft); }
.mono { font: 11.5px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.port { font: 600 11.5px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; text-anchor: middle; }
.ground { fill: var(--ground); }
.frame { fill: none; stroke: var(--edge); stroke-width: 1.5; stroke-dasharray: 6 5; }
.zone { fill: var(--zone); stroke: var(--edge); }
.box { fill: var(--box); stroke: var(--edge); stroke-width: 1.5; }
.outside { fill: var(--zone); stroke: var(--edge); stroke-width: 1.5; }
.line { fill: none; stroke-width: 2; }
.chip { fill: var(--box); stroke-width: 1.5; }
${[0, 1, 2, 3, 4, 5].map((i) => `.l${i} .line, .l${i} .chip { stroke: var(--l${i}); } .l${i} .head, .l${i} .port { fill: var(--l${i}); }`).join("\n")}
`;
