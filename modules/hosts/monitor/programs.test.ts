import { afterAll, beforeAll, expect, it } from "vitest";
import { PORTS } from "../../planning/blueprint/index.ts";
import { encode, longTermKey, xorAddress } from "../../verification/probes/turn/codec.ts";
import { PythonFolder } from "../host/testing.ts";

const AUTHORS = {
  "polder-gate": { hosts: ["c"], unit: "prosody\\.service", uids: [100, 999] },
  "polder-watch": {
    hosts: ["c", "b", "e", "m"],
    unit: "polder-watch\\.service",
    uids: [0, 0],
  },
  "polder-services": { hosts: ["m"], unit: "polder-services\\.service", uids: [61184, 65519] },
  "polder-probe": { hosts: ["e"], unit: "session-[0-9a-z]+\\.scope|ssh\\.service", uids: [0, 0] },
} as const;
/** Entries in Python, each from whom its identifier belongs to. */
const ENTRIES = `
GATE = {"SYSLOG_IDENTIFIER": "polder-gate", "_SYSTEMD_UNIT": "prosody.service", "_UID": "105"}
WATCH = {"SYSLOG_IDENTIFIER": "polder-watch", "_SYSTEMD_UNIT": "polder-watch.service", "_UID": "0"}
SERVICES = {"SYSLOG_IDENTIFIER": "polder-services", "_SYSTEMD_UNIT": "polder-services.service", "_UID": "61201"}
PROBE = {"SYSLOG_IDENTIFIER": "polder-probe", "_SYSTEMD_UNIT": "session-12.scope", "_UID": "0"}
def line(entry, **fields):
    return json.dumps({**entry, **fields}).encode()
def report(entry, **red):
    return line(entry, MESSAGE=json.dumps({"red": {name.replace("_", "/", 1): words for name, words in red.items()}}))
def reds(state):
    return sorted(name for name, a in state["alarms"].items() if a["red"])
`;
const folder = new PythonFolder();
beforeAll(() => {
  const add = (name: string, file: string, settings?: object) =>
    folder.add(name, `monitor/programs/${file}.py`, settings);
  const hosts = { "127.0.0.10": "control-1.x.internal", "127.0.0.1": "edge-1.x.internal" };
  add("polder_journal", "polder_journal", { hosts, own: "m", authors: AUTHORS });
  add("split", "split", {
    days: { operations: 14, security: 183, incidents: 1096 },
    seals: { operations: ["o"], security: ["s"] },
  });
  add("incident", "incident");
  add("alarm", "alarm", { hosts: ["a", "b"], refusals: 60 });
  add("polder_webhook", "polder_webhook", { instance: "x", webhook: "http://127.0.0.1:9/" });
  add("heartbeat", "heartbeat");
  const watched = {
    units: ["a.service", "b.timer"],
    certificates: ["short.crt", "none.crt"],
    folders: ["/", "/none"],
    warnDays: 21,
    health: [],
  };
  const at = { host: "a", address: "127.0.0.1" };
  const services = {
    domain: "x.example",
    names: { auth: "auth.x.example", turn: "turn.x.example" },
    ports: PORTS,
    web: [{ ...at, rooms: ["watch", "watch1"] }],
    turn: [at],
    bridges: [at],
    own: at,
    ca: "none",
    ownCaOnly: true,
    warnDays: 21,
  };
  add("services", "services", services);
  add("watch", "watch", watched);
});
afterAll(() => folder.remove());

const python = (script: string) => folder.run(`${ENTRIES}\n${script}`);

it("sorts logins, sudo, audit and our own findings into security, all else into operations", () => {
  const result = python(`
import split
entries = [
    {"SYSLOG_IDENTIFIER": "sshd-session"}, {"SYSLOG_FACILITY": "10"}, {"_TRANSPORT": "audit"},
    {"SYSLOG_IDENTIFIER": "polder-probe"}, {"SYSLOG_IDENTIFIER": "nginx", "SYSLOG_FACILITY": "3"},
    {"SYSLOG_IDENTIFIER": ["two"]}, {"SYSLOG_IDENTIFIER": "sudoku"}, {"SYSLOG_IDENTIFIER": "polder-x"},
    {"_TRANSPORT": "kernel", "MESSAGE": "polder-many one IN=ens3 SRC=198.51.100.1"},
    {"_TRANSPORT": "kernel", "MESSAGE": "device ens3 entered promiscuous mode"},
    {"_TRANSPORT": "syslog", "MESSAGE": "polder-drop in"},
]
print(json.dumps([split.store_of(e) for e in entries]))`);
  expect(result).toEqual([
    "security",
    "security",
    "security",
    "security",
    "operations",
    "operations",
    "operations",
    "operations",
    "security",
    "operations",
    "operations",
  ]);
});

