import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { monitorFragment } from "../modules/hosts/monitor/index.ts";
import { createVault, ensureSecrets, rotate, type Vault } from "../modules/secrets/vaults/index.ts";
import { type TestFolder, type TestPerson, testFolder } from "../modules/secrets/vaults/testing.ts";
import { type LoadedInstance, loadPrograms } from "../modules/workspace/index.ts";
import { validatorRoot } from "./testing/validator-root.ts";

const DAY = "2026-11-25";
const MESSAGE = '{"action":"handshake","result":"refused","room":"7m4b"}';
const page = readFileSync(join(import.meta.dirname, "../docs/incident.md"), "utf8");
const [ADMIN = "", KEEPER = ""] = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(
  ([, block]) => block,
);

/** A monitor's stores, and a machine each for the admin and the log keeper. */
let place: TestFolder;
let folder: string;
let admin: TestPerson;
let keeper: TestPerson;
let loaded: LoadedInstance;
let vault: Vault;
const at = (...names: string[]): string => join(folder, ...names);

beforeAll(async () => {
  const root = await validatorRoot();
  folder = mkdtempSync(join(tmpdir(), "polder-two-"));
  mkdirSync(at("bin"));
  // Debian 13's age, with its own libraries. Behind `-F FILE HOST` is what ssh runs; who is logged in to the monitor is root there.
  const library = `${root}/lib/x86_64-linux-gnu`;
  program(
    "age",
    `exec ${library}/ld-linux-x86-64.so.2 --library-path ${library} ${root}/usr/bin/age "$@"`,
  );
  program("ssh", 'shift 3; exec sh -c "$*"');
  program("sudo", 'exec "$@"');
  place = testFolder();
  admin = await place.person("annakok");
  keeper = await place.person("keeper");
  loaded = place.load([admin]);
  const logKeepers = [{ name: keeper.name, age: keeper.recipient }];
  loaded = { ...loaded, blueprint: { ...loaded.blueprint, logKeepers } };
  vault = await createVault(loaded, "instance");
  await ensureSecrets(loaded, vault);
}, 300_000);
afterAll(() => {
  place?.remove();
  if (folder) rmSync(folder, { recursive: true });
});

function program(name: string, body: string): void {
  writeFileSync(at("bin", name), `#!/bin/sh\n${body}\n`);
  chmodSync(at("bin", name), 0o755);
}

function run(command: readonly [string, ...string[]], cwd: string) {
  const venv = join(import.meta.dirname, "../build/venv/bin");
  const [name, ...args] = command;
  return spawnSync(name, args, {
    cwd,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, PATH: `${at("bin")}:${venv}:${process.env["PATH"]}` },
  });
}

/** What the monitor's own program puts into its stores, a file each; by the configuration that it would get. */
function seal(time: string): void {
  const { blueprint } = loaded;
  const host = blueprint.hosts.find(({ role }) => role === "monitor");
  if (!host) throw new Error("no monitor");
  for (const { path, content } of monitorFragment(blueprint, host, loadPrograms()).files ?? []) {
    const name = path.split("/").at(-1) as string;
    if (!/^(polder-journal-split|polder_journal\.py|.+\.recipient)(\.json)?$/.test(name)) continue;
    const value = content.replace(/@@secret:(.+?)@@/g, (_, secret: string) => vault.need(secret));
    const own = value.replaceAll("/etc/polder/monitor", folder).replaceAll("/srv/logs", at("logs"));
    writeFileSync(at(name.replace("polder-journal-split", "split.py")), own);
  }
  const [control, bridge] = ["control", "bridge"].map(
    (role) => blueprint.hosts.find((one) => one.role === role)?.name,
  );
  const ran = run(
    [
      "python3",
      "-B",
      "-c",
      `import datetime, split
gate = {"SYSLOG_IDENTIFIER": "polder-gate", "_SYSTEMD_UNIT": "prosody.service", "_UID": "105"}
now = datetime.datetime.fromisoformat("${DAY}T${time}")
for store in ("operations", "security"):
    file = split.Sealed(store, now)
    for message in ('${MESSAGE}', "x" * 200000):
        file.write(split.line_of("${control}", {**gate, "MESSAGE": message}))
    # Who calls itself the gate: a bridge, and another unit of the control host.
    for host, unit in (("${bridge}", "prosody.service"), ("${control}", "nginx.service")):
        file.write(split.line_of(host, {**gate, "_SYSTEMD_UNIT": unit, "MESSAGE": "forged"}))
    file.close()`,
    ],
    folder,
  );
  expect(ran.stderr).toBe("");
}

