import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { loadPrograms } from "../../workspace/index.ts";
import type { JsonShape } from "./contents.ts";
import { contentsTable, luaFiles, stanzaTable } from "./files.ts";
import { gateFiles, gateSettings } from "./index.ts";
import { limitsOf } from "./limits.ts";
import { luaText } from "./lua-text.ts";
import { tablesOf } from "./tables.ts";
import { contentsMarkdown, hookMarkdown, stanzaMarkdown } from "./testing.ts";

const PROGRAMS = loadPrograms();
const { stanzas: STANZAS, contents: CONTENTS } = tablesOf(PROGRAMS);

describe("what is shipped", () => {
  it("is every program, the table and the keys", () => {
    const paths = gateFiles(PROGRAMS, true).map(({ path }) => path);
    for (const name of [...luaFiles(PROGRAMS), "gate_stanzas.lib.lua", "gate_contents.lib.lua"])
      expect(paths).toContain(`/usr/local/lib/polder/prosody/${name}`);
    expect(paths.slice(-4)).toEqual([
      "/etc/prosody/gate/rooms.keys",
      "/etc/prosody/gate/tokens.pem",
      "/etc/prosody/gate/pseudonym.key",
      "/etc/prosody/gate/turn.secret",
    ]);
    expect(gateFiles(PROGRAMS, false).map(({ path }) => path)).not.toContain(
      "/etc/prosody/gate/turn.secret",
    );
    for (const { path, mode } of gateFiles(PROGRAMS, true).slice(-4))
      expect(mode, path).toBe("0640");
  });
});

