import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Blueprint, buildBlueprint } from "../../planning/blueprint/index.ts";
import { inputOf, onOneSize, someInstance } from "../../planning/blueprint/testing.ts";
import { instanceFolder, instanceNames, loadInstance } from "../../workspace/index.ts";
import { drawNetwork } from "./index.ts";

const ROOT = join(import.meta.dirname, "../../..");
const examples = instanceNames(ROOT).map((name): [string, Blueprint] => [
  name,
  loadInstance(instanceFolder(ROOT, name)).blueprint,
]);

/** The same plan with the longest public addresses that a cloud gives. */
function allocated(blueprint: Blueprint): Blueprint {
  const hosts = blueprint.hosts.map((host, i) =>
    host.exposure.public
      ? {
          ...host,
          publicAddress: {
            id: `${i}`,
            ipv4: `203.0.113.${100 + i}`,
            ipv6: `2001:db8:4000:1000:f816:3eff:fe5b:${1000 + i}`,
          },
        }
      : host,
  );
  return { ...blueprint, hosts, addresses: { state: "allocated" } };
}
const cases: [string, Blueprint][] = [
  ...examples,
  ...examples.map(([name, b]): [string, Blueprint] => [`${name}, allocated`, allocated(b)]),
];

interface Piece {
  readonly what: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const attribute = (tag: string, name: string): string =>
  new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "";

/** Where each text is: real letters are narrower than these widths, so no overlap here is none there. */
function texts(svg: string): Piece[] {
  return [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].map(([, tag = "", words = ""]) => {
    const style = attribute(tag, "class");
    const letter = /h1/.test(style)
      ? 12
      : /h2/.test(style)
        ? 8.6
        : /mono|port/.test(style)
          ? 7
          : 6.2;
    const width = words.replace(/&[a-z#0-9]+;/g, "x").length * letter;
    const [x, y] = [Number(attribute(tag, "x")), Number(attribute(tag, "y"))];
    const left = /port/.test(style)
      ? x - width / 2
      : /end/.test(attribute(tag, "text-anchor"))
        ? x - width
        : x;
    return { what: words, left, right: left + width, top: y - 10, bottom: y + 3 };
  });
}

const rects = (svg: string, style: string): Piece[] =>
  [...svg.matchAll(/<rect([^>]*)\/>/g)]
    .map(([, tag = ""]) => tag)
    .filter((tag) => attribute(tag, "class") === style)
    .map((tag) => {
      const [x, y, w, h] = ["x", "y", "width", "height"].map((name) =>
        Number(attribute(tag, name)),
      ) as [number, number, number, number];
      return { what: `${style} at ${x},${y}`, left: x, right: x + w, top: y, bottom: y + h };
    });

const meet = (a: Piece, b: Piece): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const overlaps = (pieces: readonly Piece[]): string[] =>
  pieces.flatMap((a, i) =>
    pieces.slice(i + 1).flatMap((b) => (meet(a, b) ? [`${a.what} | ${b.what}`] : [])),
  );

describe("the drawing", () => {
  it.each(cases)("of %s has no text, label or box over another", (_, blueprint) => {
    const svg = drawNetwork(blueprint);
    expect(overlaps(texts(svg))).toEqual([]);
    expect(overlaps(rects(svg, "chip"))).toEqual([]);
    expect(overlaps([...rects(svg, "box"), ...rects(svg, "outside")])).toEqual([]);
    expect(overlaps(rects(svg, "zone"))).toEqual([]);
  });

  it.each(cases)("of %s has the words of a box inside it", (_, blueprint) => {
    const svg = drawNetwork(blueprint);
    const leaving = [...rects(svg, "box"), ...rects(svg, "outside")].flatMap((box) =>
      texts(svg).filter(
        (words) => meet(words, box) && (words.right > box.right || words.left < box.left),
      ),
    );
    expect(leaving.map((words) => words.what)).toEqual([]);
  });

  it.each(cases)("of %s has everything within its edges and at most 1540 wide", (_, blueprint) => {
    const svg = drawNetwork(blueprint);
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.map(Number) ?? [];
    const outside = [
      ...texts(svg),
      ...["box", "zone", "frame", "chip", "outside"].flatMap((s) => rects(svg, s)),
    ].filter(
      (piece) =>
        piece.left < 0 ||
        piece.top < 0 ||
        piece.right > (width ?? 0) ||
        piece.bottom > (height ?? 0),
    );
    expect(outside).toEqual([]);
    // Drawn at 1200 the smallest letters are then still 10 pixels high.
    expect(width).toBeLessThanOrEqual(1540);
  });

  it.each(examples)("of %s has every flow, named by its why", (_, blueprint) => {
    const svg = drawNetwork(blueprint);
    for (const flow of blueprint.flows) expect(svg).toContain(`${flow.id}: `);
  });

  it("shows every host of a small role and the ends of a large one", () => {
    const { instance } = loadInstance(instanceFolder(ROOT, "ministerie-groot"));
    const svg = drawNetwork(buildBlueprint(onOneSize(inputOf(instance))));
    for (const word of [
      "bridge-1 … bridge-29",
      "… 27 more",
      "172.20.0.50",
      "172.20.0.78",
      "control-1",
    ]) {
      expect(svg).toContain(word);
    }
    expect(svg).not.toContain("172.20.0.51");
  });

  it("is the same bytes each time", () => {
    for (const [, blueprint] of examples) {
      expect(drawNetwork(structuredClone(blueprint))).toBe(drawNetwork(blueprint));
    }
  });

  it("has a title, a description in words and a style for dark screens", () => {
    const svg = drawNetwork(buildBlueprint(inputOf(someInstance())));
    expect(svg).toContain('role="img" aria-labelledby="title desc"');
    expect(svg).toContain('<title id="title">Network of proef: Gemeente Proefdorp</title>');
    expect(svg).toMatch(
      /<desc id="desc">Hosts: 1 control, 2 bridge, 2 turn, 1 monitor, 1 edge\. Allowed/,
    );
    expect(svg).toContain("prefers-color-scheme: dark");
  });

  it("lets nothing from the file become markup", () => {
    const organisation = `<script>alert(1)</script> & "Zonen" 'x' ]]>`;
    const svg = drawNetwork(buildBlueprint(inputOf(someInstance({ organisation }))));
    expect(svg).not.toContain("<script");
    expect(svg).toContain(
      "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Zonen&quot; &#39;x&#39; ]]&gt;",
    );
    // Nothing that loads anything from anywhere.
    expect(svg).not.toMatch(/href|url\(|<image|<foreignObject|\son[a-z]+=/);
  });
});