it("names an author where host, unit and account are those of the name, whatever a line says of itself", () => {
  const result = python(`
import polder_journal as journal, split
tries = {
    "the gate": ("c", GATE), "another host": ("b", GATE), "another unit": ("c", {**GATE, "_SYSTEMD_UNIT": "nginx.service"}),
    "root": ("c", {**GATE, "_UID": "0"}), "no unit": ("c", {k: v for k, v in GATE.items() if k != "_SYSTEMD_UNIT"}),
    "two units": ("c", {**GATE, "_SYSTEMD_UNIT": ["prosody.service", "x.service"]}),
    "a longer unit": ("c", {**GATE, "_SYSTEMD_UNIT": "prosody.service.d"}), "an odd account": ("c", {**GATE, "_UID": "1e999"}),
    "bytes": ("c", {**GATE, "SYSLOG_IDENTIFIER": [112, 111]}), "another name": ("c", {**GATE, "SYSLOG_IDENTIFIER": "prosody"}),
    "a probe": ("e", PROBE), "a probe of no root": ("e", {**PROBE, "_UID": "1000"}),
}
seen = {what: [journal.author(*one), journal.is_forged(*one)] for what, one in tries.items()}
kept = [json.loads(split.line_of(*tries[what])).get("author") for what in ("the gate", "another host", "root")]
print(json.dumps([seen, kept]))`);
  const forged = ["", true];
  expect(result).toEqual([
    {
      "the gate": ["polder-gate", false],
      "another host": forged,
      "another unit": forged,
      root: forged,
      "no unit": forged,
      "two units": forged,
      "a longer unit": forged,
      "an odd account": forged,
      bytes: ["", false],
      "another name": ["", false],
      "a probe": ["polder-probe", false],
      "a probe of no root": forged,
    },
    ["polder-gate", null, null],
  ]);
});

it("keeps what it can't read, as it is, and with it nobody else's lines back", () => {
  const result = python(`
import split
lines = [b"", b"null", b"[1]", b"{", b"\\xff\\xfe", b"[" * 100000, b'{"MESSAGE": 1e999, "_UID": NaN}', b'{"MESSAGE": "\\xed\\xa0\\x80"}',
         b'{"MESSAGE": [255, 0], "SYSLOG_IDENTIFIER": null, "SYSLOG_FACILITY": 1e999}']
print(json.dumps([[store, len(text) < 5000, list(json.loads(text))] for store, text in (split.sorted_out("c", l) for l in lines)]))`);
  const unread = ["security", true, ["host", "unread"]];
  expect(result).toEqual([
    ...Array.from({ length: 6 }, () => unread),
    ["operations", true, ["host", "uid", "message"]],
    ["operations", true, ["host", "message"]],
    ["operations", true, ["host", "program", "facility", "message"]],
  ]);
});

it("deletes a day that is over its term, not one earlier, and nothing that it doesn't know", () => {
  const result = python(`
import datetime, split
folders = ["2026-11-09", "2026-11-10", "2026-11-24", "lost+found", "1"]
print(json.dumps(split.expired(folders, datetime.date(2026, 11, 24), 14)))`);
  expect(result).toEqual(["2026-11-09"]);
});

