/** One element of a stream: enough of XML for XMPP, which allows neither comments nor entities of one's own (RFC 6120, 11.1). */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};
const unescapeXml = (text: string): string =>
  text.replace(/&(#x?)?(\w+);/g, (_, number: string | undefined, name: string) =>
    number
      ? String.fromCodePoint(Number.parseInt(name, number === "#x" ? 16 : 10))
      : (ENTITIES[name] ?? ""),
  );
export const escapeXml = (text: string): string =>
  text.replace(/[<>&"']/g, (char) => {
    const [name] = Object.entries(ENTITIES).find(([, one]) => one === char) ?? [""];
    return `&${name};`;
  });

type Open = { name: string; attributes: Record<string, string>; children: Element[]; text: string };

/**
 * Cuts a stream into its top-level elements as they become whole. The stream's own header is one
 * of them, without children; so is its end, named `/stream:stream`.
 */
export class StanzaReader {
  private rest = "";
  private stack: Open[] = [];

  read(text: string): Element[] {
    this.rest += text;
    const found: Element[] = [];
    for (;;) {
      const match = /^([^<]*)<([^>]*)>/.exec(this.rest);
      if (!match) return found;
      const [all, before = "", tag = ""] = match;
      this.rest = this.rest.slice(all.length);
      const top = this.stack.at(-1);
      if (top) top.text += unescapeXml(before);
      if (tag.startsWith("?")) continue;
      if (tag.startsWith("/")) {
        const ended = this.stack.pop();
        if (ended) this.end(ended, found);
        else found.push({ name: tag, attributes: {}, children: [], text: "" });
        continue;
      }
      const [name = ""] = /^[^\s/]+/.exec(tag) ?? [];
      const attributes = Object.fromEntries(
        [...tag.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(
          ([, key = "", double, single]) => [key, unescapeXml(double ?? single ?? "")],
        ),
      );
      const opened: Open = { name, attributes, children: [], text: "" };
      if (name === "stream:stream") found.push(opened);
      else if (tag.endsWith("/")) this.end(opened, found);
      else this.stack.push(opened);
    }
  }

  private end(element: Open, found: Element[]): void {
    const parent = this.stack.at(-1);
    if (parent) parent.children.push(element);
    else found.push(element);
  }
}

export const childOf = (element: Element | undefined, name: string): Element | undefined =>
  element?.children.find((child) => child.name === name);
