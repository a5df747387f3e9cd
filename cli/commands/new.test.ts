import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readInstance } from "../../modules/planning/instance/index.ts";
import { loadInstance } from "../../modules/workspace/index.ts";
import { type Answers, answerProblem } from "../new/answers.ts";
import { instanceText } from "../new/file.ts";
import { writeInstance } from "./new.ts";
import { polderFrom, processFrom } from "./testing.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-new-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICZZP6QBrHcj+rLvtQmxye1Q67Ks+C8hj2y+EEM1tjmg sam.devries";
const ANSWERS: Answers = {
  name: "proef",
  organisation: "Gemeente Proef",
  domain: "vergaderen.proef.example",
  marking: "none",
  tbb: 4,
  residency: "lab",
  location: "lab-floating",
  size: "cluster",
  chat: "off",
  meetings: [{ kind: "teamoverleg", simultaneous: 2, participants: 8, cameras: "all" }],
  adminName: "Sam de Vries",
  adminUser: "samdevries",
  adminKey: KEY,
  adminNetworks: ["198.51.100.0/28", "2001:db8:1::/48"],
  securityContact: "mailto:security@proef.example",
};

let count = 0;
const empty = (): string => {
  const folder = join(parent, `${++count}`);
  mkdirSync(folder);
  return folder;
};

const FLAGS: Readonly<Record<string, string>> = {
  "--organisation": "Gemeente Proef",
  "--domain": "vergaderen.proef.example",
  "--marking": "none",
  "--tbb": "4",
  "--location": "lab-direct",
  "--chat": "on",
  "--meeting": "teamoverleg,2,8,all",
  "--admin-name": "Sam de Vries",
  "--admin-user": "samdevries",
  "--admin-key": KEY,
  "--admin-network": "198.51.100.0/28",
  "--security-contact": "mailto:security@proef.example",
};
const wordsOf = (dir: string, name: string, change: Record<string, string | undefined> = {}) => {
  const flags = Object.entries({ ...FLAGS, ...change }).flatMap(([flag, value]) =>
    value === undefined ? [] : [flag, value],
  );
  return ["new", name, "--yes", "--dir", dir, ...flags];
};
const polder = (dir: string, name: string, change?: Record<string, string | undefined>) =>
  polderFrom(dir)(...wordsOf(dir, name, change));

