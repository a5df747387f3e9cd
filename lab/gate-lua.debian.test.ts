import { beforeAll, describe, expect, it } from "vitest";
import { type HostFile, programText } from "../modules/hosts/configuration/index.ts";
import { luaFiles } from "../modules/hosts/gate/files.ts";
import { loadPrograms } from "../modules/workspace/index.ts";
import { loadVectors } from "./testing/gate-vectors.ts";
import { validateFiles } from "./testing/validate-files.ts";
import { validatorRoot } from "./testing/validator-root.ts";

let root: string;
beforeAll(async () => {
  root = await validatorRoot();
}, 300_000);

const plain = (path: string, content: string): HostFile => ({
  path,
  content,
  owner: "root",
  group: "root",
  mode: "0644",
});
const sources = (): HostFile[] =>
  luaFiles(loadPrograms()).map((name) =>
    plain(`/gate/${name}`, programText(loadPrograms(), `gate/programs/${name}`)),
  );

async function inside(command: string, more: readonly HostFile[] = []): Promise<string> {
  const files = [plain("/etc/hosts", "127.0.0.1 localhost\n"), ...sources(), ...more];
  const [verdict] = await validateFiles(root, files, [{ id: "lua", reads: /^\/gate\//, command }]);
  if (!verdict?.accepted) throw new Error(verdict?.output ?? "nothing ran");
  return verdict.output;
}

/** Runs Lua with Prosody's own utilities and the gate's libraries; gives what it returns. */
async function lua(code: string, data: unknown = null): Promise<unknown> {
  const program = `
package.path, package.cpath = "/usr/lib/prosody/?.lua;" .. package.path, "/usr/lib/prosody/?.so;" .. package.cpath
dofile("/usr/lib/prosody/loader.lua")
local json = require "prosody.util.json"
module = { require = function (_, name) return dofile("/gate/" .. name .. ".lib.lua") end }
local file = io.open("/gate/data.json")
local data = json.decode(file:read("a"))
local function run(data)
${code}
end
io.write(json.encode({ result = run(data) }))
`;
  const output = await inside("lua5.4 /gate/run.lua", [
    plain("/gate/run.lua", program),
    plain("/gate/data.json", JSON.stringify(data)),
  ]);
  return (JSON.parse(output) as { result: unknown }).result;
}

describe("room names", () => {
  const { names } = loadVectors();
  const hex = 'local hex = require "prosody.util.hex"; local name = module:require "gate_name"';
  const load = `${hex}; local keys = {}; for i, k in pairs(data.keys) do keys[tonumber(i)] = hex.decode(k) end`;

  it("count as the vectors say", async () => {
    const verdicts = await lua(
      `${load}; local r = {}; for i, c in ipairs(data.cases) do r[i] = name.is_issued(c.name, data.domain, keys, c.now) end; return r`,
      names,
    );
    const wanted = names.cases.map(({ id, valid }) => [id, valid]);
    expect(names.cases.map(({ id }, i) => [id, (verdicts as boolean[])[i]])).toEqual(wanted);
  });

  it("end by UTC, in any time zone of the host", async () => {
    const seen = await inside(
      "for zone in UTC Europe/Amsterdam Pacific/Kiritimati America/Adak; do TZ=$zone lua5.4 /gate/zone.lua; done",
      [
        plain(
          "/gate/zone.lua",
          `package.path, package.cpath = "/usr/lib/prosody/?.lua;" .. package.path, "/usr/lib/prosody/?.so;" .. package.cpath
dofile("/usr/lib/prosody/loader.lua")
local name = dofile("/gate/gate_name.lib.lua")
local keys = { [3] = ("\\3"):rep(32) }
local issued = "${names.cases[0]?.name}"
print(name.is_issued(issued, "${names.domain}", keys, 1795651199), name.is_issued(issued, "${names.domain}", keys, 1795651200))`,
        ),
      ],
    );
    expect(new Set(seen.split("\n"))).toEqual(new Set(["true\tfalse"]));
  });

  it("have a check character that finds every mistyped one, and swaps of neighbours but one pair", async () => {
    const result = await lua(
      `${hex}
local alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
local good, missed, swaps = data:sub(1, 46), 0, {}
for i = 1, 46 do for j = 1, 32 do
  local c = alphabet:sub(j, j)
  local other = good:sub(1, i - 1) .. c .. good:sub(i + 1)
  if other ~= good and name.check_of(other) == name.check_of(good) then missed = missed + 1 end
end end
for a = 1, 32 do for b = a + 1, 32 do
  local x, y = alphabet:sub(a, a), alphabet:sub(b, b)
  if name.check_of(x .. y) == name.check_of(y .. x) then swaps[#swaps + 1] = x .. y end
end end
return { missed = missed, swaps = swaps }`,
      names.cases[0]?.name,
    );
    expect(result).toEqual({ missed: 0, swaps: ["0z"] });
  });
});

it("reads no JSON that two readers may read differently", async () => {
  const texts: Record<string, boolean> = {
    '{"a":"x","b":1,"c":{"d":false}}': true,
    ' { "a" : "x" } ': true,
    "{}": true,
    '{"a":"\\u00e9\\n"}': true,
    '{"a":1,"a":2}': false,
    '{"c":{"a":1,"a":2}}': false,
    '{"a":1,"\\u0061":2}': false,
    '{"a":1.0}': false,
    '{"a":1e3}': false,
    '{"a":01}': false,
    '{"a":-1}': false,
    '{"a":9999999999999}': false,
    '{"a":null}': false,
    '{"a":[1]}': false,
    '{"a":"\\ud800"}': false,
    '{"a":"\\u0000"}': false,
    '{"a":"x"}{}': false,
    '{"a":"x",}': false,
    '{"a" "x"}': false,
    '{"a":{"b":{"c":{"d":{}}}}}': false,
    '["a"]': false,
    '"a"': false,
    "": false,
    "{": false,
  };
  const read = await lua(
    'local read = module:require "gate_json"; local r = {}; for i, t in ipairs(data) do r[i] = read(t) ~= nil end; return r',
    Object.keys(texts),
  );
  expect(
    Object.fromEntries(Object.keys(texts).map((text, i) => [text, (read as boolean[])[i]])),
  ).toEqual(texts);
});

it("takes people's data out of any line, and leaves where in the code and how many", async () => {
  const name = loadVectors().names.cases[0]?.name ?? "";
  const lines: [message: string, argument: string | number | null, left: string][] = [
    ["%s joined", "jan@example.org/x", "… joined"],
    ["%d sessions", 7, "7 sessions"],
    ["on %s", "conference.x.example", "on conference.x.example"],
    [`room ${name} is empty`, null, "room … is empty"],
    ["closing jan@example.org now", null, "closing … now"],
    ["from 203.0.113.7 port 5", null, "from … port 5"],
    ["from 2001:db8::7", null, "from …"],
    ["token eyJhbGciOiJub25lIn0.eyJ4IjoxfQ.abc", null, "token …"],
    [
      "Traceback: %s",
      "/usr/lib/prosody/util/x.lua:12: no jan@example.org\n\tmod_y.lua:3: in",
      "Traceback: x.lua:12 mod_y.lua:3",
    ],
  ];
  const left = await lua(
    `local redact, format = module:require "gate_redact", require "prosody.util.format".format
local r = {}
for i, l in ipairs(data) do r[i] = redact.line({ ["conference.x.example"] = true }, format, table.unpack(l)) end
return r`,
    lines.map(([message, argument]) => (argument === null ? [message] : [message, argument])),
  );
  expect(left).toEqual(lines.map(([, , text]) => text));
});

it("lets in again at once whose clock was set back: a rate isn't waited for twice", async () => {
  const answers = await lua(
    `local time, now = require "prosody.util.time", 100000
time.now = function () return now end
local may = module:require "gate_buckets".new(2, 10)
local r = {}
local function ask(after)
  now = now + after
  r[#r + 1] = may("203.0.113.1")
end
ask(0) ask(0) ask(0) ask(10) ask(0) ask(0)
ask(-3600) ask(1) ask(1) ask(1)
return r`,
  );
  // Two in ten seconds, again after ten more; then the hour that is gone costs one refusal.
  const before = [true, true, false, true, true, false];
  expect(answers).toEqual([...before, false, true, true, false]);
});

it("takes a list of what is revoked for empty when there is none, and not when it can't be seen", async () => {
  const seen = await lua(
    `local files, lfs = module:require "gate_files", require "lfs"
lfs.mkdir("/gate/list")
local r = {}
local function look()
  local list = files.stamp("/gate/list/revoked") and files.revoked("/gate/list/revoked")
  r[#r + 1] = list and (next(list.tokens) and "something" or "nothing") or "unreadable"
end
look()
io.open("/gate/list/revoked", "w"):write("token ", ("a"):rep(26), " 9999999999\\n"):close()
look()
os.remove("/gate/list/revoked")
-- Root may look everywhere, so here what Prosody may not see is what nobody can: a link to itself.
lfs.link("revoked", "/gate/list/revoked", true)
look()
return r`,
  );
  expect(seen).toEqual(["nothing", "something", "unreadable"]);
});
