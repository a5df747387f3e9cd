import { afterAll, expect, it } from "vitest";
import { PythonFolder } from "../../modules/hosts/host/testing.ts";
import { PORTS } from "../../modules/planning/blueprint/index.ts";
import { standInPrograms } from "./programs.ts";

const where = {
  address: "10.0.0.10",
  port: PORTS.xmpp,
  host: "control-1.x.internal",
  ca: "/ca",
  auth: "auth.x.example",
  conference: "conference.x.example",
};
const folder = new PythonFolder();
folder.add("stand_in", "programs/focus.py", where, standInPrograms());
afterAll(() => folder.remove());
const python = (test: string) =>
  folder.run(`from stand_in import *\nfrom xml.etree import ElementTree\n${test}`);

const PRELUDE = `
sent = []
focus = Focus(sent.append)
ROOM = "a@conference.x.example"
def hear(text, now=0):
    focus.hear(ElementTree.fromstring(text), now)
def ask(room=ROOM, number="1"):
    hear(f"<iq xmlns='jabber:client' type='set' from='focus.x.example/q' id='{number}'><conference xmlns='http://jitsi.org/protocol/focus' room='{room}'/></iq>")
def seen(nick, kind="", now=0):
    hear(f"<presence xmlns='jabber:client' from='{ROOM}/{nick}' {kind}/>", now)
`;

it("proves its password as RFC 5802 does in section 5, and doesn't send it", () => {
  const result = python(`
import types
secrets.token_urlsafe = lambda size: "fyko+d2lbbFgONRv9qkxdawL"
sent = []
challenge = base64.b64encode(b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096").decode()
prove(types.SimpleNamespace(send=sent.append, expect=lambda name: types.SimpleNamespace(text=challenge)), "user", "pencil")
print(json.dumps([base64.b64decode(ElementTree.fromstring(one).text).decode() for one in sent]))`);
  expect(result).toEqual([
    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
  ]);
});

it("joins the room that is asked for, and answers when it is in", () => {
  const result = python(`${PRELUDE}
ask()
before = list(sent)
seen("focus")
ask(number="2")
print(json.dumps([before, sent[1:]]))`) as [string[], string[]];
  expect(result[0]).toEqual([
    expect.stringMatching(/^<presence to="a@conference.x.example\/focus">/),
  ]);
  expect(result[1]).toEqual([
    expect.stringMatching(/id="1">.* ready='true'/),
    expect.stringMatching(/id="2">.* ready='true'/),
  ]);
});

it("says that a room which it may not make isn't ready, and asks nobody for another's", () => {
  const result = python(`${PRELUDE}
ask()
seen("focus", "type='error'")
ask("b@internal.auth.x.example", "3")
print(json.dumps([sent[1:], list(focus.rooms)]))`) as [string[], string[]];
  expect(result).toEqual([
    [
      expect.stringMatching(/id="1">.* ready='false'/),
      expect.stringMatching(/type='error'.*id="3"/),
    ],
    [],
  ]);
});

it("leaves a room that nobody came to, and one that all have left, not one that somebody is in", () => {
  const result = python(`${PRELUDE}
def left():
    focus.leave_empty(NOW)
    return [text for text in sent if "unavailable" in text] != []
ask(); seen("focus")
NOW = 15; early = left()
seen("nick", now=15)
NOW = 100; held = left()
seen("nick", "type='unavailable'", now=100)
NOW = 110; soon = left()
NOW = 116; late = left()
print(json.dumps([early, held, soon, late, list(focus.rooms)]))`);
  expect(result).toEqual([false, false, false, true, []]);
});
