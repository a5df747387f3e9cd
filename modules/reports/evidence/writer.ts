import { escapeXml } from "../drawing/index.ts";
import type { Language } from "./evidence.ts";
import type { NormVerdict } from "./norm-results.ts";

/** What each verdict is called. */
export const VERDICTS: Readonly<Record<NormVerdict, Readonly<Record<Language, string>>>> = {
  pass: { nl: "voldoet", en: "pass" },
  fail: { nl: "voldoet niet", en: "fail" },
  waived: { nl: "geaccepteerd", en: "waived" },
  "not-tested": { nl: "niet getest", en: "not tested" },
  owner: { nl: "eigenaar", en: "owner" },
};

/** For who sees no colour. */
const SIGNS: Readonly<Record<NormVerdict, string>> = {
  pass: "✓ ",
  fail: "✗ ",
  waived: "! ",
  "not-tested": "○ ",
  owner: "",
};

/** A cell's HTML, or a text that is escaped. */
export type Cell = string | { readonly html: string };

/** One column: its head and its width in hundredths of the table. */
export type Column = readonly [head: string, width: number];

/** Writes HTML in one language. */
export class Writer {
  readonly language: Language;

  constructor(language: Language) {
    this.language = language;
  }

  /** The one of two texts that is in the page's language. */
  t(nl: string, en: string): string {
    return this.language === "nl" ? nl : en;
  }

  /** What a program wrote in English, marked as such on a Dutch page. */
  english(text: string): string {
    return this.language === "en" || text === ""
      ? escapeXml(text)
      : `<span lang="en">${escapeXml(text)}</span>`;
  }

  /** What a verdict is called, with its sign. */
  word(verdict: NormVerdict): string {
    return `${SIGNS[verdict]}${VERDICTS[verdict][this.language]}`;
  }

  /** The same as it stands in a cell; `warns`: a pass that somebody must look at. */
  verdict(verdict: NormVerdict, warns?: boolean): string {
    const text = warns ? this.t("! let op", "! warning") : this.word(verdict);
    return `<span class="${verdict}">${text}</span>`;
  }

  /** What has a verdict, with its sign alone where it isn't a pass. */
  signed(text: string, verdict: NormVerdict): string {
    return verdict === "pass"
      ? escapeXml(text)
      : `<span class="${verdict}">${SIGNS[verdict]}${escapeXml(text)}</span>`;
  }

  /** A moment for a reader: `2026-11-28 18:54 UTC`. */
  moment(at: string): string {
    return at.replace(/^(\S+)T(\d\d:\d\d).*$/, "$1 $2 UTC");
  }

  /** A table under its heading that a keyboard can scroll; the first cell of each row heads it. */
  table(name: string, columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
    const heading = `<h3>${escapeXml(name)}</h3>`;
    if (rows.length === 0) return `${heading}<p>${this.t("Nog niets.", "Nothing yet.")}</p>`;
    const cell = (value: Cell): string =>
      typeof value === "string" ? escapeXml(value) : value.html;
    const body = rows.map(
      ([first = "", ...rest]) =>
        `<tr><th scope="row">${cell(first)}</th>${rest.map((one) => `<td>${cell(one)}</td>`).join("")}</tr>`,
    );
    const widths = columns.map(([, width]) => `<col style="width:${width}%">`).join("");
    const heads = columns.map(([head]) => `<th scope="col">${escapeXml(head)}</th>`).join("");
    const count =
      rows.length === 1
        ? this.t("1 rij", "1 row")
        : this.t(`${rows.length} rijen`, `${rows.length} rows`);
    return `${heading}<div class="scroll" role="region" aria-label="${escapeXml(name)}" tabindex="0"><table><caption>${count}</caption><colgroup>${widths}</colgroup><thead><tr>${heads}</tr></thead>
<tbody>
${body.join("\n")}
</tbody></table></div>`;
  }
}
