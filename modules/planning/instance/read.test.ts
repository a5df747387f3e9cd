import { describe, expect, it } from "vitest";
import { BadInput } from "../../common/input/index.ts";
import { type Instance, readInstance } from "./index.ts";

const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICZZP6QBrHcj+rLvtQmxye1Q67Ks+C8hj2y+EEM1tjmg sam.devries";
const OTHER =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDy9EfRFHEBAjWLXiguh/SCm+a+CXs9NyXW9OgB79oKf noor.bakker";
const AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const TYPES = "ssh-ed25519, sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com";

/** Every line is the start of a case's edit, so the numbers below are the lines of this text. */
const GOOD = `name: lab
organisation: Ministerie van Voorbeeld
domain: vergaderen.voorbeeld.example
classification: { marking: none, tbb: 4 }
residency: lab
cloud: openstack
location: lab-floating
chat: off
demand:
  meetings:
    - { kind: overleg, simultaneous: 2, participants: 4, cameras: all }
admins:
  - name: Sam de Vries
    user: samdevries
    key: ${KEY}
  - name: Noor Bakker
    user: noorbakker
    key: ${OTHER}
adminNetworks: [192.0.2.0/30]
securityContact: mailto:security@voorbeeld.example
`;

const read = (text: string): Instance =>
  readInstance(text, {
    file: "f.yaml",
    folder: "lab",
    waivable: ["some-rule"],
    locations: ["lab-floating", "lab-direct"],
  });

function refusal(text: string): string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    if (error instanceof BadInput) return error.message.split("\n");
    throw error;
  }
}

/** The good file with `from` replaced; `from` empty: with `to` behind it (line 21 and on). */
function edited(from: string, to: string): string {
  if (from === "") return GOOD + to;
  expect(GOOD).toContain(from);
  return GOOD.replace(from, to);
}

const WAIVER = "waives: retention.securityDays, reason: r, owner: o";

describe("a good file", () => {
  it("is read, with every default filled in and the safe choice as the default", () => {
    const instance = read(GOOD);
    expect(instance.meetings).toEqual({
      guests: true,
      maxMinutes: 240,
      guestWaitMinutes: 30,
    });
    expect(instance.retention).toEqual({
      operationsDays: 14,
      securityDays: 183,
      incidentDays: 1096,
    });
    expect(instance.certificateAuthorities).toEqual([]);
    expect(instance.state).toEqual({ backend: "local" });
    expect(instance.packages).toEqual({ source: "upstream" });
    expect(instance.chat).toBe("off");
  });

  it.each<[string, string]>([
    [
      "a waiver for a weaker setting",
      `retention: { securityDays: 92 }\nwaivers: [{ ${WAIVER}, expires: 2027-01-31 }]\n`,
    ],
    [
      "a waiver for a rule",
      "waivers: [{ waives: some-rule, reason: r, owner: o, expires: 2027-01-31 }]\n",
    ],
    ["a leap day", "waivers: [{ waives: some-rule, reason: r, owner: o, expires: 2028-02-29 }]\n"],
    ["a state server", 'state: { backend: http, address: "https://state.example/" }\n'],
    ["packages in a folder", "packages: { source: folder, folder: packages }\n"],
    ["stricter terms", "retention: { securityDays: 366, operationsDays: 1 }\n"],
    ["shares that add up", "# demand is above\n"],
  ])("may have %s", (_, more) => {
    expect(refusal(GOOD + more)).toEqual([]);
  });
});