describe("the table of stanzas", () => {
  it("names each row once", () => {
    const ids = STANZAS.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it("gives people nothing outside their own rooms but what the server itself answers", () => {
    for (const { id, from, to, room, form } of STANZAS) {
      if (!from.includes("guest") && !from.includes("moderator")) continue;
      expect(["domain", "conference", "lobby", "breakout", "focus"], id).toContain(to);
      expect(["own", "breakout", undefined], id).toContain(room);
      if (room === undefined) expect(form, id).toEqual(["host"]);
      // How breakouts are opened goes to their host, which looks whose room it is.
      if (to !== "domain" && id !== "open-breakouts") expect(room, id).toBeDefined();
    }
  });

  it("lets a people's iq pass by its payload alone", () => {
    for (const { id, from, stanza, payload } of STANZAS)
      if (from.includes("guest") && stanza.some((kind) => /^iq (get|set)$/.test(kind)))
        expect(payload, id).toBeDefined();
  });

  it("lets nobody but Jicofo configure a room, and nobody but moderators change who is in it", () => {
    const asks = (name: string) =>
      STANZAS.filter(({ payload }) => payload?.some((one) => one.includes(name)));
    expect(asks("muc#owner")).toEqual([]);
    for (const { from } of [...asks("muc#admin"), ...asks("muc#user")])
      expect(from).toEqual(["moderator"]);
  });

  it("is a row a line in Lua", () => {
    expect(stanzaTable(STANZAS.slice(0, 1))).toMatch(
      /^return \{\n\t\{ id = "server-features", .* \},\n\}\n$/,
    );
  });
});

describe("the table of contents", () => {
  const { texts, json, elements, contents } = CONTENTS;
  const leaves = (shape: JsonShape): string[] =>
    typeof shape === "string"
      ? [shape]
      : Object.entries(shape).flatMap(([key, one]) => [
          ...(key.startsWith("*") ? [key.slice(1)] : []),
          ...leaves(one),
        ]);

  it("says of each row of a person's what is kept, and of no other", () => {
    for (const { id, from, content } of STANZAS)
      if (from.some((one) => one === "guest" || one === "moderator"))
        expect(Object.keys(contents), id).toContain(content);
      else expect(content, id).toBeUndefined();
  });

  it("names what there is, and nothing that nobody names", () => {
    const used = { texts: new Set<string>(), json: new Set<string>(), elements: new Set<string>() };
    for (const ids of Object.values(contents)) for (const id of ids) used.elements.add(id);
    for (const { attributes = {}, text, json: kinds = [], children = [] } of Object.values(
      elements,
    )) {
      for (const one of [...Object.values(attributes), ...(text ? [text] : [])])
        used.texts.add(one);
      for (const one of kinds) used.json.add(one);
      for (const one of children) used.elements.add(one);
    }
    for (const { keys } of Object.values(json))
      for (const one of leaves(keys))
        if (!["boolean", "number"].includes(one) && !one.startsWith("=")) used.texts.add(one);
    expect([...used.texts].sort()).toEqual(Object.keys(texts).sort());
    expect([...used.json].sort()).toEqual(Object.keys(json).sort());
    expect([...used.elements].sort()).toEqual(Object.keys(elements).sort());
    const contentsUsed = new Set(STANZAS.flatMap(({ content }) => content ?? []));
    expect([...contentsUsed].sort()).toEqual(Object.keys(contents).sort());
  });

  it("has no element that may stand in itself, and says of each on top why, and who sends it", () => {
    const below = (id: string): string[] =>
      (elements[id]?.children ?? []).flatMap((child) => [child, ...below(child)]);
    for (const id of Object.keys(elements)) expect(below(id)).not.toContain(id);
    for (const id of new Set(Object.values(contents).flat())) {
      expect(elements[id]?.why, id).toBeDefined();
      expect(elements[id]?.from, id).toBeDefined();
    }
  });

  it("lets nobody say who somebody is: no x, item, status where others get it", () => {
    const toOthers = [
      "presence",
      "words-to-all",
      "words-to-one",
      "lobby-chat",
      "questions",
      "answers",
    ];
    const below = (id: string): string[] => [
      ...(elements[id]?.names ?? []),
      ...(elements[id]?.children ?? []).flatMap(below),
    ];
    for (const content of toOthers)
      for (const name of (contents[content] ?? []).flatMap(below)) {
        // That of who comes in, which Prosody takes out.
        if (name === "http://jabber.org/protocol/muc x") continue;
        expect(name, content).not.toMatch(/ (x|item|status|actor|permissions|ignore|services)$/);
        expect(name, content).not.toMatch(/^http:\/\/jabber.org\/protocol\/muc/);
      }
  });

  it("keeps no words where chat is off but a breakout's name", () => {
    // What holds spaces; parts of SDP, which aren't people's words, go to Jicofo alone.
    const free = ["words", "subject", "emoji", "breakout-name", "line"];
    const below = (id: string): string[] =>
      elements[id]?.words ? [] : [id, ...(elements[id]?.children ?? []).flatMap(below)];
    const kept = Object.entries(contents).flatMap(([name, ids]) =>
      ids.flatMap(below).flatMap((id) => {
        const { attributes = {}, text, json: kinds = [] } = elements[id] ?? {};
        const shapes = kinds.flatMap((kind) =>
          json[kind]?.words ? [] : leaves(json[kind]?.keys ?? {}),
        );
        const used = [...Object.values(attributes), ...(text ? [text] : []), ...shapes];
        return used.filter((one) => free.includes(one)).map((one) => `${name}: ${one}`);
      }),
    );
    expect([...new Set(kept)].sort()).toEqual(["breakouts: breakout-name", "media: line"]);
  });

  it("is an entry a line in Lua", () => {
    expect(contentsTable(CONTENTS)).toMatch(/^return \{\n\ttexts = \{\n\t\tflag = \{ .* \},\n/);
  });
});

describe("docs/gate.md", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/gate.md"), "utf8");

  it("holds the table of stanzas", () => {
    expect(page).toContain(stanzaMarkdown(STANZAS));
  });

  it("holds the table of contents", () => {
    expect(page).toContain(contentsMarkdown(CONTENTS));
  });

  it("holds the order of hooks, of modules that are there", () => {
    const rows = hookMarkdown(PROGRAMS);
    expect(page).toContain(rows);
    expect(rows.split("\n").length).toBeGreaterThan(20);
    for (const [, module] of rows.matchAll(/`(gate_\w+)`/g))
      expect(luaFiles(PROGRAMS)).toContain(`mod_${module}.lua`);
  });
});

describe("settings", () => {
  const blueprint = buildBlueprint(inputOf(someInstance()));

  it("name what no clock and no secret is needed for", () => {
    const text = gateSettings(blueprint).join("\n");
    expect(text).toContain('domain = "vergaderen.proefdorp.example"');
    expect(text).not.toContain("@@secret");
  });

  it("have room for everybody who is planned behind one address", () => {
    const limits = limitsOf(blueprint);
    const { people, joinsPerSecond } = blueprint.sizing.total;
    expect(limits.sockets).toBeGreaterThanOrEqual(people);
    expect(limits.joins).toBeGreaterThanOrEqual(joinsPerSecond * limits.seconds);
    expect(limits.occupants).toBe(5);
  });
});

describe("Lua text", () => {
  it("is one line for any value, and refuses what would need an escape", () => {
    expect(luaText({ a: "x", "b-c": [1, true], c: undefined, d: {} })).toBe(
      '{ a = "x", ["b-c"] = { 1, true }, d = {} }',
    );
    for (const text of ['"', "\\", "\n", "\0"])
      expect(() => luaText(text)).toThrow("no text for a Lua string");
  });
});
