import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { alarmProgram } from "./alarm-program.ts";
import { incidentProgram } from "./incident-program.ts";
import { journalModule } from "./journal-program.ts";
import { splitProgram } from "./split-program.ts";

const AUTHORS = {
  "polder-gate": { hosts: ["c"], unit: "prosody\\.service", uids: [100, 999] },
  "polder-certificate": {
    hosts: ["c", "b"],
    unit: "polder-certificate-watch\\.service",
    uids: [61184, 65519],
  },
  "polder-probe": { hosts: ["e"], unit: "session-[0-9a-z]+\\.scope|ssh\\.service", uids: [0, 0] },
} as const;
/** Entries in Python, each from whom its identifier belongs to. */
const ENTRIES = `
GATE = {"SYSLOG_IDENTIFIER": "polder-gate", "_SYSTEMD_UNIT": "prosody.service", "_UID": "105"}
CERTIFICATE = {"SYSLOG_IDENTIFIER": "polder-certificate", "_SYSTEMD_UNIT": "polder-certificate-watch.service", "_UID": "61200"}
PROBE = {"SYSLOG_IDENTIFIER": "polder-probe", "_SYSTEMD_UNIT": "session-12.scope", "_UID": "0"}
def line(entry, **fields):
    return json.dumps({**entry, **fields}).encode()
`;
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "polder-monitor-"));
  const hosts = { "127.0.0.10": "control-1.x.internal", "127.0.0.1": "edge-1.x.internal" };
  writeFileSync(
    join(folder, "polder_journal.py"),
    journalModule(hosts, "monitor-1.x.internal", AUTHORS, "#"),
  );
  writeFileSync(
    join(folder, "split.py"),
    splitProgram(
      { operations: 14, security: 183, incidents: 1096 },
      { operations: ["o"], security: ["s"] },
      "#",
    ),
  );
  writeFileSync(join(folder, "incident.py"), incidentProgram("#"));
  const program = {
    instance: "x",
    webhook: "http://127.0.0.1:9/",
    hosts: ["a", "b"],
    refusals: 60,
  };
  writeFileSync(join(folder, "alarm.py"), alarmProgram(program, "#"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What Python prints, as JSON. */
const python = (script: string) =>
  JSON.parse(
    execFileSync("python3", ["-B", "-c", `import json\n${ENTRIES}\n${script}`], {
      cwd: folder,
      encoding: "utf8",
    }),
  );

it("sorts logins, sudo, audit and our own findings into security, all else into operations", () => {
  const result = python(`
import split
entries = [
    {"SYSLOG_IDENTIFIER": "sshd-session"}, {"SYSLOG_FACILITY": "10"}, {"_TRANSPORT": "audit"},
    {"SYSLOG_IDENTIFIER": "polder-probe"}, {"SYSLOG_IDENTIFIER": "nginx", "SYSLOG_FACILITY": "3"},
    {"SYSLOG_IDENTIFIER": ["two"]}, {"SYSLOG_IDENTIFIER": "sudoku"}, {"SYSLOG_IDENTIFIER": "polder-x"},
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
    "monitor-1.x.internal": [],
    "control-1.x.internal": [
      "--file=remote/remote-127.0.0.10.journal",
      "--file=remote/remote-127.0.0.10@*.journal",
    ],
  });
});

it("takes a probe for red at error and a certificate at warning", () => {
  const result = python(`
import alarm
def j(kind, priority, message):
    return alarm.judged("h", {"SYSLOG_IDENTIFIER": kind, "PRIORITY": priority, "MESSAGE": message})
print(json.dumps([
    j("polder-probe", "3", "turn-peers: relays"), j("polder-probe", "4", "turn-peers: fine"),
    j("polder-certificate", "4", "/etc/x.crt: 20 days left"),
    j("polder-probe", "3", "tls.versions turn-1 [2001:db8::7]:443: TLS 1.1"),
]))`);
  expect(result).toEqual([
    ["probe/h/turn-peers", true, "turn-peers: relays"],
    ["probe/h/turn-peers", false, "turn-peers: fine"],
    ["certificate/h/etc/x.crt", true, "/etc/x.crt: 20 days left"],
    [
      "probe/h/tls.versions turn-1 [2001:db8::7]:443",
      true,
      "tls.versions turn-1 [2001:db8::7]:443: TLS 1.1",
    ],
  ]);
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

it("misses a host after 15 minutes, but not when it was away itself", () => {
  const result = python(`
import alarm
state = {"alarms": {}, "heard": {}}
red = lambda: sorted(name for name, a in state["alarms"].items() if a["red"])
seen = []
for now, heard in ((0, {"a", "b"}), (250, {"a"}), (500, {"a"}), (750, {"a"}), (1000, {"a"}), (1250, {"a", "b"})):
    alarm.listen_for(state, heard, now); seen.append(red())
alarm.listen_for(state, set(), 9999); seen.append(red())
print(json.dumps(seen))`);
  expect(result).toEqual([[], [], [], [], ["silent/b"], [], []]);
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
  "a finding without a subject": `line(CERTIFICATE, MESSAGE="x" * 100000)`,
  "a finding of bytes": `line(CERTIFICATE, MESSAGE=[1, 2])`,
};

it("skips one bad entry, counts it for an hour, and reads the next one", () => {
  const result = python(`
import alarm
def heard(hostile):
    state = {"alarms": {}, "heard": {}}
    alarm.hear(state, "c", [hostile, line(GATE, MESSAGE='{"result":"refused","more":60}'), line(CERTIFICATE, PRIORITY="4", MESSAGE="/x: 1 days left")], 0)
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
    ["certificate/c/x", "entries/c", "refusals/c"],
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
alarm.hear(state, "c", [line(CERTIFICATE, PRIORITY="3", MESSAGE=f"/{n}: x") for n in range(5000)], 0)
print(json.dumps([len(state["alarms"]), state["alarms"]["too-many/c"]["words"]]))`);
  expect(result).toEqual([203, "c: more than 200 alarms of its own"]);
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
    ["state/monitor-1.x.internal", "red"],
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
    ["state/monitor-1.x.internal", "red"],
  ]);
});