it("sets sealed logs aside for an incident, where the stores' terms don't reach them", () => {
  const result = python(`
import datetime, os, shutil, incident, split
for day in ("2026-11-20", "2026-11-21", "2026-11-23"):
    for store in ("operations", "security"):
        os.makedirs(f"s/{store}/{day}", exist_ok=True)
        open(f"s/{store}/{day}/1.jsonl.age", "w").write(store + day)
open("s/security/2026-11-21/2.jsonl.age.part", "w").close()
days = incident.days_between("2026-11-21", "2026-11-23")
found = list(incident.set_aside("x", days, "2026-11-25", "s"))
shutil.rmtree("s/security")
again = [path for _, path in incident.set_aside("x", days, "2026-11-25", "s")]
kept = open("s/incidents/2026-11-25/x/security/2026-11-21/1.jsonl.age").read()
terms = [split.expired(["2026-11-25"], datetime.date(2026, 11, 25) + datetime.timedelta(n), split.DAYS["incidents"]) for n in (1096, 1097)]
print(json.dumps([days, [p for _, p in found], len(found[0][0]), again, kept, terms, incident.main(["X", "a", "b"])]))`);
  const of = (store: string, day: string) =>
    `incidents/2026-11-25/x/${store}/2026-11-${day}/1.jsonl.age`;
  expect(result).toEqual([
    ["2026-11-21", "2026-11-22", "2026-11-23"],
    [of("operations", "21"), of("operations", "23"), of("security", "21"), of("security", "23")],
    64,
    [of("operations", "21"), of("operations", "23")],
    "security2026-11-21",
    [[], ["2026-11-25"]],
    2,
  ]);
});

it("finds each host's files, and no other host's of the same beginning", () => {
  const result = python(`
import os, polder_journal
os.makedirs("remote", exist_ok=True)
for name in ("127.0.0.10.journal", "127.0.0.10@1-2-3.journal", "10.9.9.9.journal"):
    open("remote/remote-" + name, "w").close()
print(json.dumps(polder_journal.sources("remote")))`);
  expect(result).toEqual({
    m: [],
    "control-1.x.internal": [
      "--file=remote/remote-127.0.0.10.journal",
      "--file=remote/remote-127.0.0.10@*.journal",
    ],
  });
});

it("takes a probe for red at error", () => {
  const result = python(`
import alarm
def j(priority, message):
    return alarm.finding_of("h", {"SYSLOG_IDENTIFIER": "polder-probe", "PRIORITY": priority, "MESSAGE": message})
print(json.dumps([j("3", "turn-peers: relays"), j("4", "turn-peers: fine"), j("3", "tls.versions turn-1 [2001:db8::7]:443: TLS 1.1")]))`);
  expect(result).toEqual([
    ["probe/h/turn-peers", true, "turn-peers: relays"],
    ["probe/h/turn-peers", false, "turn-peers: fine"],
    [
      "probe/h/tls.versions turn-1 [2001:db8::7]:443",
      true,
      "tls.versions turn-1 [2001:db8::7]:443: TLS 1.1",
    ],
  ]);
});

it("raises what two reports in a row say, and ends what the next one doesn't", () => {
  const result = python(`
import alarm
state, seen = {"alarms": {}, "heard": {}}, []
full, fine = report(WATCH, disk_root="full", certificate_x="20 days"), report(WATCH)
for lines in ([full], [], [report(WATCH, disk_root="full")], [full, full], [report(WATCH, disk_root="full")], [fine], [full], [fine], [full]):
    alarm.hear(state, "c", lines, 0); seen.append(reds(state))
print(json.dumps([seen, state["alarms"]["disk/c/root"]["words"]]))`);
  const [disk, both] = [["disk/c/root"], ["certificate/c/x", "disk/c/root"]];
  expect(result).toEqual([[[], [], disk, both, disk, [], [], [], []], "no longer: c: full"]);
});

it("lets a host say things of itself alone, and the monitor of services", () => {
  const result = python(`
import alarm
state = {"alarms": {}, "heard": {}}
for _ in range(2):
    alarm.hear(state, "b", [report(WATCH, **{"unit_../a/x": "x"}), report(SERVICES, **{"service_a/page": "x"})], 0)
    alarm.hear(state, "m", [report(SERVICES, **{"service_a/page": "down"}), report(WATCH, service_x="x")], 0)
print(json.dumps(reds(state)))`);
  expect(result).toEqual(["entries/b", "entries/m", "service/a/page", "unit/b/../a/x"]);
});