describe("what a file must have", () => {
  it("is told all at once", () => {
    expect(refusal("name: lab\n")).toEqual([
      "f.yaml:1:1: organisation: missing, a text is required",
      "f.yaml:1:1: domain: missing, a text is required",
      "f.yaml:1:1: classification: missing, a block of keys is required",
      "f.yaml:1:1: residency: missing, required: one of nl-sovereign, nl-located, eea, lab",
      "f.yaml:1:1: cloud: missing, required: one of openstack, hetzner",
      "f.yaml:1:1: location: missing, a text is required",
      "f.yaml:1:1: chat: missing, required: one of off, on",
      "f.yaml:1:1: demand: missing, a block of keys is required",
      "f.yaml:1:1: admins: missing, a list is required",
      "f.yaml:1:1: adminNetworks: missing, a list is required",
      "f.yaml:1:1: securityContact: missing, a text is required",
    ]);
  });
});

const NAME =
  "a name DNS can hold is allowed: 1 to 20 of a-z, 0-9 and single -, starting with a letter, not ending in -addresses";
const DOMAIN =
  "a domain name is allowed: at least two labels, each 1 to 63 of a-z, 0-9 and -, like vergaderen.voorbeeld.nl";
const RANGE =
  "a range like 198.51.100.0/24 or 2001:db8:1::/48 is allowed (no bits set behind the prefix)";
const network = (text: string, ...lines: string[]): [string, string, string[]] => [
  "[192.0.2.0/30]",
  `["${text}"]`,
  lines.map((line) => `f.yaml:19:17: adminNetworks[0]: ${line}`),
];
const nowhere = (text: string, inside: string): [string, string, string[]] =>
  network(
    text,
    `"${text}" is in ${inside}, from which no admin can come: give the network's own range`,
  );
const key = (text: string, line: string): [string, string, string[]] => [
  KEY,
  text,
  [`f.yaml:15:10: admins[0].key: ${line}`],
];

