import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterAll, describe, expect, it } from "vitest";
import { BadInput } from "../common/input/index.ts";
import { instanceJsonSchema } from "../planning/instance/index.ts";
import { fact, record } from "../planning/residency/testing.ts";
import { instanceFolder, instanceNames, loadInstance, loadLocations } from "./index.ts";

const ROOT = join(import.meta.dirname, "../..");
const parent = mkdtempSync(join(tmpdir(), "polder-workspace-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const LAB = readFileSync(join(ROOT, "instances/lab/instance.yaml"), "utf8");
const at = (text: string) => LAB.slice(0, LAB.indexOf(text)).split("\n").length;

let count = 0;
/** A folder `lab` of its own with these files; gives its path. */
function folder(files: Record<string, string | Buffer>): string {
  const path = join(parent, `${++count}`, "lab");
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** The lines of the refusal, with the folder left out. */
function refusal(load: () => unknown, path: string): string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (error instanceof BadInput) return error.message.replaceAll(`${path}/`, "").split("\n");
    throw error;
  }
}
const loading = (files: Record<string, string | Buffer>): string[] => {
  const path = folder(files);
  return refusal(() => loadInstance(path), path);
};

describe("the examples", () => {
  const names = instanceNames(ROOT);

  it("are at least five", () => {
    expect(names.length).toBeGreaterThanOrEqual(5);
  });

  it.each(names)("%s is read and planned, and says at its top what shape it shows", (name) => {
    const path = instanceFolder(ROOT, name);
    // A copy: what this machine's lab allocated is no part of the example.
    const copy = join(parent, "examples", name);
    mkdirSync(copy, { recursive: true });
    copyFileSync(join(path, "instance.yaml"), join(copy, "instance.yaml"));
    const { blueprint } = loadInstance(copy);
    expect(blueprint.instance).toBe(name);
    expect(blueprint.residency).toMatchObject({
      profile: name.startsWith("eea-") ? "eea" : "lab",
      verdict: "accepted",
    });
    const [schema, ...remarks] = readFileSync(join(path, "instance.yaml"), "utf8").split("\n");
    expect(schema).toBe("# yaml-language-server: $schema=../instance.schema.json");
    const lines = remarks.findIndex((line) => !line.startsWith("#"));
    expect(lines).toBeGreaterThanOrEqual(1);
    expect(lines).toBeLessThanOrEqual(4);
  });

  it.each(["lab", "lab-tweede", "lab-direct"])(
    "%s is small enough to be really deployed",
    (name) => {
      expect(loadInstance(instanceFolder(ROOT, name)).blueprint.hosts.length).toBeLessThanOrEqual(
        7,
      );
    },
  );

  it("share no domain, no key and no person", () => {
    const all = names.map((name) => loadInstance(instanceFolder(ROOT, name)).blueprint);
    const domains = all.map((b) => b.domain);
    // The people of an example's own file; admins.yaml beside it is this machine's.
    const keys = names.flatMap((name) =>
      readFileSync(join(ROOT, "instances", name, "instance.yaml"), "utf8").match(/ AAAA\S+/g),
    );
    expect(new Set(domains).size).toBe(domains.length);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("come with a JSON Schema that is the schema of today", () => {
    const committed = JSON.parse(
      readFileSync(join(ROOT, "instances/instance.schema.json"), "utf8"),
    );
    // `polder schema > instances/instance.schema.json` writes it.
    expect(committed).toEqual(instanceJsonSchema());
  });
});

describe("a folder of packages", () => {
  it("is named as seen from the instance file, and there is none where hosts fetch theirs", () => {
    const mirror = /packages: .*/;
    const loaded = (packages: string) =>
      loadInstance(folder({ "instance.yaml": LAB.replace(mirror, packages) }));
    const from = loaded("packages: { source: folder, folder: ../../polder }");
    expect(from.packagesFolder).toBe(join(from.folder, "../../polder"));
    expect(loaded("packages: { source: folder, folder: /media/usb }").packagesFolder).toBe(
      "/media/usb",
    );
    expect(loaded("packages: { source: upstream }").packagesFolder).toBeUndefined();
  });
});

describe("a folder that can't be used", () => {
  it.each<[string, Record<string, string | Buffer>, string[]]>([
    [
      "another name",
      { "instance.yaml": LAB.replace("name: lab", "name: lap") },
      [
        `instance.yaml:${at("name: lab")}:7: name: got "lap", but the folder is called "lab": the two are one name`,
      ],
    ],
    [
      "an unknown location",
      { "instance.yaml": LAB.replace("location: lab-floating", "location: lab-floting") },
      [
        `instance.yaml:${at("location:")}:11: location: got "lab-floting", no such location is known; did you mean "lab-floating"?`,
      ],
    ],
    [
      "a real profile at the lab",
      {
        "instance.yaml": LAB.replace("residency: lab", "residency: nl-located")
          .replace("source: instance-ca", "source: file")
          .replace("http://198.18.64.1:18000/", "https://198.18.64.1:18000/"),
      },
      [
        `instance.yaml:${at("residency:")}:12: residency: lab-floating is refused for nl-located: test: a real location, not a test one; got test location (test, lab/cloud/README.md); rule residency-accepted, no waiver makes a profile pass: the way out is another location or another profile (\`polder residency\` lists them)`,
      ],
    ],
    [
      "a room of 800",
      { "instance.yaml": LAB.replace("participants: 4", "participants: 800") },
      [
        `instance.yaml:${at("participants:")}:59: demand.meetings[0].participants: got 800 in one room, at most 700 are planned: openfun/jitsi-meet-torture-rocket dab487f, 2022-03-29: one room of 700 on eight bridges; above it meetrix.io saw strain at 750 and lag at 1,000`,
      ],
    ],
    [
      "10 MB",
      { "instance.yaml": Buffer.alloc(10_000_000, "a") },
      ["instance.yaml: 10000000 bytes, at most 262144 are read: this is not a file of ours"],
    ],
    [
      "another encoding",
      { "instance.yaml": Buffer.from("name: caf\xe9\n", "latin1") },
      ["instance.yaml: this is not UTF-8 text: save it as UTF-8"],
    ],
    [
      "an empty addresses file",
      { "instance.yaml": LAB, "addresses.yaml": "" },
      ["addresses.yaml: the file is empty"],
    ],
  ])("%s", (_, files, lines) => {
    expect(loading(files)).toEqual(lines);
  });

  it("has a folder where the file should be", () => {
    const path = folder({});
    mkdirSync(join(path, "instance.yaml"));
    expect(refusal(() => loadInstance(path), path)).toEqual(["instance.yaml: this is no file"]);
  });

  it("isn't there: the nearest name is offered, or all of them", () => {
    const missing = (name: string) => refusal(() => instanceFolder(ROOT, name), ROOT)[0];
    expect(missing("lap")).toMatch(
      /^instances\/lap\/instance\.yaml: no such instance; did you mean "lab"\?; `polder new` makes one$/,
    );
    expect(missing("zuiderzee")).toMatch(
      /no such instance; there are: eea-voorbeeld, gemeente-klein, lab, /,
    );
    expect(missing("./zuiderzee")).toMatch(/no such instance/);
  });
});

describe("admins.yaml", () => {
  const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINabePBDZCiZVTFT69fD+D0BBDqwZPq1D//SusS02Bwq";
  const AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
  const people = (entry: string) => ({
    "instance.yaml": LAB,
    "admins.yaml": `admins:\n  - ${entry}\n`,
  });

  it("adds people to those of the instance file", () => {
    const path = folder(people(`{ name: Anna Kok, user: annakok, key: ${KEY}, issuer: true }`));
    const { admins } = loadInstance(path).blueprint;
    expect(admins.map(({ user, issuer }) => [user, issuer])).toEqual([
      ["samdevries", false],
      ["noorbakker", false],
      ["annakok", true],
    ]);
  });

  it("adds log keepers, too", () => {
    const more = `admins: [{ name: Anna Kok, user: annakok, key: ${KEY} }]\nlogKeepers: [{ name: Lab Two, age: ${AGE} }]\n`;
    const at = (text: string) => ({ "instance.yaml": LAB, "admins.yaml": text });
    const { logKeepers } = loadInstance(folder(at(more))).blueprint;
    expect(logKeepers.map(({ name }) => name)).toEqual(["Mirjam de Graaf", "Lab Two"]);
    expect(loading(at(more.replace("Lab Two", "Mirjam de Graaf")))).toEqual([
      "admins.yaml:2:22: logKeepers[0].name: the same name as Mirjam de Graaf's: each person has their own",
    ]);
  });

  it("holds nobody twice, and is read as strictly", () => {
    expect(loading(people(`{ name: Sam Two, user: samdevries, key: ${KEY} }`))).toEqual([
      "admins.yaml:2:28: admins[0].user: the same user as Sam de Vries's: each person has their own",
    ]);
    expect(loading(people(`{ name: Anna Kok, user: annakok, key: ${KEY}, age: age1x }`))).toEqual([
      'admins.yaml:2:130: admins[0].age: got "age1x", an age recipient is allowed: age1 and 58 letters, as `polder keys person` prints it',
    ]);
  });
});

describe("location.yaml, an operator's own record", () => {
  const REAL = LAB.replace("residency: lab", "residency: nl-sovereign")
    .replace("location: lab-floating", "location: voorbeeld-1")
    .replace("source: instance-ca", "source: file")
    .replace("http://198.18.64.1:18000/", "https://198.18.64.1:18000/")
    .replace(
      /admins:[\s\S]*?# The machine/,
      "admins:\n  - name: Anna Kok\n    user: annakok\n    key: sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIBS86oKldF0YuZBLoDcZh8d7ZuJbXLb0LLmLfVONvVRgAAAABHNzaDo=\n# The machine",
    );
  const own = (residency: object = {}, rest: object = {}) => ({
    "instance.yaml": REAL,
    "location.yaml": dump(record(residency, rest)),
  });

  it("is planned at like polder's own", () => {
    const { blueprint, record: yaml } = loadInstance(folder(own()));
    expect(blueprint.residency).toMatchObject({ verdict: "accepted", location: "voorbeeld-1" });
    expect(blueprint.cloud.apiHosts).toEqual(["cloud.example"]);
    expect(yaml.file).toMatch(/location\.yaml$/);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      "nobody's location",
      { "instance.yaml": REAL },
      /^instance\.yaml:\d+:11: location: got "voorbeeld-1", no such location is known; allowed: cyso-amsterdam, /,
    ],
    [
      "another location's record",
      own({}, { id: "voorbeeld-2" }),
      /no such location is known; did you mean "voorbeeld-2"\?$/,
    ],
    [
      "a record beside an instance that runs elsewhere",
      { ...own(), "instance.yaml": LAB },
      /^location\.yaml:1:5: id: got "voorbeeld-1", but instance\.yaml says location: lab-floating/,
    ],
    [
      "a record that stands in for one of polder's",
      own({}, { id: "odc-noord" }),
      /^location\.yaml:1:5: id: got "odc-noord", which is a record of polder's own/,
    ],
    [
      "a source that is no web address",
      own({ ipv6: { ...fact(true), source: "the brochure" } }),
      /^location\.yaml:\d+:\d+: residency\.ipv6\.source: got "the brochure", a web address is allowed/,
    ],
    [
      "a circle of owners",
      own({ parents: [{ entity: fact("A") }, { entity: fact("B") }, { entity: fact("a") }] }),
      /^location\.yaml:\d+:\d+: residency\.parents\[2\]\.entity\.value: "a" stands above itself/,
    ],
    [
      "a site abroad",
      own({ site: { country: fact("DE") } }),
      /^instance\.yaml:\d+:12: residency: voorbeeld-1 is refused for nl-sovereign: site\.country: the site is in the Netherlands; got DE \(confirmed, https:\/\/cloud\.example\/about\); rule residency-accepted, no waiver/,
    ],
  ])("with %s is refused", (_, files, says) => {
    const [line, ...others] = loading(files);
    expect(others).toEqual([]);
    expect(line).toMatch(says);
  });
});

describe("a logo beside the instance file", () => {
  const named = (name: string): string => `${LAB}branding: { logo: ${name} }\n`;
  const line = named("x").split("\n").length - 1;
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1"/></svg>';

  it("comes into the Blueprint as bytes", () => {
    const path = folder({ "instance.yaml": named("logo.svg"), "logo.svg": svg });
    const { logo } = loadInstance(path).blueprint.branding;
    expect(logo).toEqual({ type: "svg", base64: Buffer.from(svg).toString("base64") });
  });

  it("is refused at its line where it isn't there, or may not be shown", () => {
    const at = `instance.yaml:${line}:19: branding.logo: `;
    expect(loading({ "instance.yaml": named("logo.svg") })).toEqual([
      `${at}got "logo.svg", there is no such file beside this one`,
    ]);
    const script = svg.replace("<path", "<script");
    expect(loading({ "instance.yaml": named("logo.svg"), "logo.svg": script })).toEqual([
      expect.stringContaining(`${at}logo.svg: <script> is not allowed`),
    ]);
    const large = Buffer.alloc(300 * 1024);
    expect(loading({ "instance.yaml": named("a.png"), "a.png": large })).toEqual([
      `${at}a.png: 307200 bytes, at most 65536 are allowed`,
    ]);
  });
});

describe("recorded addresses", () => {
  const HEAD = "instance: lab\ncloud: openstack\nlocation: lab-floating\naddresses:\n";
  const IDS = ["control-1", "bridge-1", "bridge-2", "turn-1", "turn-2", "edge-1"];
  const ALL =
    HEAD + IDS.map((id, i) => `  ${id}: { id: ip-${i}, ipv4: 203.0.113.${10 + i} }\n`).join("");
  const recorded = (text: string) => ({ "instance.yaml": LAB, "addresses.yaml": text });

  it("make the plan whole", () => {
    const { blueprint, notes } = loadInstance(folder(recorded(ALL)));
    expect(blueprint.addresses).toEqual({ state: "allocated" });
    expect(notes).toEqual([]);
  });

  it("of a host that a smaller demand took away are noted, not refused", () => {
    const { blueprint, notes } = loadInstance(
      folder(recorded(`${ALL}  bridge-3: { id: ip-9, ipv4: 203.0.113.9 }\n`)),
    );
    expect(blueprint.addresses).toEqual({ state: "allocated" });
    expect(notes).toEqual([
      "addresses.yaml also holds bridge-3, which this plan has no host for; `polder addresses lab` gives back what isn't needed",
    ]);
  });

  it.each<[string, string, string[]]>([
    [
      "another location",
      ALL.replace("lab-floating", "lab-direct"),
      [
        `instance.yaml:${at("location:")}:11: location: the file says lab on openstack at lab-floating, addresses.yaml was recorded for lab on openstack at lab-direct: a running instance doesn't move; write what it was made for, or \`polder decommission\` it there and plan anew`,
      ],
    ],
    [
      "another instance",
      ALL.replace("instance: lab", "instance: ander"),
      [
        `instance.yaml:${at("location:")}:11: location: the file says lab on openstack at lab-floating, addresses.yaml was recorded for ander on openstack at lab-floating: a running instance doesn't move; write what it was made for, or \`polder decommission\` it there and plan anew`,
      ],
    ],
    [
      "a name that is no host",
      ALL.replace("turn-1", "tunr-1"),
      [
        'addresses.yaml:8:3: addresses.tunr-1: no host of this name has a public address; did you mean "turn-1"?',
      ],
    ],
    [
      "a host that has none",
      ALL.replace("edge-1", "monitor-1"),
      [
        "addresses.yaml:10:3: addresses.monitor-1: no host of this name has a public address; hosts with one: control-1, bridge-1, bridge-2, turn-1, turn-2, edge-1",
      ],
    ],
    [
      "one address twice",
      ALL.replace("203.0.113.11", "203.0.113.10"),
      ["addresses.yaml:6:31: addresses.bridge-1: got 203.0.113.10, which control-1 has already"],
    ],
    [
      "no address",
      ALL.replace("203.0.113.10", "203.0.113"),
      ['addresses.yaml:5:32: addresses.control-1.ipv4: got "203.0.113": Invalid IPv4 address'],
    ],
    [
      "a range",
      ALL.replace("203.0.113.10", "203.0.113.10/32"),
      [
        'addresses.yaml:5:32: addresses.control-1.ipv4: got "203.0.113.10/32": Invalid IPv4 address',
      ],
    ],
    [
      "a missing field",
      ALL.replace("id: ip-0, ", ""),
      ["addresses.yaml:5:14: addresses.control-1.id: missing, a text is required"],
    ],
  ])("for %s are refused", (_, text, lines) => {
    expect(loading(recorded(text))).toEqual(lines);
  });
});

it("finds a location by its file's name, which is its id", () => {
  for (const [name, { id }] of loadLocations()) expect(id).toBe(name);
});
