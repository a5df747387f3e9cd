import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../blueprint/index.ts";
import { inputOf, someInstance } from "../blueprint/testing.ts";
import { stanzaTable } from "./files.ts";
import { gateFiles, gateSettings } from "./index.ts";
import { limitsOf } from "./limits.ts";
import { luaText } from "./lua-text.ts";
import { STANZAS } from "./shipped.ts";
import { hookMarkdown, luaFiles, shippedText, stanzaMarkdown } from "./testing.ts";

describe("what is shipped", () => {
  it("is what lua/ and stanzas.yaml hold: `npx tsx scripts/ship-gate.ts` writes it anew", () => {
    expect(readFileSync(join(import.meta.dirname, "shipped.ts"), "utf8")).toBe(shippedText());
  });

  it("is every program, the table and the keys", () => {
    const paths = gateFiles(true).map(({ path }) => path);
    for (const name of [...luaFiles(), "gate_stanzas.lib.lua"])
      expect(paths).toContain(`/usr/local/lib/polder/prosody/${name}`);
    expect(paths.slice(-4)).toEqual([
      "/etc/prosody/gate/rooms.keys",
      "/etc/prosody/gate/tokens.pem",
      "/etc/prosody/gate/pseudonym.key",
      "/etc/prosody/gate/turn.secret",
    ]);
    expect(gateFiles(false).map(({ path }) => path)).not.toContain("/etc/prosody/gate/turn.secret");
    for (const { path, mode } of gateFiles(true).slice(-4)) expect(mode, path).toBe("0640");
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

describe("docs/gate.md", () => {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "gate.md"), "utf8");

  it("holds the table of stanzas", () => {
    expect(page).toContain(stanzaMarkdown(STANZAS));
  });

  it("holds the order of hooks, of modules that are there", () => {
    const rows = hookMarkdown();
    expect(page).toContain(rows);
    expect(rows.split("\n").length).toBeGreaterThan(20);
    for (const [, module] of rows.matchAll(/`(gate_\w+)`/g))
      expect(luaFiles()).toContain(`mod_${module}.lua`);
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
    expect(luaText({ a: "x", b: [1, true], c: undefined, d: {} })).toBe(
      '{ a = "x", b = { 1, true }, d = {} }',
    );
    for (const text of ['"', "\\", "\n", "\0"])
      expect(() => luaText(text)).toThrow("no text for a Lua string");
  });
});
