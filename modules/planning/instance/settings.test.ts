import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { standIns } from "../../../lab/stand-ins/index.ts";
import { addressesFor } from "../../../lab/testing/examples.ts";
import { renderStacks } from "../../../stacks/instance-stacks.ts";
import { providerSchema } from "../../clouds/known-clouds/index.ts";
import { readCloud } from "../../clouds/openstack-api/index.ts";
import { renderAll } from "../../hosts/render/index.ts";
import { evaluate, type PolicyInput } from "../../policy/index.ts";
import { AS_OF } from "../../policy/testing.ts";
import { drawNetwork } from "../../reports/drawing/index.ts";
import { peopleOf } from "../../secrets/vaults/index.ts";
import {
  ADDRESSES_FILE,
  INSTANCE_FILE,
  instanceFolder,
  loadInstance,
  loadPrograms,
} from "../../workspace/index.ts";
import type { Blueprint } from "../blueprint/index.ts";
import { instanceJsonSchema } from "./index.ts";

// Every setting of the instance file has an effect: with another value something else is rendered, planned, found or
// used. What a setting does, its own tests say; here none of them may do nothing.

const ROOT = join(import.meta.dirname, "../../..");

type Document = Record<string, unknown>;

/** Where an effect shows. Each is asked of two instances that differ in one setting. */
const SURFACES = {
  hosts: ({ blueprint }) => renderAll(blueprint, loadPrograms(), standIns),
  machines: ({ blueprint }) =>
    blueprint.hosts.map(({ id, flavour, volumes }) => ({ id, flavour, volumes })),
  plan: ({ input }) => [...input().stacks],
  findings: ({ input }) => evaluate(input(), AS_OF),
  vaults: ({ blueprint }) =>
    (["instance", "issuer"] as const).map((vault) =>
      peopleOf(blueprint, vault).map(({ age }) => age),
    ),
  credentials: ({ blueprint }) => credentialsOf(blueprint),
  drawing: ({ blueprint }) => drawNetwork(blueprint),
  /** What hosts can't be made of yet: the words of the refusal. */
  refused: ({ blueprint }) => {
    try {
      return renderAll(blueprint, loadPrograms(), standIns);
    } catch (error) {
      return String(error);
    }
  },
} satisfies Record<string, (asked: Asked) => unknown>;

/** The entry of a clouds.yaml that the instance takes. */
function credentialsOf({ cloud }: Blueprint): unknown {
  const file = join(folder, "clouds.yaml");
  const entry = (name: string) => ({
    auth: { auth_url: `https://${name}.example/`, username: "x", password: "x", project_name: "x" },
  });
  writeFileSync(file, dump({ clouds: { lab: entry("lab"), another: entry("another") } }));
  return readCloud(file, cloud.credentials).auth.auth_url;
}

/** Settings by path, `admins.0.user`; undefined takes one out. */
type Settings = Readonly<Record<string, unknown>>;

function withSettings(document: Document, settings: Settings): Document {
  const changed = structuredClone(document);
  for (const [path, value] of Object.entries(settings)) {
    const keys = path.split(".");
    let at = changed;
    for (const [i, key] of keys.slice(0, -1).entries()) {
      at[key] ??= /^\d/.test(keys[i + 1] as string) ? [] : {};
      at = at[key] as Document;
    }
    if (value === undefined) delete at[keys.at(-1) as string];
    else at[keys.at(-1) as string] = value;
  }
  return changed;
}

interface Asked {
  readonly blueprint: Blueprint;
  /** With the stacks, which take longest to build. */
  readonly input: () => PolicyInput;
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "settings-"));
  mkdirSync(join(folder, "lab"));
  for (const name of ["een", "twee"])
    writeFileSync(
      join(folder, "lab", `${name}.svg`),
      `<svg xmlns="http://www.w3.org/2000/svg"><title>${name}</title></svg>`,
    );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The example with some settings changed. */
function asked(settings: Settings): Asked {
  const copy = join(folder, "lab");
  const text = readFileSync(join(instanceFolder(ROOT, "lab"), INSTANCE_FILE), "utf8");
  const changed = withSettings(load(text) as Document, settings);
  rmSync(join(copy, ADDRESSES_FILE), { force: true });
  writeFileSync(join(copy, INSTANCE_FILE), dump(changed, { lineWidth: -1 }));
  const addresses = addressesFor(loadInstance(copy).blueprint);
  writeFileSync(join(copy, ADDRESSES_FILE), JSON.stringify(addresses));
  const loaded = loadInstance(copy);
  const { blueprint } = loaded;
  const input = () => {
    const stacks = renderStacks(loaded, { outdir: join(folder, "cdktf.out") });
    const schema = providerSchema("openstack");
    return { blueprint, stacks, expected: stacks, jitsiReleases: [], schema };
  };
  return { blueprint, input };
}