describe("what is refused, and where", () => {
  it.each<[from: string, to: string, lines: string[]]>([
    // Names
    [
      "name: lab",
      "name: lap",
      ['f.yaml:1:7: name: got "lap", but the folder is called "lab": the two are one name'],
    ],
    ["name: lab", "name: Lab", [`f.yaml:1:7: name: got "Lab", ${NAME}`]],
    ["name: lab", "name: lab_1", [`f.yaml:1:7: name: got "lab_1", ${NAME}`]],
    ["name: lab", "name: 9lab", [`f.yaml:1:7: name: got "9lab", ${NAME}`]],
    ["name: lab", "name: lab-", [`f.yaml:1:7: name: got "lab-", ${NAME}`]],
    ["name: lab", "name: l--b", [`f.yaml:1:7: name: got "l--b", ${NAME}`]],
    [
      "name: lab",
      `name: ${"a".repeat(21)}`,
      [`f.yaml:1:7: name: got "${"a".repeat(21)}", ${NAME}`],
    ],
    ["name: lab", "name: lab-addresses", [`f.yaml:1:7: name: got "lab-addresses", ${NAME}`]],
    ["name: lab", "name: 42", ["f.yaml:1:7: name: got 42, a text is allowed"]],
    ["name: lab", "name:", ["f.yaml:1:1: name: got nothing, a text is allowed"]],
    [
      "domain: vergaderen.voorbeeld.example",
      "domain: localhost",
      [`f.yaml:3:9: domain: got "localhost", ${DOMAIN}`],
    ],
    [
      "domain: vergaderen.voorbeeld.example",
      "domain: a_b.nl",
      [`f.yaml:3:9: domain: got "a_b.nl", ${DOMAIN}`],
    ],
    [
      "domain: vergaderen.voorbeeld.example",
      "domain: 1.2.3.4",
      [`f.yaml:3:9: domain: got "1.2.3.4", ${DOMAIN}`],
    ],
    [
      "domain: vergaderen.voorbeeld.example",
      "domain: Voorbeeld.nl",
      [`f.yaml:3:9: domain: got "Voorbeeld.nl", ${DOMAIN}`],
    ],
    [
      "Ministerie van Voorbeeld",
      '"a\\nb"',
      ['f.yaml:2:15: organisation: got "a\\nb", one line of 1 to 80 characters is allowed'],
    ],
    [
      "Ministerie van Voorbeeld",
      '"a\\u202Eb"',
      ['f.yaml:2:15: organisation: got "a\\u202eb", one line of 1 to 80 characters is allowed'],
    ],
    // Classification
    [
      "marking: none",
      "marking: Stg. Geheim",
      [
        'f.yaml:4:28: classification.marking: got "Stg. Geheim": state secrets are refused: only products that the NBV has approved may carry them (VIRBI 2025, BIO2 8.21.04), and this toolkit isn\'t approved; allowed: none, Dep.V',
      ],
    ],
    [
      "marking: none",
      "marking: dep.v",
      [
        'f.yaml:4:28: classification.marking: got "dep.v", allowed: none, Dep.V; did you mean "Dep.V"?',
      ],
    ],
    ["tbb: 4", "tbb: 5", ["f.yaml:4:39: classification.tbb: got 5, allowed: 1, 2, 3, 4"]],
    [
      "tbb: 4",
      'tbb: "4"',
      ['f.yaml:4:39: classification.tbb: got "4", write it without quotes; allowed: 1, 2, 3, 4'],
    ],
    // Choices
    [
      "residency: lab",
      "residency: nl-soverign",
      [
        'f.yaml:5:12: residency: got "nl-soverign", allowed: nl-sovereign, nl-located, eea, lab; did you mean "nl-sovereign"?',
      ],
    ],
    [
      "location: lab-floating",
      "location: lab-floting",
      [
        'f.yaml:7:11: location: got "lab-floting", no such location is known; did you mean "lab-floating"?',
      ],
    ],
    [
      "location: lab-floating",
      "location: amsterdam",
      [
        'f.yaml:7:11: location: got "amsterdam", no such location is known; allowed: lab-floating, lab-direct',
      ],
    ],
    ["chat: off\n", "", ["f.yaml:1:1: chat: missing, required: one of off, on"]],
    ["chat: off", "chat: true", ["f.yaml:8:7: chat: got true, allowed: off, on"]],
    ["chat: off", "chat: no", ['f.yaml:8:7: chat: got "no", allowed: off, on']],
    [
      "cloud: openstack",
      "cluod: openstack",
      ['f.yaml:6:1: unknown key "cluod"; did you mean "cloud"?'],
    ],
    // Demand
    [
      "simultaneous: 2",
      "simultaneous: 0",
      ["f.yaml:11:38: demand.meetings[0].simultaneous: got 0, at least 1 is allowed"],
    ],
    [
      "simultaneous: 2",
      "simultaneous: -3",
      ["f.yaml:11:38: demand.meetings[0].simultaneous: got -3, at least 1 is allowed"],
    ],
    [
      "simultaneous: 2",
      "simultaneous: .nan",
      ["f.yaml:11:38: demand.meetings[0].simultaneous: got .nan, a number is allowed"],
    ],
    [
      "simultaneous: 2",
      "simultaneous: .inf",
      ["f.yaml:11:38: demand.meetings[0].simultaneous: got .inf, a number is allowed"],
    ],
    [
      "simultaneous: 2",
      "simultaneous: 1e9",
      ["f.yaml:11:38: demand.meetings[0].simultaneous: got 1000000000, at most 10000 is allowed"],
    ],
    [
      "participants: 4",
      "participants: 1",
      ["f.yaml:11:55: demand.meetings[0].participants: got 1, at least 2 is allowed"],
    ],
    [
      "participants: 4",
      "participants: 4.5",
      ["f.yaml:11:55: demand.meetings[0].participants: got 4.5, a whole number is allowed"],
    ],
    [
      "cameras: all",
      "cameras: some",
      [
        'f.yaml:11:67: demand.meetings[0].cameras: got "some", allowed: all, none, or a whole number of people',
      ],
    ],
    [
      "cameras: all",
      "cameras: .nan",
      [
        "f.yaml:11:67: demand.meetings[0].cameras: got .nan, allowed: all, none, or a whole number of people",
      ],
    ],
    [
      "cameras: all",
      "cameras: -1",
      ["f.yaml:11:67: demand.meetings[0].cameras: got -1, at least 0 is allowed"],
    ],
    [
      "cameras: all",
      "cameras: 5",
      ["f.yaml:11:67: demand.meetings[0].cameras: got 5 cameras for 4 participants"],
    ],
    [
      ", cameras: all",
      "",
      [
        "f.yaml:11:7: demand.meetings[0].cameras: missing, allowed: all, none, or a whole number of people",
      ],
    ],
    [
      "cameras: all",
      "camera: all",
      ['f.yaml:11:58: unknown key "camera"; did you mean "cameras"?'],
    ],
    [
      "demand:\n",
      "demand:\n  growth: 20%\n",
      ['f.yaml:10:11: demand.growth: got "20%", a number is allowed'],
    ],
    [
      "demand:\n",
      "demand:\n  growth: -1\n",
      ["f.yaml:10:11: demand.growth: got -1, at least 0 is allowed"],
    ],
    [
      "demand:\n",
      "demand:\n  codecs: { VP8: 0.5 }\n",
      ["f.yaml:10:11: demand.codecs: the shares add up to 0.5, they must add up to 1"],
    ],
    [
      "demand:\n",
      "demand:\n  codecs: {}\n",
      ["f.yaml:10:11: demand.codecs: the shares add up to 0, they must add up to 1"],
    ],
    [
      "demand:\n",
      "demand:\n  codecs: { vp8: 1 }\n",
      ['f.yaml:10:13: unknown key "vp8"; did you mean "VP8"?'],
    ],
    // Admins
    key(
      "hallo",
      `got "hallo", but an SSH public key has a type and a base64 part; allowed: ${TYPES}`,
    ),
    key(
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      "this is a PRIVATE key: put the .pub line here, and make a new key",
    ),
    key(
      "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 x",
      `key type "ssh-rsa" is refused; allowed: ${TYPES}`,
    ),
    key(KEY.slice(0, 60), "the key's base64 part is cut short or has something behind it"),
    key(`${KEY} ${KEY}`, "two keys on one line: each person has one"),
    key(
      `${KEY.split(" ").slice(0, 2).join(" ")}${KEY.split(" ")[1]}`,
      "the key's base64 part holds more or less than one key: was it pasted twice?",
    ),
    key("ssh-ed25519 !!!", "the key's base64 part is damaged"),
    key(
      KEY.replace("ssh-ed25519", "sk-ssh-ed25519@openssh.com"),
      'the key says "sk-ssh-ed25519@openssh.com" but contains "ssh-ed25519"',
    ),
    [
      KEY,
      `|\n      ${KEY}`,
      [
        `f.yaml:16:1: admins[0].key: a public key is one line without spaces around it; allowed: ${TYPES}`,
      ],
    ],
    [
      OTHER,
      KEY.replace("sam.devries", "noor"),
      ["f.yaml:18:10: admins[1].key: the same key as admins[0]: each person has their own"],
    ],
    [
      "user: noorbakker",
      "user: samdevries",
      ["f.yaml:17:11: admins[1].user: the same user as admins[0]: each person has their own"],
    ],
    [
      "user: noorbakker",
      "user: root",
      [
        'f.yaml:17:11: admins[1].user: got "root", which is an account of the system: a person\'s own login name is allowed',
      ],
    ],
    [
      "user: noorbakker",
      "user: Noor.Bakker",
      [
        'f.yaml:17:11: admins[1].user: got "Noor.Bakker", 2 to 31 of a-z and 0-9 are allowed, a letter first',
      ],
    ],
    // Admin networks
    network("0.0.0.0/0", '"0.0.0.0/0" is the whole internet, which is never an admin network'),
    network("::/0", '"::/0" is the whole internet, which is never an admin network'),
    [
      "[192.0.2.0/30]",
      "[0.0.0.0/1, 128.0.0.0/1]",
      [
        'f.yaml:19:17: adminNetworks[0]: "0.0.0.0/1" is too wide for an admin network, /9 or narrower is allowed',
        'f.yaml:19:28: adminNetworks[1]: "128.0.0.0/1" is too wide for an admin network, /9 or narrower is allowed',
      ],
    ],
    network("2000::/3", '"2000::/3" is too wide for an admin network, /20 or narrower is allowed'),
    network("192.0.2.1/24", `got "192.0.2.1/24", ${RANGE}`),
    network("2001:db8::1/32", `got "2001:db8::1/32", ${RANGE}`),
    network("192.0.2.1", `got "192.0.2.1", ${RANGE}`),
    network("192.0.2.0/33", `got "192.0.2.0/33", ${RANGE}`),
    network("256.0.0.0/24", `got "256.0.0.0/24", ${RANGE}`),
    network("010.0.0.0/24", `got "010.0.0.0/24", ${RANGE}`),
    network("192.0.2.0/255.255.255.0", `got "192.0.2.0/255.255.255.0", ${RANGE}`),
    nowhere("::ffff:0.0.0.0/96", "::/8"),
    nowhere("127.0.0.0/9", "127.0.0.0/8"),
    nowhere("224.0.0.0/9", "224.0.0.0/3"),
    nowhere("fe80::/64", "fe80::/10"),
    [
      "[192.0.2.0/30]",
      "[]",
      ["f.yaml:19:16: adminNetworks: got a list of 0 entries, at least 1 is needed"],
    ],
    [
      "[192.0.2.0/30]",
      "192.0.2.0/30",
      ['f.yaml:19:16: adminNetworks: got "192.0.2.0/30", a list is allowed'],
    ],
    [
      "[192.0.2.0/30]",
      "[192.0.2.0/30, 192.0.2.2/31]",
      ["f.yaml:19:31: adminNetworks[1]: 192.0.2.2/31 overlaps adminNetworks[0] (192.0.2.0/30)"],
    ],
    [
      "[192.0.2.0/30]",
      "[10.80.2.0/24]",
      ["f.yaml:19:17: adminNetworks[0]: 10.80.2.0/24 overlaps network.ipv4 (10.80.0.0/22)"],
    ],
    // The instance's own ranges
    [
      "",
      "network: { ipv4: 8.8.0.0/22 }\n",
      [
        'f.yaml:21:18: network.ipv4: got "8.8.0.0/22", a private IPv4 range (RFC 1918) of /22 or wider is allowed',
      ],
    ],
    [
      "",
      "network: { ipv4: 10.0.0.0/24 }\n",
      [
        'f.yaml:21:18: network.ipv4: got "10.0.0.0/24", a private IPv4 range (RFC 1918) of /22 or wider is allowed',
      ],
    ],
    [
      "",
      'network: { ipv6: "2001:db8::/48" }\n',
      [
        'f.yaml:21:18: network.ipv6: got "2001:db8::/48", a unique local IPv6 range (RFC 4193) of /60 or wider is allowed',
      ],
    ],
    [
      "cloud: openstack",
      'cloud: hetzner\nnetwork: { ipv6: "fd00:82::/48" }',
      [
        "f.yaml:7:18: network.ipv6: only used with cloud: openstack; Hetzner's networks have IPv4 alone",
      ],
    ],
    // Weaker than the default
    [
      "",
      "meetings: { lobby: false }\n",
      ['f.yaml:21:13: unknown key "lobby", allowed here: guests, maxMinutes, guestWaitMinutes'],
    ],
    [
      "",
      "retention: { securityDays: 182 }\n",
      [
        "f.yaml:21:28: retention.securityDays: weaker than the default: BIO2 8.18.02 asks for half a year (183 days). Allowed only with a waiver (waives: retention.securityDays, reason, owner, expires)",
      ],
    ],
    [
      "residency: lab",
      "residency: nl-sovereign",
      [
        "f.yaml:13:3: admins: weaker than the default: profile nl-sovereign asks that every admin key lives in hardware (a type that starts with sk-). Allowed only with a waiver (waives: admins.hardwareKey, reason, owner, expires)",
      ],
    ],
    [
      "",
      "meetings: { guests: no }\n",
      ['f.yaml:21:21: meetings.guests: got "no", true or false is allowed'],
    ],
    // Waivers
    [
      "",
      "waivers: [{ waives: retention.securityDay, reason: r, owner: o, expires: 2027-01-31 }]\n",
      [
        'f.yaml:21:21: waivers[0].waives: got "retention.securityDay", did you mean "retention.securityDays"?',
      ],
    ],
    [
      "",
      `waivers: [{ ${WAIVER}, expires: 2027-01-31 }]\n`,
      [
        'f.yaml:21:21: waivers[0].waives: "retention.securityDays" is not weakened here: take this waiver out',
      ],
    ],
    [
      "",
      `retention: { securityDays: 92 }\nwaivers: [{ ${WAIVER}, expires: 31-01-2027 }]\n`,
      ['f.yaml:22:75: waivers[0].expires: got "31-01-2027", a date like 2027-01-31 is allowed'],
    ],
    [
      "",
      `retention: { securityDays: 92 }\nwaivers: [{ ${WAIVER}, expires: 2027-02-29 }]\n`,
      ['f.yaml:22:75: waivers[0].expires: got "2027-02-29", a date like 2027-01-31 is allowed'],
    ],
    [
      "",
      `retention: { securityDays: 92 }\nwaivers: [{ ${WAIVER} }]\n`,
      ["f.yaml:22:11: waivers[0].expires: missing, a text is required"],
    ],
    [
      "",
      `retention: { securityDays: 92 }\nwaivers:\n  - { ${WAIVER}, expires: 2027-01-31 }\n  - { ${WAIVER}, expires: 2027-02-28 }\n`,
      ['f.yaml:24:15: waivers[1].waives: "retention.securityDays" is waived twice'],
    ],
    // Log keepers
    [
      "",
      `logKeepers:\n  - { name: A B, age: ${AGE} }\n  - { name: C D, age: ${AGE} }\n`,
      ["f.yaml:23:23: logKeepers[1].age: the same age as logKeepers[0]: each person has their own"],
    ],
    [
      "",
      `logKeepers:\n  - { name: A B, age: ${AGE.replace("q", "p")} }\n`,
      [
        `f.yaml:22:23: logKeepers[0].age: "${AGE.replace("q", "p")}" has a letter wrong: its checksum doesn't fit, copy it again`,
      ],
    ],
    // Packages, state, contact
    [
      "",
      "packages: { source: miror }\n",
      [
        'f.yaml:21:21: packages.source: got "miror", allowed: upstream, mirror, folder; did you mean "mirror"?',
      ],
    ],
    [
      "",
      "packages: { source: mirror }\n",
      ["f.yaml:21:21: packages.source: source: mirror needs packages.mirror"],
    ],
    [
      "",
      "packages: { folder: p }\n",
      ["f.yaml:21:21: packages.folder: only used with source: folder, got source: upstream"],
    ],
    [
      "residency: lab",
      "residency: eea\ncertificates: { source: instance-ca }",
      [
        "f.yaml:6:25: certificates.source: got instance-ca, which no browser trusts: allowed in the lab alone, elsewhere file or acme",
      ],
    ],
    [
      "",
      'certificates: { source: acme, acmeKeyId: "kid-1" }\n',
      ["f.yaml:21:25: certificates.source: source: acme needs certificates.acmeDirectory"],
    ],
    [
      "",
      "certificates: { acmeKeyId: kid-1 }\n",
      ["f.yaml:21:28: certificates.acmeKeyId: only used with source: acme"],
    ],
    [
      "residency: lab",
      'residency: eea\nalarms: { webhook: "http://alarm.example/" }',
      [
        "f.yaml:6:20: alarms.webhook: http:// is allowed in the lab alone: alarms tell what is weak",
      ],
    ],
    [
      "",
      'packages: { source: mirror, mirror: "ftp://x" }\n',
      [
        'f.yaml:21:37: packages.mirror: got "ftp://x", an address that starts with https:// or http:// is allowed',
      ],
    ],
    [
      "",
      'packages: { source: mirror, mirror: "https://me:pw@x.nl/" }\n',
      [
        "f.yaml:21:37: packages.mirror: an address without user, password, ? and # is allowed: no secret belongs into this file",
      ],
    ],
    [
      "",
      "state: { backend: s3 }\n",
      ['f.yaml:21:19: state.backend: got "s3", allowed: local, http'],
    ],
    [
      "",
      'state: { backend: http, address: "http://x.nl/" }\n',
      [
        'f.yaml:21:34: state.address: got "http://x.nl/", an address that starts with https:// is allowed',
      ],
    ],
    ["", "state: { backend: http }\n", ["f.yaml:21:8: state.address: missing, a text is required"]],
    [
      "mailto:security@voorbeeld.example",
      "security@voorbeeld.example",
      [
        'f.yaml:20:18: securityContact: got "security@voorbeeld.example", mailto:someone@example.nl or an https:// address is allowed',
      ],
    ],
  ])("%j -> %j", (from, to, lines) => {
    expect(refusal(edited(from, to))).toEqual(lines);
  });

  it("tells several mistakes at once, in the order of the file", () => {
    const text = GOOD.replace("tbb: 4", "tbb: 9")
      .replace("cloud: openstack", "cluod: openstack")
      .replace("chat: off", "chat: maybe")
      .replace("192.0.2.0/30", "0.0.0.0/0");
    expect(refusal(text)).toEqual([
      "f.yaml:4:39: classification.tbb: got 9, allowed: 1, 2, 3, 4",
      'f.yaml:6:1: unknown key "cluod"; did you mean "cloud"?',
      'f.yaml:8:7: chat: got "maybe", allowed: off, on',
      'f.yaml:19:17: adminNetworks[0]: "0.0.0.0/0" is the whole internet, which is never an admin network',
    ]);
  });
});