it("tells each change once, and again until somebody takes it", () => {
  const result = python(`
import alarm
state, told = {"alarms": {}, "heard": {}}, []
def run(works):
    before = len(told)
    alarm.tell(state, lambda body: told.append(body["state"]) or works)
    return len(told) - before
alarm.learn(state, "probe/x", True, "x", 1)
counts = [run(False), run(True), run(True)]
alarm.learn(state, "probe/x", True, "x", 2)
counts.append(run(True))
alarm.learn(state, "probe/x", False, "x", 3)
counts += [run(True), run(True)]
print(json.dumps([counts, told]))`);
  expect(result).toEqual([
    [1, 1, 0, 0, 1, 0],
    ["red", "red", "green"],
  ]);
});

it("misses a host's reports after five minutes, whatever else it writes, but not when it was away itself", () => {
  const result = python(`
import alarm
state, seen = {"alarms": {}, "heard": {}}, []
def at(now, *hosts):
    for host in hosts:
        state["heard"][f"polder-watch {host}"] = now
    state["heard"]["polder-services m"] = now
    alarm.listen_for(state, now); seen.append(reds(state))
for now, hosts in ((0, "ab"), (250, "a"), (300, "a"), (301, "a"), (500, "ab")):
    at(now, *hosts)
alarm.hear(state, "a", [line(GATE, MESSAGE="x")], 501)
alarm.listen_for(state, 790); alarm.listen_for(state, 801); seen.append(reds(state))
alarm.listen_for(state, 9999); seen.append(reds(state))
state["alarms"]["unit/gone/x"] = {"red": True, "told": True, "since": 0, "words": "x"}
alarm.listen_for(state, 9999); seen.append(reds(state))
print(json.dumps(seen))`);
  const all = ["entries/a", "silent/a", "silent/b", "silent/services"];
  expect(result).toEqual([[], [], [], ["silent/b"], [], all, ["entries/a"], ["entries/a"]]);
});

it("raises one alarm for many refusals of the gate, says no name, and ends it when they end", () => {
  const result = python(`
import alarm
kinds = [alarm.refused(m) for m in ('{"result":"refused","room":"x"}', '{"result":"admitted"}', '{"result":"refused","more":542}')]
state, seen = {"alarms": {}, "heard": {}}, []
for now, fresh in ((0, 59), (60, 1), (120, 0), (301, 0), (400, 0)):
    alarm.watch_refusals(state, "c", fresh, now)
    seen.append(state["alarms"]["refusals/c"]["red"])
print(json.dumps([kinds, seen, state["alarms"]["refusals/c"]["words"]]))`);
  expect(result).toEqual([
    [1, 0, 542],
    [false, true, true, false, false],
    "c: the gate refused 0 times in 5 minutes; from 60 on somebody tries doors",
  ]);
});

/** What may stand in an entry, in the words of Python; none of it is a finding or a refusal. */
const HOSTILE = {
  "a number without end": `line(GATE, MESSAGE='{"result":"refused","more":1e999}')`,
  "no number": `line(GATE, MESSAGE='{"result":"refused","more":NaN}')`,
  Infinity: `line(GATE, MESSAGE='{"result":"refused","more":-Infinity}')`,
  "more than there can be": `line(GATE, MESSAGE='{"result":"refused","more":' + "9" * 4000 + '}')`,
  "more digits than Python reads": `line(GATE, MESSAGE='{"result":"refused","more":' + "9" * 40000 + '}')`,
  "less than one": `line(GATE, MESSAGE='{"result":"refused","more":-1}')`,
  "true for a number": `line(GATE, MESSAGE='{"result":"refused","more":true}')`,
  "null for a number": `line(GATE, MESSAGE='{"result":"refused","more":null}')`,
  "deep nesting": `line(GATE, MESSAGE="[" * 100000)`,
  "deep nesting inside": `line(GATE, MESSAGE='{"result":"refused","more":' + "[" * 100000)`,
  "no object": `line(GATE, MESSAGE="[1]")`,
  "no JSON": `line(GATE, MESSAGE="refused")`,
  "bytes for a message": `line(GATE, MESSAGE=[255, 254, 0])`,
  "null for a message, as of a huge one": `line(GATE, MESSAGE=None)`,
  "no message": `line(GATE)`,
  "an object for a message": `line(GATE, MESSAGE={"result": "refused"})`,
  "no entry": `b"{"`,
  "an entry that is a list": `b"[]"`,
  "an entry nested deeply": `b'{"MESSAGE":' + b"[" * 100000`,
  "bytes that are no text": `b"\\xff\\x00\\xfe"`,
  "a report of bytes": `line(WATCH, MESSAGE=[1, 2])`,
  "a report without what is red": `line(WATCH, MESSAGE="{}")`,
  "a report of a list": `line(WATCH, MESSAGE='{"red": ["x"]}')`,
  "a report of no words": `line(WATCH, MESSAGE='{"red": {"disk/x": 1e999}}')`,
  "a report of another kind": `line(WATCH, MESSAGE='{"red": {"silent/x": "x"}}')`,
  "a report under a long name": `line(WATCH, MESSAGE=json.dumps({"red": {"disk/" + "x" * 151: "x"}}))`,
  "a report with a line's end in a name": `line(WATCH, MESSAGE=json.dumps({"red": {"disk/x\\n": "x"}}))`,
  "a nested report": `line(WATCH, MESSAGE='{"red":' + "[" * 100000)`,
};

