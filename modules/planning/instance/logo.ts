import { DOMParser, type Element, type Node } from "@xmldom/xmldom";

/** An organisation's picture, as the Blueprint holds it. */
export interface Logo {
  readonly type: "svg" | "png";
  /** The file's bytes in base64. */
  readonly base64: string;
}

/** Bytes. Everybody who opens a page gets it. */
export const MOST_LOGO_BYTES = 64 * 1024;

/** Pixels of a PNG's longer side: more is no logo, and takes a browser's memory. */
const MOST_PIXELS = 2_000;

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const SVG = "http://www.w3.org/2000/svg";

/** What draws, and nothing else: no script, no foreign content, no picture, link or animation. */
const DRAWS = [
  ...["svg", "g", "defs", "symbol", "use", "title", "desc", "style"],
  ...["path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"],
  ...["linearGradient", "radialGradient", "stop", "clipPath", "mask"],
];

/** A plain file name: no folder, and nothing that a shell or a web server reads otherwise. */
export const isLogoName = (name: string): boolean =>
  /^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*\.(svg|png)$/i.test(name) && name.length <= 60;

/** Whether a style or an attribute's value leads out of the file. */
const leadsOut = (text: string): boolean =>
  /url\s*\(\s*(?!["']?#)|@|\\|javascript:|expression\s*\(/i.test(text);

/** The first thing in an element, or below it, that a logo may not have. */
function problemBelow(element: Element): string | undefined {
  const name = element.nodeName;
  if (element.namespaceURI !== SVG || !DRAWS.includes(name))
    return `<${name}> is not allowed: only ${DRAWS.join(", ")} are; a drawing program's "plain SVG" has no others`;
  for (const { name: key, localName, value } of element.attributes) {
    if (/^xmlns(:|$)/.test(key)) continue;
    if (/^on/i.test(localName ?? key)) return `<${name} ${key}> is not allowed: it runs a script`;
    if (/^(href|src)$/i.test(localName ?? key) && !value.startsWith("#"))
      return `<${name} ${key}> is not allowed: it leads out of the file; #name within it is allowed`;
    if (leadsOut(value)) return `<${name} ${key}> is not allowed: its value leads out of the file`;
  }
  if (name === "style" && leadsOut(element.textContent ?? ""))
    return "<style> with @, url(…) or \\ is not allowed: it leads out of the file";
  for (const child of element.childNodes as Iterable<Node>) {
    const found =
      child.nodeType === child.ELEMENT_NODE ? problemBelow(child as Element) : undefined;
    if (found) return found;
  }
  return undefined;
}

function svgProblem(bytes: Buffer): string | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "this is not UTF-8 text: save it as UTF-8";
  }
  if (/<!DOCTYPE|<!ENTITY|<\?(?!xml )/i.test(text))
    return "a DOCTYPE and processing instructions are not allowed: take them out";
  let root: Element | null;
  try {
    const refuse = (level: string, message: string): never => {
      throw new Error(`${level}: ${message}`);
    };
    root = new DOMParser({ onError: refuse }).parseFromString(
      text,
      "image/svg+xml",
    ).documentElement;
  } catch (error) {
    return `this is no well-formed SVG (${String((error as Error).message).split("\n")[0]})`;
  }
  if (root?.nodeName !== "svg" || root.namespaceURI !== SVG)
    return `this is no SVG: it must begin with <svg xmlns="${SVG}">`;
  return problemBelow(root);
}

function pngProblem(bytes: Buffer): string | undefined {
  if (!bytes.subarray(0, 8).equals(PNG) || bytes.toString("latin1", 12, 16) !== "IHDR")
    return "this is no PNG: its first bytes are another file's";
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  return Math.max(width, height) > MOST_PIXELS || Math.min(width, height) < 1
    ? `${width} by ${height} pixels, 1 to ${MOST_PIXELS} a side are allowed`
    : undefined;
}

/**
 * What is wrong with a logo's file, and what is allowed. A browser shows an SVG as a picture, and the server forbids
 * it everything; it is refused here all the same, since somebody may open it by itself.
 */
export function logoProblem(name: string, bytes: Buffer): string | undefined {
  if (bytes.length > MOST_LOGO_BYTES)
    return `more than ${MOST_LOGO_BYTES} bytes: at most that is allowed`;
  if (bytes.length < 32) return `${bytes.length} bytes are no picture`;
  return /\.png$/i.test(name) ? pngProblem(bytes) : svgProblem(bytes);
}

/** A file that {@link logoProblem} finds nothing in. */
export const readLogo = (name: string, bytes: Buffer): Logo => ({
  type: /\.png$/i.test(name) ? "png" : "svg",
  base64: bytes.toString("base64"),
});
