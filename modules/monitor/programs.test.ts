import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { alarmProgram } from "./alarm-program.ts";
import { incidentProgram } from "./incident-program.ts";
import { journalModule } from "./journal-program.ts";
import { splitProgram } from "./split-program.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "polder-monitor-"));
  const hosts = { "127.0.0.10": "control-1.x.internal", "127.0.0.1": "edge-1.x.internal" };
  writeFileSync(
    join(folder, "polder_journal.py"),
    journalModule(hosts, "monitor-1.x.internal", "#"),
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
    execFileSync("python3", ["-B", "-c", `import json\n${script}`], {
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
    {"SYSLOG_IDENTIFIER": ["two"]}, {"SYSLOG_IDENTIFIER": "sudoku"},
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

it("takes a probe for red at error and a certificate at warning, and no other program's words", () => {
  const result = python(`
import alarm
def j(kind, priority, message):
    return alarm.judged("h", {"SYSLOG_IDENTIFIER": kind, "PRIORITY": priority, "MESSAGE": message})
print(json.dumps([
    j("polder-probe", "3", "turn-peers: relays"), j("polder-probe", "4", "turn-peers: fine"),
    j("polder-certificate", "4", "/etc/x.crt: 20 days left"), j("sshd", "3", "turn-peers: x"),
    j("polder-probe", "3", "no subject"),
    j("polder-probe", "3", "tls.versions turn-1 [2001:db8::7]:443: TLS 1.1"),
]))`);
  expect(result).toEqual([
    ["probe/h/turn-peers", true, "turn-peers: relays"],
    ["probe/h/turn-peers", false, "turn-peers: fine"],
    ["certificate/h/etc/x.crt", true, "/etc/x.crt: 20 days left"],
    null,
    null,
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
gate = lambda message: alarm.refused({"SYSLOG_IDENTIFIER": "polder-gate", "MESSAGE": message})
kinds = [gate('{"result":"refused","room":"x"}'), gate('{"result":"admitted"}'), gate("refused"), gate("[1]"),
         gate('{"result":"refused","more":542}'), gate('{"result":"refused","more":null}'),
         alarm.refused({"SYSLOG_IDENTIFIER": "nginx", "MESSAGE": '{"result":"refused"}'})]
state, seen = {"alarms": {}, "heard": {}}, []
for now, fresh in ((0, {"c": 59}), (60, {"c": 1}), (120, {}), (301, {}), (400, {})):
    alarm.watch_refusals(state, fresh, now)
    seen.append(state["alarms"]["refusals/c"]["red"])
print(json.dumps([kinds, seen, state["alarms"]["refusals/c"]["words"]]))`);
  expect(result).toEqual([
    [1, 0, 0, 0, 542, 0, 0],
    [false, true, true, false, false],
    "c: the gate refused 0 times in 5 minutes; from 60 on somebody tries doors",
  ]);
});
