import { type Programs, programText } from "../configuration/index.ts";
import type { Contents } from "./contents.ts";
import type { StanzaRow } from "./stanzas.ts";

/** The table of stanzas as docs/gate.md holds it. */
export function stanzaMarkdown(rows: readonly StanzaRow[]): string {
  const place = ({ to, form, room, occupant, nick }: StanzaRow) =>
    [
      `${to} (${form.join(", ")})`,
      room && `room: ${room}`,
      occupant && "occupants",
      nick && (nick === "focus" ? "Jicofo" : "own account"),
    ]
      .filter(Boolean)
      .join("; ");
  // A namespace's last part is what a reader knows it by.
  const short = (payload: string) => payload.replace(/^\S*?([^/ ]+) (\S+)$/, "$1 $2");
  const what = ({ stanza, payload }: StanzaRow) =>
    stanza.join(", ") + (payload ? `: ${payload.map(short).join(", ")}` : "");
  const lines = rows.map((row) => [
    `\`${row.id}\``,
    row.from.join(", "),
    what(row),
    place(row),
    row.why,
  ]);
  return [["Row", "From", "What", "To", "Why"], Array(5).fill("---") as string[], ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** The table of contents as docs/gate.md holds it. */
export function contentsMarkdown({ elements, contents }: Contents): string {
  const short = (name: string) =>
    name.replace(/^jabber:client /, "").replace(/^\S*?([^/ ]+) (\S+)$/, "$1 $2");
  const lines = Object.entries(elements).map(([id, element]) => {
    const { names, attributes, text, json, children, most, words, from, why } = element;
    const within = [
      ...Object.entries(contents).flatMap(([name, ids]) => (ids.includes(id) ? [name] : [])),
      ...Object.entries(elements).flatMap(([name, one]) =>
        one.children?.includes(id) ? [`\`${name}\``] : [],
      ),
    ];
    const kept = Object.entries(attributes ?? {}).map(([name, kind]) => `${name}: ${kind}`);
    const inside = text ?? json?.map((kind) => `JSON: ${kind}`) ?? children?.map((c) => `\`${c}\``);
    return [
      `\`${id}\``,
      `${names.map(short).join(", ")}${most ? ` (${most})` : ""}`,
      kept.join(", "),
      [inside ?? ""].flat().join(", "),
      within.join(", "),
      [words && "words:", why, from && `(${from})`].filter(Boolean).join(" "),
    ];
  });
  return [["Row", "Element", "Attributes", "Inside", "In", "Why"], Array(6).fill("---"), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** The order of hooks as docs/gate.md holds it, read from the program that is held to it. */
export function hookMarkdown(programs: Programs): string {
  const entry =
    /\{ host = "(\w+)", module = "(\w+)", event = "([^"]+)", priority = (-?[\d.]+)(?:, (alone|above|below) = (\S+))? \}/g;
  const must = (rule = "", value = "") =>
    rule === "alone" ? "first, alone" : `${rule === "above" ? "before" : "after"} ${value}`;
  const hooks = programText(programs, "gate/programs/gate_hooks.lib.lua");
  const lines = [...hooks.matchAll(entry)].map(
    ([, host, module, event, priority, rule, value]) =>
      `| ${host} | \`${module}\` | \`${event}\` | ${priority} | ${must(rule, value)} |`,
  );
  return [
    "| Host | Module | Event | Priority | Must stand |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}