it("skips one bad entry, counts it for an hour, and reads the next one", () => {
  const result = python(`
import alarm
def heard(hostile):
    state = {"alarms": {}, "heard": {}}
    alarm.hear(state, "c", [hostile, line(GATE, MESSAGE='{"result":"refused","more":60}'), report(WATCH, disk_x="x"), report(WATCH, disk_x="x")], 0)
    red = sorted(name for name, a in state["alarms"].items() if a["red"])
    later = []
    for now in (3599, 3600):
        alarm.hear(state, "c", [], now)
        later.append(state["alarms"]["entries/c"]["red"])
    return [red, later]
print(json.dumps({${Object.entries(HOSTILE)
    .map(([what, entry]) => `${JSON.stringify(what)}: heard(${entry})`)
    .join(", ")}}))`);
  const skipped = [
    ["disk/c/x", "entries/c", "refusals/c"],
    [true, false],
  ];
  expect(result).toEqual(Object.fromEntries(Object.keys(HOSTILE).map((what) => [what, skipped])));
});

it("takes no line for the gate's or a probe's that another unit, account or host wrote, and says so", () => {
  const result = python(`
import alarm
state = {"alarms": {}, "heard": {}}
alarm.hear(state, "b", [line(GATE, MESSAGE='{"result":"refused","more":1000}'), line(PROBE, PRIORITY="3", MESSAGE="turn-peers: x")], 0)
print(json.dumps([sorted(name for name, a in state["alarms"].items() if a["red"]), state["alarms"]["entries/b"]["words"]]))`);
  expect(result).toEqual([
    ["entries/b"],
    "b: of the last hour's entries 0 can't be read, and 2 are under a name of polder's but from another unit, account or host; they count for nothing",
  ]);
});

it("lets no host fill the list of alarms", () => {
  const result = python(`
import alarm
state = {"alarms": {}, "heard": {}}
for n in range(40):
    many = report(WATCH, **{f"disk_{n}-{i}": "x" for i in range(50)})
    alarm.hear(state, "c", [many, many], 0)
print(json.dumps([len(state["alarms"]), len(reds(state)), reds(state)[0]]))`);
  // Of the host itself 200, what it wrote and what its gate refused; the newest are the red ones.
  expect(result).toEqual([202, 50, "disk/c/39-0"]);
});

it("says when a host's flood of alarms is over, and sees the next one", () => {
  const result = python(`
import alarm
state, seen = {"alarms": {}, "heard": {}}, []
def flood(what, priority, now):
    alarm.hear(state, "e", [line(PROBE, PRIORITY=priority, MESSAGE=f"{what}-{n}: x") for n in range(250)], now)
    alarm.tell(state, lambda body: True)
    alarm.hear(state, "e", [], now)
    red = reds(state)
    seen.append([len(red), "too-many/e" in red, "probe/e/" + what + "-0" in red, len(state["alarms"]) <= 203])
flood("a", "3", 1)
flood("a", "6", 2)
flood("b", "3", 3)
print(json.dumps(seen))`);
  expect(result).toEqual([
    [201, true, true, true],
    [0, false, false, true],
    [201, true, true, true],
  ]);
});