const MEETING = "demand.meetings.0";
const ADMIN = "admins.0";
const AGE = "age18hf5udentjuqcja8l5xe6fdqytxvj9d54zrg7m5lvu8y93fj43eshec7up";
const OTHER_AGE = "age1rea24ja60dqfqh25m7uajrhnls7y8art6kr24su2ueqhadjg0edspcuz5z";
const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINabePBDZCiZVTFT69fD+D0BBDqwZPq1D//SusS02Bwq henk.jansen";
const OTHER_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG3ANahOnV+HRIdH55iSuibURynO76RcTHMT0D/wcn3B pieter.smit";
const HTTP = { "state.backend": "http", "state.address": "https://state.example/" };
const WAIVER = {
  "retention.securityDays": 92,
  "waivers.0.waives": "retention.securityDays",
  "waivers.0.reason": "one",
  "waivers.0.owner": "One",
  "waivers.0.expires": "2027-01-31",
};

/** Setting, where it shows, its two values, and what else both files say. */
const ROWS: readonly (readonly [string, keyof typeof SURFACES, unknown, unknown, Settings?])[] = [
  ["organisation", "drawing", "Een", "Twee"],
  ["size", "machines", "cluster", "single"],
  ["domain", "hosts", "een.example", "twee.example"],
  ["branding.logo", "hosts", "een.svg", "twee.svg"],
  ["branding.colour", "hosts", "#154273", "#0b6e4f"],
  ["branding.imprint", "hosts", "https://een.example/", "https://twee.example/"],
  ["branding.privacy", "hosts", "https://een.example/", "https://twee.example/"],
  ["classification.marking", "findings", "none", "Dep.V"],
  ["classification.tbb", "findings", 4, 3],
  ["location", "plan", "lab-floating", "lab-direct"],
  ["credentials", "credentials", "lab", "another"],
  ["chat", "hosts", "off", "on"],
  [`${MEETING}.simultaneous`, "machines", 2, 60],
  [`${MEETING}.participants`, "machines", 4, 60],
  [`${MEETING}.cameras`, "machines", "all", "none", { [`${MEETING}.participants`]: 60 }],
  [`${MEETING}.screenShare`, "machines", true, false, { [`${MEETING}.simultaneous`]: 60 }],
  [
    `${MEETING}.resolution`,
    "machines",
    720,
    1080,
    { [`${MEETING}.simultaneous`]: 60, [`${MEETING}.screenShare`]: false },
  ],
  [`${MEETING}.layout`, "machines", "stage", "tile", { [`${MEETING}.simultaneous`]: 60 }],
  [
    `${MEETING}.lastN`,
    "machines",
    25,
    2,
    { [`${MEETING}.participants`]: 60, [`${MEETING}.layout`]: "tile" },
  ],
  [
    `${MEETING}.microphones`,
    "machines",
    2,
    25,
    {
      [`${MEETING}.cameras`]: "none",
      [`${MEETING}.participants`]: 60,
      [`${MEETING}.simultaneous`]: 20,
    },
  ],
  ["demand.growth", "machines", 0, 1, { [`${MEETING}.simultaneous`]: 60 }],
  ["demand.behindFirewalls", "machines", 0, 1, { [`${MEETING}.simultaneous`]: 60 }],
  ["demand.codecs", "machines", { VP8: 1 }, { AV1: 1 }, { [`${MEETING}.simultaneous`]: 60 }],
  ["meetings.guests", "hosts", true, false],
  ["meetings.maxMinutes", "hosts", 240, 60],
  ["meetings.guestWaitMinutes", "hosts", 30, 5],
  [`${ADMIN}.name`, "hosts", "Anna Een", "Bert Twee"],
  [`${ADMIN}.user`, "hosts", "annaeen", "berttwee"],
  [`${ADMIN}.key`, "hosts", KEY, OTHER_KEY],
  [`${ADMIN}.age`, "vaults", undefined, AGE],
  [`${ADMIN}.issuer`, "vaults", false, true, { [`${ADMIN}.age`]: AGE }],
  ["breakGlass", "vaults", undefined, AGE],
  ["logKeepers.0.name", "hosts", "Anna Een", "Bert Twee"],
  ["logKeepers.0.age", "hosts", AGE, OTHER_AGE],
  ["adminNetworks.0", "plan", "198.18.64.0/30", "198.18.64.0/28"],
  [
    "packages",
    "hosts",
    { source: "mirror", mirror: "http://198.18.64.1:1/" },
    { source: "upstream" },
  ],
  ["packages.mirror", "hosts", "http://198.18.64.1:1/", "http://198.18.64.1:2/"],
  ["securityContact", "hosts", "mailto:een@a.example", "mailto:twee@a.example"],
  ["certificates.source", "hosts", "instance-ca", "file"],
  ["alarms.webhook", "hosts", "http://198.18.64.1:1/", "http://198.18.64.1:2/"],
  ["certificateAuthorities", "plan", ["een.example"], ["twee.example"]],
  ["retention.operationsDays", "hosts", 14, 7],
  ["retention.securityDays", "hosts", 183, 366],
  ["retention.incidentDays", "hosts", 1096, 2000],
  ["retention.logVolumeGiB", "plan", 200, 300],
  ["network.ipv4", "plan", "10.80.0.0/20", "172.20.0.0/20"],
  ["network.ipv6", "plan", "fd20:172:20::/48", "fd20:172:21::/48"],
  ["state", "plan", { backend: "local" }, { backend: "http", address: "https://state.example/" }],
  ["state.address", "plan", "https://een.example/", "https://twee.example/", HTTP],
  ["state.lockMethod", "plan", "LOCK", "POST", HTTP],
  ["state.unlockMethod", "plan", "UNLOCK", "DELETE", HTTP],
  [
    "waivers.0.waives",
    "findings",
    "security-logs-take-two",
    "no-unnoticed-interruption",
    { ...WAIVER, "retention.securityDays": undefined },
  ],
  [
    "waivers.0.subject",
    "findings",
    "security logs",
    "other logs",
    {
      ...WAIVER,
      "retention.securityDays": undefined,
      "waivers.0.waives": "security-logs-take-two",
    },
  ],
  ["waivers.0.reason", "findings", "one", "two", WAIVER],
  ["waivers.0.owner", "findings", "One", "Two", WAIVER],
  ["waivers.0.expires", "findings", "2027-01-31", "2027-02-28", WAIVER],
];

