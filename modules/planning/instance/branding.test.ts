import { describe, expect, it } from "vitest";
import { someInstance } from "../blueprint/testing.ts";
import { logoProblem, MOST_LOGO_BYTES, readLogo } from "./index.ts";

const NS = 'xmlns="http://www.w3.org/2000/svg"';
const svg = (inner: string, attributes = ""): Buffer =>
  Buffer.from(
    `<?xml version="1.0"?><svg ${NS} xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${inner}</svg>`,
  );

/** The first chunk of a PNG, which says its size. */
function png(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.write("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1");
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}

describe("a logo", () => {
  it("as drawing programs write it is taken, byte for byte", () => {
    const drawn = svg(
      [
        "<title>Proefdorp</title><!-- drawn by hand --><defs><style>.a { fill: url(#g); }</style>",
        '<linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient></defs>',
        '<g class="a" style="fill:url(#g)"><path d="M0 0h1"/><use xlink:href="#g"/><text>A &amp; B</text></g>',
      ].join(""),
      'viewBox="0 0 10 10"',
    );
    expect(logoProblem("logo.svg", drawn)).toBeUndefined();
    expect(Buffer.from(readLogo("logo.svg", drawn).base64, "base64")).toEqual(drawn);
    expect(logoProblem("LOGO.PNG", png(400, 100))).toBeUndefined();
    expect(readLogo("LOGO.PNG", png(400, 100)).type).toBe("png");
  });

  it.each([
    ["a script", "<script>alert(1)</script>", "<script> is not allowed"],
    [
      "a script of another prefix",
      `<s:script xmlns:s="http://www.w3.org/2000/svg"/>`,
      "<s:script>",
    ],
    ["a page", "<foreignObject><p/></foreignObject>", "<foreignObject> is not allowed"],
    ["a page's element", '<img xmlns="http://www.w3.org/1999/xhtml"/>', "<img> is not allowed"],
    ["an element of none", '<path xmlns="" d=""/>', "<path> is not allowed"],
    ["a picture from elsewhere", '<image href="https://a.example/x"/>', "<image> is not allowed"],
    ["a link", '<a href="https://a.example/"/>', "<a> is not allowed"],
    ["an animation", '<set attributeName="href" to="x"/>', "<set> is not allowed"],
    [
      "an event",
      '<g><path onload="x()" d=""/></g>',
      "<path onload> is not allowed: it runs a script",
    ],
    ["an event, in capitals", '<path ONLOAD="x()" d=""/>', "<path ONLOAD> is not allowed"],
    ["a use of another file", '<use href="b.svg#a"/>', "<use href> is not allowed: it leads out"],
    ["the same, the older way", '<use xlink:href="data:x"/>', "<use xlink:href> is not allowed"],
    ["a paint from elsewhere", '<path fill="url(//a.example/x)"/>', "<path fill> is not allowed"],
    ["a style from elsewhere", '<path style="fill: URL( https://a )"/>', "<path style>"],
    ["an escaped style", '<path style="fill: u\\72l(x)"/>', "<path style> is not allowed"],
    ["an import", "<style>@import 'x';</style>", "<style> with @, url(…) or \\ is not allowed"],
    ["an import, in CDATA", "<style><![CDATA[@import 'x';]]></style>", "<style> with @"],
  ])("with %s is refused, and says what is allowed", (_, inner, message) => {
    expect(logoProblem("logo.svg", svg(inner))).toContain(message);
  });

  it.each([
    ["an event on the whole", svg("", 'onload="x()"'), "<svg onload> is not allowed"],
    ["a DOCTYPE", Buffer.from(`<!DOCTYPE svg [<!ENTITY a "b">]><svg ${NS}>&a;</svg>`), "a DOCTYPE"],
    ["a style sheet", Buffer.from(`<?xml-stylesheet href="x"?><svg ${NS}></svg>`), "processing"],
    ["no end", Buffer.from(`<svg ${NS}><path d="M0 0h1v1h1">`), "no well-formed SVG"],
    ["another root", Buffer.from("<html><body>a page of its own</body></html>"), "this is no SVG"],
    ["no UTF-8", Buffer.concat([svg(""), Buffer.from([0xff])]), "not UTF-8"],
    ["too many bytes", svg(" ".repeat(MOST_LOGO_BYTES)), "at most that is allowed"],
    ["nothing in it", Buffer.alloc(0), "no picture"],
  ])("that is an SVG with %s is refused", (_, bytes, message) => {
    expect(logoProblem("logo.svg", bytes)).toContain(message);
  });

  it.each([
    ["of another kind", svg("<path/>"), "this is no PNG"],
    ["with no pixel", png(0, 10), "0 by 10 pixels"],
    ["that fills a browser's memory", png(2001, 10), "1 to 2000 a side are allowed"],
  ])("that is a PNG %s is refused", (_, bytes, message) => {
    expect(logoProblem("logo.png", bytes)).toContain(message);
  });
});

describe("branding", () => {
  const problem = (branding: object): string => {
    try {
      someInstance({ branding });
      return "";
    } catch (error) {
      return String((error as Error).message);
    }
  };

  it("takes colours that white letters can be read on, and no others", () => {
    expect(problem({ colour: "#154273", background: "#000000" })).toBe("");
    expect(problem({ colour: "#767676" })).toBe("");
    expect(problem({ colour: "#777777" })).toContain("a contrast of 4.48, at least 4.5");
    expect(problem({ background: "#ffffff" })).toContain("contrast of 1.00");
    expect(problem({ colour: "red" })).toContain("a colour like #154273 is allowed");
    expect(problem({ colour: "#154273; } body { display: none" })).toContain("is allowed");
  });

  it("takes addresses of the web alone, and a file beside it alone", () => {
    expect(problem({ imprint: "https://a.example/colofon", logo: "logo-2.dorp.svg" })).toBe("");
    expect(problem({ imprint: "javascript:alert(1)" })).toContain("https://");
    expect(problem({ privacy: "http://a.example/" })).toContain("https://");
    for (const logo of ["../logo.svg", "/etc/passwd", "logo.gif", ".svg", "a b.svg", "a/b.png"])
      expect([logo, problem({ logo })]).toEqual([logo, expect.stringContaining("beside this one")]);
  });
});
