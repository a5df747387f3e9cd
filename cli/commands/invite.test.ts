import { createPublicKey, verify } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildFolder } from "../../modules/common/toolkit/index.ts";
import { readIssueLog, sumOf } from "../../modules/meetings/issue-log/index.ts";
import { readRoom, readRoomKeys } from "../../modules/meetings/rooms/index.ts";
import { keyIdOf } from "../../modules/meetings/tokens/index.ts";
import { invite as issue } from "../../modules/operations/invite/index.ts";
import { createVault, ensureSecrets, openVault } from "../../modules/secrets/vaults/index.ts";
import {
  type TestFolder,
  type TestPerson,
  testFolder,
} from "../../modules/secrets/vaults/testing.ts";
import { readLinks } from "../../modules/verification/enumeration/index.ts";
import { type LoadedInstance, writeAtomically } from "../../modules/workspace/index.ts";
import { polderFrom, processFrom } from "./testing.ts";
// Read here: on a busy machine that takes longer than a test may.
import "./invite.ts";
import "./revoke.ts";

// A name of its own: the lab's own instance may be at work in this working copy.
const NAME = "t-uitnodiging";
const polder = polderFrom(tmpdir());
let place: TestFolder;
let anna: TestPerson;
let bert: TestPerson;
let loaded: LoadedInstance;
const log = () => join(place.folder, "issued.jsonl");

/** Clocks in Amsterdam, some hours from now. */
const inHours = (hours: number): string =>
  new Date(Date.now() + hours * 3_600_000)
    .toLocaleString("sv", { timeZone: "Europe/Amsterdam" })
    .slice(0, 16)
    .replace(" ", "T");
const SOON = inHours(26);
const invite = (...args: string[]) =>
  polder("invite", place.folder, "--identity", anna.identityFile, ...args);
const meet = (...args: string[]) => invite("--starts", SOON, "--minutes", "60", ...args);
const revoke = (...args: string[]) =>
  polder("revoke", place.folder, "--identity", anna.identityFile, ...args);
const linksIn = (text: string) => text.match(/https:\S+/g) ?? [];
const tokenIn = (link: string): string =>
  JSON.parse(decodeURIComponent(new URL(link).hash.replace("#jwt=", "")));
const claimsIn = (link: string) =>
  JSON.parse(Buffer.from(tokenIn(link).split(".")[1] ?? "", "base64url").toString());

beforeAll(async () => {
  rmSync(buildFolder(NAME), { recursive: true, force: true });
  place = testFolder("lab", undefined, NAME);
  anna = await place.person("annakok", true);
  bert = await place.person("bertbos");
  loaded = place.load([anna, bert]);
  for (const kind of ["instance", "issuer"] as const)
    await ensureSecrets(loaded, await createVault(loaded, kind));
  // Keys of two vaults are made, on however busy a machine.
}, 60_000);
afterAll(() => {
  place.remove();
  rmSync(buildFolder(NAME), { recursive: true, force: true });
});

