import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { XmppClient } from "../modules/verification/probes/index.ts";
import { attemptEntry, queryOf } from "./testing/gate-client.ts";
import { Issuer } from "./testing/gate-issuer.ts";
import { type Change, GateServer } from "./testing/gate-server.ts";
import { World } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const { domain } = blueprint;

describe("the watch", () => {
  const PLUGINS = "/usr/local/lib/polder/prosody";
  const planted = (code: string): Change => ({
    config: (text) =>
      text.replace('"gate_turn"; "websocket"', '"gate_turn"; "websocket"; "planted"'),
    files: { [`${PLUGINS}/mod_planted.lua`]: code },
  });
  const without = (name: string): Change => ({ files: { [`${PLUGINS}/${name}`]: null } });
  const spoiled = (name: string): Change => ({ files: { [`${PLUGINS}/${name}`]: "x = = 1\n" } });

  it.each<[string, Change]>([
    ...[
      "handshake",
      "stanzas",
      "sessions",
      "media",
      "rooms",
      "turn",
      "start_muted",
      "beside",
      "internal",
      "log",
      "focus",
    ].map((name): [string, Change] => [
      `mod_gate_${name} missing`,
      without(`mod_gate_${name}.lua`),
    ]),
    ["mod_gate missing", without("mod_gate.lua")],
    ["the login missing", without("mod_auth_gate.lua")],
    ["the table missing", without("gate_stanzas.lib.lua")],
    ["what builds stanzas anew missing", without("gate_rebuild.lib.lua")],
    ["mod_gate_rooms failing to load", spoiled("mod_gate_rooms.lua")],
    ["mod_gate failing to load", spoiled("mod_gate.lua")],
    ["a library failing to load", spoiled("gate_token.lib.lua")],
    ["another before the table", planted('module:hook("pre-stanza", function () end, 2000)\n')],
    ["another beside the table", planted('module:hook("pre-stanza", function () end, 1000)\n')],
    [
      "another before the stream's check",
      planted('module:hook("stream-features", function () end, 1001)\n'),
    ],
  ])("keeps the public host down: %s", async (_, change) => {
    const issuer = new Issuer(domain);
    const server = await GateServer.start(blueprint, issuer, change);
    try {
      const room = issuer.room();
      const knocked = await attemptEntry(server, queryOf(room, await issuer.token(room))).catch(
        () => "refused",
      );
      expect(knocked instanceof WebSocket).toBe(false);
      const client = new XmppClient(connect(server.c2sPort, "127.0.0.1"));
      await expect(client.open(domain)).rejects.toThrow("host-unknown");
      client.close();
    } finally {
      await server.stop();
    }
  });

  it("takes it down when something is put before the gate later, and says so", async () => {
    const code = `
local add_task = require "prosody.util.timer".add_task
add_task(2, function ()
	module:hook("pre-stanza", function () end, 5000)
	require "prosody.core.modulemanager".load(module.host, "time")
end)
`;
    const other = await World.start(blueprint, planted(code));
    try {
      const one = await other.client(other.issuer.room(), "guest");
      expect(await one.untilEnded(10_000)).toBe("host-gone");
      const says = "has another before it: the public hosts go down";
      // What the server writes down is there when its processor gets to it.
      await other.server.until(
        () => other.server.logged().some(({ text }) => text.includes(says)),
        "the log doesn't say so",
      );
    } finally {
      await other.stop();
    }
  });
});