/** Runs the whole program, with a journalctl that answers as `journal` says, in shell. */
const wholeRun = (journal: string, before = "") =>
  python(`
import os, sys, tempfile, alarm, polder_journal
bin, alarm.STATE = tempfile.mkdtemp(), tempfile.mkdtemp()
open(bin + "/journalctl", "w").write("""#!/bin/sh
${journal}
""")
os.chmod(bin + "/journalctl", 0o755)
os.environ["PATH"] = bin + ":" + os.environ["PATH"]
os.environ["CREDENTIALS_DIRECTORY"] = bin
open(bin + "/token", "w").write("t")
alarm.sources = lambda: {"a": ["--file=a"], "c": ["--file=c"]}
told = []
alarm.RAN, alarm.HOSTS = bin + "/ran", ["a", "c", "m"]
alarm.post = lambda token, body: told.append([body["alarm"], body["state"]]) or True
state = os.path.join(alarm.STATE, "state.json")
${before}
alarm.main()
print(json.dumps(told))`);
const REFUSALS = `cat <<'END'
{"SYSLOG_IDENTIFIER":"polder-gate","_SYSTEMD_UNIT":"prosody.service","_UID":"105","MESSAGE":"{\\\\"result\\\\":\\\\"refused\\\\",\\\\"more\\\\":99}"}
END`;

it("tells of one host although another one's journal can't be read, and of that, too", () => {
  const journal = `case "$*" in *--file=a*) exit 1 ;; *--file=c*) ${REFUSALS}
;; esac`;
  expect(wholeRun(journal)).toEqual([
    ["journal/a", "red"],
    ["refusals/c", "red"],
  ]);
});

it.each([
  ["empty", ""],
  ["cut off", "{"],
  ["a list", "[]"],
  ["of another shape", '{"alarms": 1}'],
  ["nested", "[".repeat(9_999)],
])("begins anew where its state is %s, and says so", (_, state) => {
  const told = wholeRun(REFUSALS, `open(state, "w").write(${JSON.stringify(state)})`);
  expect(told).toEqual([
    ["entries/a", "red"],
    ["refusals/c", "red"],
    ["state/m", "red"],
  ]);
});

it("tells also when its state can't be written, as on a full disk", () => {
  const told = wholeRun(
    REFUSALS,
    'def full(*_): raise OSError(28, "No space left on device")\nalarm.os.fsync = full',
  );
  expect(told).toEqual([
    ["entries/a", "red"],
    ["refusals/c", "red"],
    ["state/m", "red"],
  ]);
});

it("beats green while the alarm program comes to its end, and red when it hasn't for five minutes", () => {
  const result = python(`
import os, heartbeat
open("ran", "w").close(); os.utime("ran", (1000, 1000))
said = [heartbeat.beat(now, "ran")["state"] for now in (1000, 1300, 1301, 999)]
print(json.dumps([said, heartbeat.beat(1301, "ran")["since"], heartbeat.beat(1, "none")["state"]]))`);
  expect(result).toEqual([["green", "green", "red", "red"], "1970-01-01T00:16:40Z", "red"]);
});