describe("an instance of the lab", () => {
  const told = (more: string): string[] => refusal(`${GOOD}${more}`);
  it.each([
    "https://terraform.uitvoeringsdienst.example/state",
    "https://127.0.0.1:8443/state",
    "https://[::1]:8443/state",
    "https://198.18.64.1/state",
    "https://203.0.113.9/state",
    "https://[2001:db8::1]/state",
  ])("calls %s", (address) => {
    expect(told(`state: { backend: http, address: "${address}" }\n`)).toEqual([]);
  });
  it.each([
    "https://terraform.rijksoverheid.nl/state",
    "https://1.1.1.1/state",
    "https://[2606:4700::1]/state",
    "https://notexample/state",
    "https://198.20.0.1/state",
  ])("doesn't call %s", (address) => {
    expect(told(`state: { backend: http, address: "${address}" }\n`)).toEqual([
      expect.stringMatching(
        /^f\.yaml:\d+:\d+: state\.address: got \S+, which leads out of the lab: /,
      ),
    ]);
  });
  it("has no mirror, ACME server or alarm outside either; a real one may", () => {
    const alarms = 'alarms: { webhook: "https://alarm.rijksoverheid.nl/" }\n';
    expect(told(alarms)).toEqual([expect.stringContaining("alarms.webhook: got")]);
    const real = GOOD.replace("residency: lab", "residency: eea");
    expect(refusal(`${real}${alarms}`)).toEqual([]);
  });
});