describe("polder invite", () => {
  it("prints a moderator's and a guest's link, each to the same room that counts", async () => {
    const who = ["--identity", anna.identityFile, "--name", "Anna Kok"];
    const asked = ["invite", place.folder, "--starts", SOON, "--minutes", "60", ...who];
    const ran = processFrom(tmpdir())(...asked);
    expect([ran.status, ran.stderr.split("\n")]).toEqual([
      0,
      [expect.stringMatching(/^each link is one person's key/), ""],
    ]);
    const [moderator, guest, ...rest] = linksIn(ran.stdout) as [string, string];
    expect(rest).toEqual([]);
    const claims = [moderator, guest].map(claimsIn);
    expect(claims.map(({ role, context }) => [role, context.user.name])).toEqual([
      ["moderator", "Anna Kok"],
      ["guest", undefined],
    ]);
    const room = new URL(guest).pathname.slice(1);
    expect(claims.map((one) => one.room)).toEqual([room, room]);
    const vault = await openVault(loaded, { identityFile: anna.identityFile });
    const keys = readRoomKeys(vault.need("gate/rooms.keys"));
    const read = readRoom(room, loaded.blueprint.domain, keys, claims[1].exp);
    expect(read).toMatchObject({ name: room });
    // Signed by what the gate checks with.
    const pem = vault.need("gate/tokens.pem");
    const [head, body, signature] = tokenIn(guest).split(".") as [string, string, string];
    expect(JSON.parse(Buffer.from(head, "base64url").toString()).kid).toBe(keyIdOf(pem));
    const signed = Buffer.from(`${head}.${body}`);
    const bytes = Buffer.from(signature, "base64url");
    expect(verify("sha256", signed, createPublicKey(pem), bytes)).toBe(true);
  });

  it("counts from a quarter before the meeting to its end, whatever the zone of the computer", async () => {
    const [, guest] = linksIn((await meet("--zone", "UTC")).stdout) as [string, string];
    const { nbf, exp, iat } = claimsIn(guest);
    expect(new Date(nbf * 1000 + 900_000).toISOString().slice(0, 16)).toBe(SOON);
    expect(exp - nbf).toBe(75 * 60);
    expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(30);
    const starts = Math.floor(Date.now() / 1000);
    const day = { starts, minutes: 1440, moderators: ["Anna Kok"], guests: 0 };
    const whole = await issue(loaded, day, anna.identityFile, new Date());
    expect(whole.until - whole.from).toBe(86_400);
  });

  it("writes a calendar entry for each guest, readable to its owner alone", async () => {
    const file = join(place.folder, "entry.ics");
    const ran = await meet("--guests", "2", "--ics", file);
    const links = linksIn(ran.stdout).slice(1);
    const second = join(place.folder, "entry-2.ics");
    expect(ran.stdout.match(/\S+\.ics/g)).toEqual([file, second]);
    for (const [i, path] of [file, second].entries()) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const text = readFileSync(path, "utf8").replaceAll("\r\n ", "");
      expect(text).toContain(`LOCATION:${links[i]}\r\n`);
    }
    const [own] = (await meet()).stdout.match(/\S+\.ics/) as [string];
    expect(own.startsWith(buildFolder(NAME))).toBe(true);
    expect(statSync(own).mode & 0o777).toBe(0o600);
  });

  it("logs who, when, role and id, and neither room nor token", async () => {
    const before = readIssueLog(readFileSync(log(), "utf8"), log()).lines.length;
    const ran = await meet("--moderators", "2", "--guests", "3");
    const text = readFileSync(log(), "utf8");
    const lines = readIssueLog(text, log()).lines.slice(before);
    const links = linksIn(ran.stdout);
    expect(lines.map(({ by, entry }) => [by, "role" in entry && entry.role])).toEqual([
      ...Array(2).fill(["annakok", "moderator"]),
      ...Array(3).fill(["annakok", "guest"]),
    ]);
    expect(lines.map(({ entry }) => "id" in entry && entry.id)).toEqual(
      links.map((link) => claimsIn(link).jti),
    );
    for (const link of links) {
      const room = new URL(link).pathname.slice(1);
      for (const secret of [room, room.slice(0, 26), ...tokenIn(link).split(".")])
        expect(text).not.toContain(secret);
    }
    expect(new Set(links.map((link) => claimsIn(link).context.user.id)).size).toBe(5);
  });

  it("issues other rooms and other tokens each time", async () => {
    const rooms = [await meet(), await meet()].flatMap(({ stdout }) => linksIn(stdout));
    expect(new Set(rooms.map((link) => new URL(link).pathname)).size).toBe(2);
    expect(new Set(rooms).size).toBe(4);
  });

  it("--check says that the log is whole, and until when keys are needed, to anybody", async () => {
    const ran = await polder("invite", place.folder, "--check");
    expect([ran.status, ran.stderr]).toEqual([0, ""]);
    expect(ran.stdout).toMatch(/issued\.jsonl: \d+ lines in order and signed; \d+ tokens, 0 rev/);
    expect(ran.stdout).toMatch(/^signed by {2}SHA256:[0-9a-f]{64}$/m);
    expect(ran.stdout).toMatch(/^room key 0: needed until 20\d\d-\d\d-\d\d \d\d:\d\d UTC$/m);
  });
});

describe("polder invite --links", () => {
  const file = () => join(place.folder, "..", "links.yaml");
  const lines = () => readFileSync(log(), "utf8").split("\n").length;
  const read = () => readLinks(readFileSync(file(), "utf8"), file(), loaded.blueprint.domain);

  it("fills the file that the probe reads, by two meetings and then others, and prints no link", async () => {
    const first = await meet("--links", file());
    expect([first.status, first.stderr, linksIn(first.stdout)]).toEqual([
      0,
      expect.stringMatching(/^its links are in /),
      [],
    ]);
    expect(() => read()).toThrow(/attacker: a link is needed/);
    await meet("--links", file());
    const { moderator, guest, attacker } = read();
    expect([guest.room, attacker.room === guest.room]).toEqual([moderator.room, false]);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    const text = readFileSync(file(), "utf8");
    for (const state of ["revoked", "not begun", "revoked"]) {
      expect((await meet("--links", file(), "--as", state)).status).toBe(0);
    }
    const { names, ...same } = read();
    expect(same).toEqual({ moderator, guest, attacker });
    expect([names.revoked.length, names["not begun"].length, names.ended]).toEqual([2, 1, []]);
    for (const name of [guest.room, ...names.revoked])
      expect(readFileSync(log(), "utf8")).toContain(sumOf(name));
    writeFileSync(file(), text, { mode: 0o600 });
  });

  const rows: [string, string | undefined, number, string[], RegExp][] = [
    ["something else", "name: lab\n", 0o600, [], /allowed keys: moderator, guest/],
    ["no YAML", "a: [\n", 0o600, [], /links\.yaml:\d+:\d+: /],
    [
      "another instance's links",
      "guest: https://a.example/x\n",
      0o600,
      [],
      /guest: no link to a mee/,
    ],
    ["what others can read", "{}\n", 0o644, [], /chmod 600/],
    [
      "both meetings",
      undefined,
      0o600,
      [],
      /has both meetings: say --as ended, revoked, not begun/,
    ],
    ["a state that there isn't", undefined, 0o600, ["--as", "live"], /Allowed choices are ended/],
  ];
  it.each(rows)(
    "refuses a file that holds %s, and issues nothing",
    async (_, text, mode, more, message) => {
      const whole = readFileSync(file(), "utf8");
      writeFileSync(file(), text ?? whole);
      chmodSync(file(), mode);
      const before = lines();
      const ran = await meet("--links", file(), ...more);
      expect([ran.status, ran.stdout]).toEqual([2, ""]);
      expect(ran.stderr).toMatch(message);
      expect([lines(), readFileSync(file(), "utf8")]).toEqual([before, text ?? whole]);
      writeFileSync(file(), whole);
      chmodSync(file(), 0o600);
    },
  );

  it("refuses a state without a file, a folder that isn't there, and standard output", async () => {
    const before = lines();
    const of = async (...args: string[]) => (await meet(...args)).stderr;
    expect(await of("--as", "ended")).toMatch(/^--as: says what a meeting is to the file/);
    expect(await of("--links", "/no/such/links.yaml")).toMatch(/there is no such folder/);
    expect(await of("--links", "-")).toMatch(/^--links: a file is needed/);
    expect(lines()).toBe(before);
  });

  // Files are written beside themselves first: there, a device that is always full.
  const fill = (path: string) => symlinkSync("/dev/full", `${path}.new`);
  const fresh = (name: string) => {
    const folder = join(place.folder, "..", name);
    mkdirSync(folder);
    return join(folder, "links.yaml");
  };

  it.each(["--links", "--ics"])(
    "issues nothing when the file of %s can't be written",
    async (option) => {
      const path = fresh(`full${option}`);
      const before = lines();
      fill(path);
      const ran = await meet(option, path);
      expect([ran.status, ran.stdout, lines()]).toEqual([3, "", before]);
      expect(ran.stderr).toMatch(/the disk is full: make room, then run it again\n$/);
      expect(existsSync(path)).toBe(false);
    },
  );

  it("issues nothing when a calendar entry's file is a folder", async () => {
    const before = lines();
    const ran = await meet("--ics", place.folder);
    expect([ran.status, ran.stdout, lines()]).toEqual([3, "", before]);
    expect(ran.stderr).toMatch(/is a folder where a file must be/);
  });

  it("says how to take the meeting back when links can't be written any more", async () => {
    const path = fresh("fills");
    const write = () => {
      fill(path);
      writeAtomically(path, "links");
    };
    const starts = Math.floor(Date.now() / 1000);
    const meeting = { starts, minutes: 60, moderators: ["Anna Kok"], guests: 1 };
    const into = { file: path, write };
    const failed = await issue(loaded, { ...meeting, into }, anna.identityFile, new Date()).catch(
      (error: Error) => error,
    );
    const [, command] =
      /can't be written \(ENOSPC\): .* its links are lost; .*: polder revoke (.*)$/.exec(
        (failed as Error).message,
      ) ?? [];
    const ran = await polder(
      "revoke",
      ...(command ?? "").split(" "),
      "--identity",
      anna.identityFile,
    );
    expect([ran.status, ran.stdout]).toEqual([0, expect.stringMatching(/^the room is revoked; /)]);
  });
});