it("says of its host which units don't run, which disks are full, which certificates end", () => {
  const result = python(`
import types, watch
SHOW = "Id=a.service|ActiveState=failed|SubState=failed|Type=simple||Id=b.timer|ActiveState=inactive|Type=oneshot|ConditionResult=no|Result=success".replace("|", chr(10))
def run(*command):
    if command[1] == "show": return SHOW
    if command[1] == "list-units": return "x.service loaded failed failed X"
    if "none.crt" in command: raise OSError("none")
    return "notAfter=1970-01-22 00:00:00Z"
watch.run = run
watch.os.statvfs = lambda _: types.SimpleNamespace(f_blocks=100, f_bfree=20, f_bavail=8, f_files=0, f_ffree=0)
seen = watch.look({"units": watch.units, "disks": watch.disks, "certificates": lambda: watch.certificates(0)})
def broken(): raise RuntimeError("x" * 999)
many = {f"unit/{n}": "y" * 200 for n in range(99)}
print(json.dumps([seen, watch.look({"units": broken}), len(watch.line(many)) < 3600, json.loads(watch.line(many))["red"]["watch/more"],
                  json.loads(watch.line({}))]))`);
  expect(result).toEqual([
    {
      "unit/a.service": "a.service is failed (failed)",
      "unit/x.service": "x.service has failed",
      "disk/root": "/ is full: 90 % of its blocks, 0 % of its inodes are used",
      "certificate/none.crt": "none.crt can't be read",
    },
    { "watch/units": expect.stringMatching(/^units can't be looked at: RuntimeError/) },
    true,
    expect.stringMatching(/^8\d more things$/),
    { red: {} },
  ]);
});

it("speaks TURN as the probes' own client does", () => {
  const transaction = Buffer.from("0102030405060708090a0b0c", "hex");
  const [user, realm, nonce] = ["1798761600:monitor", "turn.x.example", Buffer.from("nonce")];
  const peer = xorAddress({ address: "10.80.0.21", port: 10_000 }, transaction);
  const attributes: [number, Buffer][] = [
    [0x0012, peer],
    [0x0006, Buffer.from(user)],
    [0x0014, Buffer.from(realm)],
    [0x0015, nonce],
  ];
  const type = 0x0008;
  const bytes = encode({ type, transaction, attributes }, longTermKey(user, realm, "password"));
  const result = python(`
import services
sent, transaction = [], bytes.fromhex("${transaction.toString("hex")}")
# What a wait of a second costs is told by this clock.
clock = [0]
services.time.monotonic = lambda: clock[0]
class Tls:
    def settimeout(self, _): pass
    def sendall(self, data): sent.append(data)
    def recv(self, _):
        clock[0] += 0.25
        refusal = services.message(0x0118, transaction, [(9, b"\\0\\0\\4\\1"), (0x14, b"${realm}"), (0x15, b"nonce")])
        return refusal if len(sent) == 1 else services.message(0x0108, transaction, [])
services.secrets.token_bytes = lambda n: transaction[:n]
relay = services.Relay(Tls(), "${user}", "password")
try:
    services.PATIENCE = 0
    relay.echo("10.80.0.21")
except (services.Wrong, IndexError) as error:
    wrong = str(error)
print(json.dumps([sent[1].hex(), wrong, len(sent), clock[0], services.parsed(b"x" * 19), services.parsed(b"\\xff" * 40)]))`);
  expect(result).toEqual([
    bytes.toString("hex"),
    "no media comes back from the bridge",
    // Two requests, and media three times, for a second each.
    5,
    3.5,
    null,
    null,
  ]);
});

it("says of every service that isn't there that it isn't, and of a login that can't be read", () => {
  const result = python(`
import os, services
os.environ["CREDENTIALS_DIRECTORY"] = "/none"
services.socket.create_connection = lambda *_, **__: (_ for _ in ()).throw(ConnectionRefusedError(111, "Connection refused"))
services.context = lambda _: None
print(json.dumps(services.look(0)))`);
  expect(result).toEqual({
    "service/a/page": "[Errno 111] Connection refused",
    "service/a/handshake": "[Errno 111] Connection refused",
    "service/a/login": "[Errno 111] Connection refused",
    "service/a/receiver": "[Errno 111] Connection refused",
    "service/a/login for relays": expect.stringContaining("its login for relays can't be read"),
  });
});

it("finds a program of Jitsi's that isn't well by its own word, by its metrics, and by its silence", () => {
  const result = python(`
import http.server, threading, watch
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        assert self.headers["Accept"] == "text/plain"
        status, text = {"/well": (200, "# HELP x\\nrooms 1.0\\nfast{a=1} 9\\n"), "/empty": (200, "rooms 0.0\\n")}.get(self.path, (500, ""))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"
def seen_at(address, **least):
    watch.HEALTH = [{"name": "x", "address": address, **({"least": least} if least else {})}]
    return [words.split(":")[0] if "metric" not in words and "isn't" in words else words for _, words in watch.health()]
seen = [seen_at(base + "/well"), seen_at(base + "/well", rooms=1), seen_at(base + "/empty", rooms=1), seen_at(base + "/well", other=1), seen_at(base + "/ill")]
server.shutdown()
server.server_close()
print(json.dumps([*seen, seen_at(base + "/well")]))`);
  expect(result).toEqual([
    [],
    [],
    ["x: rooms is 0.0, at least 1 is well"],
    ["x: other is not there, at least 1 is well"],
    ["x isn't well"],
    ["x isn't well"],
  ]);
});