describe("the file", () => {
  const read = (text: string, folder = "proef") =>
    readInstance(text, { file: "f", folder, waivable: [] });

  it("holds the answers, and leaves every default to the schema", () => {
    const instance = read(instanceText(ANSWERS, "openstack"));
    expect(instance).toMatchObject({
      name: "proef",
      chat: "off",
      classification: { marking: "none", tbb: 4 },
      adminNetworks: ANSWERS.adminNetworks,
      meetings: { guests: true },
      retention: { securityDays: 183 },
    });
    expect(instance.demand.meetings).toHaveLength(1);
  });

  it("says of each field what it is, and shows defaults that hold when they are switched on", () => {
    const text = instanceText(ANSWERS, "openstack");
    expect(text).toContain("# The only networks that management is possible from\nadminNetworks:");
    // Nobody can be named by default; a plan fails until somebody is.
    expect(text).toContain("\n# logKeepers:\n");
    const on = text
      .replace(/^# (meetings|retention|network):$/gm, "$1:")
      .replace(/^# {3}(\w+: )/gm, "  $1")
      .replace(
        /^( +)# (screenShare|layout|lastN|microphones|growth|behindFirewalls|codecs): /gm,
        "$1$2: ",
      );
    expect(on).toContain("\n  guests: true\n");
    expect(on).toContain("\n      lastN: 25\n");
    expect(read(on)).toEqual(read(text));
    expect(text.split("\n").filter((line) => line.length > 100 && !line.includes("ssh-"))).toEqual(
      [],
    );
  });

  it("holds whatever text the schema takes, also what YAML has other plans with", () => {
    const words = fc.oneof(
      fc.constantFrom(
        "yes",
        "null",
        "~",
        "1e3",
        "2027-01-31",
        "a: b",
        "a #b",
        "- a",
        "*a",
        "&a",
        "!a",
        "'",
        '"',
        "@a",
        "%",
        "{",
        "[",
        "|",
        "é",
        "0x1f",
        "`",
      ),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
    );
    fc.assert(
      fc.property(words, words, words, (organisation, kind, adminName) => {
        const texts = [organisation, kind, adminName].map((t) => t.trim());
        fc.pre(texts.every((t) => answerProblem("kind", t) === undefined));
        const [org = "", first = "", person = ""] = texts;
        const meetings = [
          { kind: first, simultaneous: 1, participants: 2, cameras: "none" as const },
        ];
        const instance = read(
          instanceText({ ...ANSWERS, organisation: org, meetings, adminName: person }, "openstack"),
        );
        expect([
          instance.organisation,
          instance.demand.meetings[0]?.kind,
          instance.admins[0]?.name,
        ]).toEqual(texts);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the folder", () => {
  it("appears whole, passes, and nothing else is left", () => {
    const dir = empty();
    const file = writeInstance(ANSWERS, dir);
    expect(readdirSync(dir)).toEqual(["proef"]);
    expect(readdirSync(join(dir, "proef"))).toEqual(["instance.yaml"]);
    expect(file).toBe(join(dir, "proef", "instance.yaml"));
    expect(loadInstance(join(dir, "proef")).blueprint.instance).toBe("proef");
  });

  it("doesn't appear when the answers make no instance together", () => {
    const dir = empty();
    const meetings = [{ kind: "zaal", simultaneous: 1, participants: 800, cameras: 2 as const }];
    expect(() => writeInstance({ ...ANSWERS, meetings }, dir)).toThrow(
      "polder new: demand.meetings[0].participants: got 800 in one room, at most 700 are planned",
    );
    expect(() => writeInstance({ ...ANSWERS, residency: "nl-located" }, dir)).toThrow(
      "refused for nl-located",
    );
    expect(readdirSync(dir)).toEqual([]);
  });

  it("is never written over", () => {
    const dir = empty();
    mkdirSync(join(dir, "proef"));
    writeFileSync(join(dir, "proef", "note.txt"), "mine");
    expect(() => writeInstance(ANSWERS, dir)).toThrow("exists already");
    expect(readdirSync(dir)).toEqual(["proef"]);
    expect(readFileSync(join(dir, "proef", "note.txt"), "utf8")).toBe("mine");
  });
});

describe("polder new --yes", () => {
  it("writes what the flags say and tells what to do next", () => {
    const dir = empty();
    expect(processFrom(dir)(...wordsOf(dir, "proef"))).toEqual({
      status: 0,
      stdout: "next: polder show ./proef\n",
      stderr: "wrote proef/instance.yaml\n",
    });
    expect(loadInstance(join(dir, "proef")).instance).toMatchObject({
      residency: "lab",
      location: "lab-direct",
      size: "cluster",
      chat: "on",
    });
  });

  it("plans two hosts for who asks for them", async () => {
    const dir = empty();
    expect((await polder(dir, "proef", { "--size": "single" })).status).toBe(0);
    expect(loadInstance(join(dir, "proef")).blueprint.hosts).toHaveLength(2);
  });

  it("takes the key from a .pub file", async () => {
    const dir = empty();
    writeFileSync(join(dir, "sam.pub"), `${KEY}\n`);
    expect((await polder(dir, "proef", { "--admin-key": "sam.pub" })).status).toBe(0);
    expect(loadInstance(join(dir, "proef")).instance.admins[0]?.key).toBe(KEY);
  });

  it.each<[string, Record<string, string | undefined>, string[]]>([
    [
      "missing answers, all of them",
      { "--chat": undefined, "--admin-key": undefined, "--meeting": undefined },
      [
        "polder new: missing, as nothing is asked: --chat off|on, --meeting kind,simultaneous,participants,cameras, --admin-key",
      ],
    ],
    [
      "wrong answers, all of them",
      {
        "--domain": "localhost",
        "--tbb": "9",
        "--size": "singel",
        "--admin-network": "0.0.0.0/0",
        "--meeting": "overleg,0,8,all",
        "--location": "lab-drect",
      },
      [
        '--domain: got "localhost", a domain name is allowed: at least two labels, each 1 to 63 of a-z, 0-9 and -, like vergaderen.voorbeeld.nl',
        "--tbb: got 9, allowed: 1, 2, 3, 4",
        '--size: got "singel", allowed: cluster, single; did you mean "single"?',
        '--admin-network: "0.0.0.0/0" is the whole internet, which is never an admin network',
        "--meeting: simultaneous: got 0, at least 1 is allowed",
        '--location: got "lab-drect", did you mean "lab-direct"?',
      ],
    ],
    [
      "a state secret",
      { "--marking": "Stg. Geheim" },
      [
        '--marking: got "Stg. Geheim": state secrets are refused: only products that the NBV has approved may carry them (VIRBI 2025, BIO2 8.21.04), and this toolkit isn\'t approved; allowed: none, Dep.V',
      ],
    ],
    [
      "a profile that the location doesn't meet",
      { "--residency": "nl-sovereign" },
      [
        "polder new: admins: weaker than the default: profile nl-sovereign asks that every admin key lives in hardware (a type that starts with sk-). Allowed only with a waiver (waives: admins.hardwareKey, reason, owner, expires)",
      ],
    ],
  ])("refuses %s", async (_, change, lines) => {
    const dir = empty();
    const { status, stdout, stderr } = await polder(dir, "proef", change);
    expect(stderr.trimEnd().split("\n")).toEqual(lines);
    expect(stdout).toBe("");
    expect(status).toBe(2);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("refuses a name that is taken, before anything else", async () => {
    const dir = empty();
    mkdirSync(join(dir, "proef"));
    const { status, stderr } = await polder(dir, "proef", { "--chat": undefined });
    expect(stderr).toBe("proef: exists already: take another name, or edit what is there\n");
    expect(status).toBe(2);
  });

  it("refuses a parent folder that isn't there", async () => {
    const { status, stderr } = await polder(empty(), "proef", { "--dir": "/nowhere" });
    expect(stderr).toBe("/nowhere: no such folder: make it first, or give --dir another\n");
    expect(status).toBe(2);
  });
});