/** Settings whose effect can't be shown by changing them alone. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  name: "is the folder's name, which everything that an instance has is called by (workspace.test.ts)",
  cloud: "comes with another location (two-clouds.test.ts)",
  "branding.background":
    "is Jitsi's client's, which needs pinned packages (hosts/nginx/nginx.test.ts)",
  "certificates.acmeDirectory": "is asked by polder keys renew (lab/acme.soak.test.ts)",
  "certificates.acmeKeyId": "is asked by polder keys renew (lab/acme.soak.test.ts)",
  residency:
    "refuses locations, and names the rules that are judged (cli/commands/residency.test.ts)",
  "packages.source": "comes with a mirror: packages is among the rows",
  "packages.folder":
    "is where converge reads, and in no host's file (workspace.test.ts, lab/packages.debian.test.ts)",
  "packages.jitsi.archive": "is asked by polder packages (lab/jitsi-archive.debian.test.ts)",
  "packages.jitsi.suite": "is asked by polder packages (lab/jitsi-archive.debian.test.ts)",
  "packages.jitsi.key": "is asked by polder packages (lab/jitsi-archive.debian.test.ts)",
  "packages.jitsi.fingerprint": "is asked by polder packages (lab/jitsi-archive.debian.test.ts)",
  "state.backend": "comes with an address: state is among the rows",
  "demand.meetings[].kind": "is what tables call a kind of meeting (cli/commands/size.test.ts)",
};

/** Each leaf of a JSON Schema: `admins[].key`. */
function* leaves(node: Document, path = ""): Generator<string> {
  const either = (node["anyOf"] ?? node["oneOf"]) as Document[] | undefined;
  const properties = node["properties"] as Record<string, Document> | undefined;
  const items = node["items"] as Document | undefined;
  if (either?.some((one) => one["properties"])) for (const one of either) yield* leaves(one, path);
  else if (properties)
    for (const [key, one] of Object.entries(properties))
      yield* leaves(one, path === "" ? key : `${path}.${key}`);
  else if (items?.["properties"]) yield* leaves(items, `${path}[]`);
  else yield path;
}

const named = (path: string): string => path.replace(/\.\d+$/, "").replace(/\.\d+\./g, "[].");

it("each setting of the schema is below, or has a reason for not being there", () => {
  const all = new Set(leaves(instanceJsonSchema() as Document));
  const here = [...ROWS.map(([path]) => named(path)), ...Object.keys(ELSEWHERE)];
  expect([...all].filter((path) => !here.includes(path))).toEqual([]);
  expect(Object.keys(ELSEWHERE).filter((path) => !all.has(path))).toEqual([]);
});

describe("another value shows", () => {
  it.each(
    ROWS.map(([path, surface, one, other, beside = {}]) => ({ path, surface, one, other, beside })),
  )("$path in the $surface", ({ path, surface, one, other, beside }) => {
    const shown = [one, other].map((value) =>
      SURFACES[surface](asked({ ...beside, [path]: value })),
    );
    expect(shown[1]).not.toEqual(shown[0]);
  });
});