/** The page's commands as they stand there, on a machine with these files. */
function follow(commands: string, machine: string, files: Readonly<Record<string, string>>) {
  mkdirSync(at(machine));
  for (const [name, from] of Object.entries(files)) copyFileSync(from, at(machine, name));
  return run(["bash", "-c", commands.replaceAll("/srv/logs", at("logs"))], at(machine));
}

const ofAdmin = () => ({
  "YOUR.age": admin.identityFile,
  "vault.yaml": join(place.folder, "vault.yaml"),
  "vault.key.age": join(place.folder, "vault.key.age"),
});

describe("the security logs", () => {
  it("are sealed twice, operations once, and nothing lies unsealed beside them", () => {
    seal("10:00:00");
    const names = (store: string) => readdirSync(at("logs", store, DAY));
    expect(names("security")).toEqual(["100000.000000.jsonl.age.age"]);
    expect(names("operations")).toEqual(["100000.000000.jsonl.age"]);
  });

  it("open for an admin and a log keeper by the page's commands, also after a rotation", async () => {
    await rotate(loaded, vault, "monitor/security.identity", new Date());
    seal("11:00:00");
    const first = follow(ADMIN, "admin", ofAdmin());
    expect([first.status, first.stderr]).toEqual([0, ""]);
    // What the admin has is sealed still: none of it says what is in it.
    const sealed = run(["grep", "-rlE", "handshake|xxxxx", "."], at("admin"));
    expect(sealed.stdout).toBe("");
    const handed = at("admin", "for-the-keeper.tar");
    const files = { "YOUR.age": keeper.identityFile, "for-the-keeper.tar": handed };
    const read = follow(KEEPER, "keeper", files);
    expect([read.status, read.stderr]).toEqual([0, ""]);
    const lines = read.stdout.split("\n").filter((line) => line.startsWith("{"));
    expect(lines).toEqual([MESSAGE, MESSAGE]);
  });

  it("open for neither alone", () => {
    const alone = (machine: string, key: string, from: string) => {
      cpSync(from, at(machine), { recursive: true });
      const [name = ""] = readdirSync(at(machine));
      return run(["age", "-d", "-i", key, join(at(machine), name)], folder);
    };
    writeFileSync(at("vault.identity"), vault.need("monitor/security.identity"));
    for (const [machine, key, from] of [
      // The vault's identity on what is left when the outer seal is off.
      ["admin-alone", at("vault.identity"), at("admin", "for-the-keeper", DAY)],
      ["keeper-alone", keeper.identityFile, at("logs", "security", DAY)],
    ] as const) {
      const ran = alone(machine, key, from);
      expect([machine, ran.status, ran.stdout]).toEqual([machine, 1, ""]);
      expect(ran.stderr).toContain("no identity matched any of the recipients");
    }
  });

  it("fail loudly when a seal can't be made, and leave no file that looks whole", () => {
    writeFileSync(at("keepers.recipient"), "age1nobody\n");
    const ran = run(
      [
        "python3",
        "-B",
        "-c",
        `import datetime, split
file = split.Sealed("security", datetime.datetime.fromisoformat("${DAY}T12:00:00"))
try:
    file.write("x\\n")
    file.close()
    print("sealed")
except (RuntimeError, BrokenPipeError) as error:
    print("refused")`,
      ],
      folder,
    );
    expect(ran.stdout).toBe("refused\n");
    expect(readdirSync(at("logs", "security", DAY))).not.toContain("120000.000000.jsonl.age.age");
  });
});