describe("polder invite refuses, in one line, and issues nothing", () => {
  const rows: [string, string[], RegExp][] = [
    ["no time", [], /--starts and --minutes are needed/],
    ["no minutes", ["--starts", SOON], /--starts and --minutes are needed/],
    [
      "a meeting longer than the instance's",
      ["--starts", SOON, "--minutes", "241"],
      /--minutes: got 241: meetings.maxMinutes of this instance is 240/,
    ],
    ["one longer than a day", ["--starts", SOON, "--minutes", "1441"], /from 1 to 1440/],
    ["half a minute", ["--starts", SOON, "--minutes", "0.5"], /from 1 to 1440/],
    [
      "a past start",
      ["--starts", inHours(-1), "--minutes", "60"],
      /it is 20.* in Europe.* already/,
    ],
    ["a year ahead", ["--starts", inHours(8800), "--minutes", "60"], /more than 365 days ahead/],
    [
      "another zone",
      ["--starts", SOON, "--minutes", "60", "--zone", "Europe/Amsterdm"],
      /--zone: got "Europe\/Amsterdm", no time zone; did you mean "Europe\/Amsterdam"/,
    ],
    [
      "an e-mail address",
      ["--starts", SOON, "--minutes", "60", "--name", "a@b.example"],
      /is no e-mail address/,
    ],
    [
      "more names than moderators",
      ["--starts", SOON, "--minutes", "60", "--moderators", "1", "--name", "A", "--name", "B"],
      /--name: got 2 names for 1 moderators/,
    ],
    [
      "a folder that isn't there",
      ["--starts", SOON, "--minutes", "60", "--ics", "/no/such/x.ics"],
      /^\/no\/such\/x\.ics: there is no such folder$/m,
    ],
    ["--check with a time", ["--check", "--starts", SOON], /cannot be used with option '--starts/],
  ];
  it.each(rows)("%s", async (_, args, message) => {
    const before = readFileSync(log(), "utf8");
    const ran = await invite(...args);
    expect([ran.status, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toMatch(message);
    expect(ran.stderr).not.toMatch(/^ +at /m);
    expect(readFileSync(log(), "utf8")).toBe(before);
  });

  it.each([
    ["an admin who is no issuer", () => bert.identityFile, /issuer-vault\.key\.age: not sealed to/],
    ["no identity", () => "/no/such.age", /^\/no\/such\.age: no age identity here/],
  ])("%s", async (_, file, message) => {
    const ran = await meet("--identity", file());
    expect([ran.status, ran.stdout, ran.stderr.trim().split("\n").length]).toEqual([2, "", 1]);
    expect(ran.stderr).toMatch(message);
  });

  it("a log that was changed: one line here, a finding for --check", async () => {
    const before = readFileSync(log(), "utf8");
    writeFileSync(log(), before.replace('"guest"', '"moderator"'));
    const ran = await meet();
    const checked = await polder("invite", place.folder, "--check");
    writeFileSync(log(), before);
    expect([ran.status, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toMatch(/issued\.jsonl:\d+:1: isn't signed by the key that counts here/);
    expect(checked.status).toBe(1);
    expect(checked.stdout).toMatch(/issued\.jsonl:\d+:1: isn't signed/);
  });
});

describe("polder revoke", () => {
  const revoked = () => readFileSync(join(buildFolder(NAME), "revoked"), "utf8");
  let link: string;
  beforeAll(async () => {
    link = linksIn((await meet()).stdout)[1] as string;
  });

  it("takes back one link by its id, and says it twice alike", async () => {
    const { jti, exp } = claimsIn(link);
    expect(await revoke(jti)).toMatchObject({
      status: 0,
      stdout: "the token is revoked; no host is there yet: the first converge takes it along\n",
    });
    expect(revoked()).toContain(`token ${jti} ${exp}\n`);
    const lines = readFileSync(log(), "utf8");
    expect((await revoke(jti)).stdout).toMatch(/^the token was revoked before; /);
    expect(readFileSync(log(), "utf8")).toBe(lines);
  });

  it("takes back a meeting by the id of a link", async () => {
    const room = new URL(link).pathname.slice(1);
    const until = (Math.floor(claimsIn(link).exp / 86_400) + 1) * 86_400;
    expect((await revoke(claimsIn(link).jti, "--room")).stdout).toMatch(/^the room is revoked; /);
    expect(revoked()).toContain(`room ${sumOf(room)} ${until}\n`);
  });

  it.each([
    ["its link", (whole: string) => whole],
    ["its link without a token", (whole: string) => whole.replace(/#.*/, "")],
    ["its name", (whole: string) => new URL(whole).pathname.slice(1)],
    [
      "its name read aloud",
      (whole: string) =>
        new URL(whole).pathname
          .slice(1)
          .toUpperCase()
          .replace(/(.{4})/g, "$1 "),
    ],
  ])("knows the same meeting by %s", async (_, written) => {
    expect((await revoke(written(link))).stdout).toMatch(/^the room was revoked before; /);
  });

  it.each([
    ["another id", () => "0".repeat(26), /"0{26}" is no id in .*issued\.jsonl/],
    ["a mistyped room", () => "hello", /"hello" is mistyped/],
    ["a room of nobody's", () => "0".repeat(47), /is no room that this instance issued/],
  ])("%s: one line, and nothing is written", async (_, what, message) => {
    const before = readFileSync(log(), "utf8");
    const ran = await revoke(what());
    expect([ran.status, ran.stdout, ran.stderr.trim().split("\n").length]).toEqual([2, "", 1]);
    expect(ran.stderr).toMatch(message);
    expect(readFileSync(log(), "utf8")).toBe(before);
  });

  it("leaves no lock and no half file", () => {
    for (const file of [`${log()}.new`, join(buildFolder(NAME), "lock")])
      expect(existsSync(file)).toBe(false);
  });
});
