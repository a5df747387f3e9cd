import {
  didYouMean,
  type Path,
  type Problem,
  pathText,
  type YamlFile,
} from "../../common/input/index.ts";
import { type Cidr, overlaps, parseCidr } from "../network/index.ts";
import { publicHostOf } from "./lab-address.ts";
import type { ReadOptions } from "./options.ts";
import { adminNetwork, DEFAULT_IPV4, instanceName, RETENTION } from "./schema.ts";
import { isHardwareKey } from "./ssh-key.ts";

/** A setting that makes an instance weaker than the defaults: allowed only under a waiver. */
interface Weakening {
  readonly id: string;
  readonly path: Path;
  readonly why: string;
  readonly present: (raw: Raw) => boolean;
}

/** The file before validation: anything may be missing or of another type. */
type Raw = {
  readonly name?: unknown;
  readonly residency?: unknown;
  readonly location?: unknown;
  readonly cloud?: unknown;
  readonly credentials?: unknown;
  readonly adminNetworks?: unknown;
  readonly admins?: unknown;
  readonly logKeepers?: unknown;
  readonly network?: { readonly ipv4?: unknown; readonly ipv6?: unknown };
  readonly retention?: { readonly securityDays?: unknown; readonly incidentDays?: unknown };
  readonly packages?: {
    readonly source?: unknown;
    readonly mirror?: unknown;
    readonly folder?: unknown;
  };
  readonly certificates?: {
    readonly source?: unknown;
    readonly acmeDirectory?: unknown;
    readonly acmeKeyId?: unknown;
  };
  readonly alarms?: { readonly webhook?: unknown };
  readonly demand?: { readonly codecs?: unknown; readonly meetings?: unknown };
  readonly waivers?: unknown;
};

/** Addresses in the file that hosts or the toolkit call: an instance of the lab calls nobody's. */
const ADDRESSES = [
  { path: ["packages", "mirror"], schemes: ["https:", "http:"] },
  { path: ["certificates", "acmeDirectory"], schemes: ["https:"] },
  { path: ["alarms", "webhook"], schemes: ["https:", "http:"] },
  { path: ["state", "address"], schemes: ["https:"] },
] as const;

/** What two people of one list never share. */
const OWN = [
  ["admins", "user"],
  ["admins", "key"],
  ["admins", "name"],
  ["admins", "age"],
  ["logKeepers", "name"],
  ["logKeepers", "age"],
] as const;

const SOURCES = ["upstream", "mirror", "folder"] as const;

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const field = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
const below = (value: unknown, least: number): boolean =>
  typeof value === "number" && value >= 1 && value < least;

/** Every setting that a waiver can be for. Anything else in the file can't weaken security. */
export const WEAKENINGS: readonly Weakening[] = [
  {
    id: "retention.securityDays",
    path: ["retention", "securityDays"],
    why: `BIO2 8.18.02 asks for half a year (${RETENTION.securityDays} days)`,
    present: (raw) => below(raw.retention?.securityDays, RETENTION.securityDays),
  },
  {
    id: "retention.incidentDays",
    path: ["retention", "incidentDays"],
    why: `BIO2 5.28.01 asks for three years (${RETENTION.incidentDays} days)`,
    present: (raw) => below(raw.retention?.incidentDays, RETENTION.incidentDays),
  },
  {
    id: "admins.hardwareKey",
    path: ["admins"],
    why: "profile nl-sovereign asks that every admin key lives in hardware (a type that starts with sk-)",
    present: (raw) =>
      raw.residency === "nl-sovereign" &&
      list(raw.admins).some(
        (a) => typeof field(a, "key") === "string" && !isHardwareKey(String(field(a, "key"))),
      ),
  },
];

/**
 * Finds problems that no single field shows: ranges that overlap, people listed twice, weak settings without a
 * waiver. It reads the raw value, so that polder reports them together with the errors of the schema.
 */
export function crossChecks(yaml: YamlFile, options: ReadOptions): Problem[] {
  const { folder, waivable, locations } = options;
  const raw = (typeof yaml.value === "object" && yaml.value !== null ? yaml.value : {}) as Raw;
  const problems: Problem[] = [];
  const report = (path: Path, message: string) =>
    problems.push({ file: yaml.file, at: yaml.at(path), message: `${pathText(path)}: ${message}` });

  if (instanceName.safeParse(raw.name).success && raw.name !== folder) {
    report(
      ["name"],
      `got "${raw.name}", but the folder is called "${folder}": the two are one name`,
    );
  }

  if (typeof raw.location === "string" && locations && !locations.includes(raw.location)) {
    const hint = didYouMean(raw.location, locations);
    report(["location"], `got "${raw.location}", no such location is known; ${hint}`);
  }

  const ranges: { readonly path: Path; readonly range: Cidr }[] = [];
  const addRange = (path: Path, text: unknown) => {
    const range = typeof text === "string" ? parseCidr(text) : undefined;
    if (!range) return;
    const other = ranges.find((r) => overlaps(r.range, range));
    if (other) report(path, `${range.text} overlaps ${pathText(other.path)} (${other.range.text})`);
    ranges.push({ path, range });
  };
  addRange(["network", "ipv4"], raw.network?.ipv4 ?? DEFAULT_IPV4);
  addRange(["network", "ipv6"], raw.network?.ipv6);
  list(raw.adminNetworks).forEach((text, i) => {
    // One that the schema refuses would overlap whatever else there is: one mistake, one line.
    if (adminNetwork.safeParse(text).success) addRange(["adminNetworks", i], text);
  });

  for (const [people, key] of OWN) {
    const seen = new Map<string, number>();
    list(raw[people]).forEach((person, i) => {
      const value = field(person, key);
      if (typeof value !== "string") return;
      const id = key === "key" ? value.trim().split(/\s+/).slice(0, 2).join(" ") : value;
      const first = seen.get(id);
      if (first !== undefined)
        report(
          [people, i, key],
          `the same ${key} as ${people}[${first}]: each person has their own`,
        );
      seen.set(id, first ?? i);
    });
  }

  for (const kind of ["mirror", "folder"] as const) {
    const { source } = raw.packages ?? {};
    if (source === kind && raw.packages?.[kind] === undefined) {
      report(["packages", "source"], `source: ${kind} needs packages.${kind}`);
    }
    const other = SOURCES.find((name) => name === (source ?? "upstream") && name !== kind);
    if (other && raw.packages?.[kind] !== undefined) {
      report(["packages", kind], `only used with source: ${kind}, got source: ${other}`);
    }
  }

  if (raw.credentials !== undefined && raw.cloud === "hetzner")
    report(["credentials"], "only used with cloud: openstack; the token comes in HCLOUD_TOKEN");

  if (raw.network?.ipv6 !== undefined && raw.cloud === "hetzner")
    report(
      ["network", "ipv6"],
      "only used with cloud: openstack; Hetzner's networks have IPv4 alone",
    );

  const certificates = raw.certificates?.source ?? "file";
  if (certificates === "instance-ca" && raw.residency !== "lab") {
    report(
      ["certificates", "source"],
      "got instance-ca, which no browser trusts: allowed in the lab alone, elsewhere file or acme",
    );
  }
  for (const key of ["acmeDirectory", "acmeKeyId"] as const) {
    const given = raw.certificates?.[key] !== undefined;
    if (given && certificates !== "acme")
      report(["certificates", key], "only used with source: acme");
    if (!given && certificates === "acme")
      report(["certificates", "source"], `source: acme needs certificates.${key}`);
  }
  const webhook = raw.alarms?.webhook;
  if (typeof webhook === "string" && webhook.startsWith("http:") && raw.residency !== "lab") {
    report(["alarms", "webhook"], "http:// is allowed in the lab alone: alarms tell what is weak");
  }

  if (raw.residency === "lab") {
    for (const { path, schemes } of ADDRESSES) {
      const text = path.reduce<unknown>(field, raw);
      const host = typeof text === "string" ? publicHostOf(text, schemes) : undefined;
      if (host)
        report(
          path,
          `got ${host}, which leads out of the lab: profile lab allows loopback, private and documentation addresses, and names that end in .example, .test, .invalid or .internal`,
        );
    }
  }

  const codecs = raw.demand?.codecs;
  if (typeof codecs === "object" && codecs !== null && !Array.isArray(codecs)) {
    const sum = Object.values(codecs).reduce<number>(
      (total, part) => total + (typeof part === "number" ? part : 0),
      0,
    );
    if (Math.abs(sum - 1) > 0.001) {
      report(
        ["demand", "codecs"],
        `the shares add up to ${Number(sum.toFixed(3))}, they must add up to 1`,
      );
    }
  }
  list(raw.demand?.meetings).forEach((meeting, i) => {
    const [cameras, people] = [field(meeting, "cameras"), field(meeting, "participants")];
    if (typeof cameras === "number" && typeof people === "number" && cameras > people) {
      report(
        ["demand", "meetings", i, "cameras"],
        `got ${cameras} cameras for ${people} participants`,
      );
    }
  });

  const waived = list(raw.waivers).map((w) => field(w, "waives"));
  const subjects = list(raw.waivers).map((w) => field(w, "subject"));
  const known = [...WEAKENINGS.map((w) => w.id), ...waivable];
  for (const weak of WEAKENINGS) {
    if (weak.present(raw) && !waived.includes(weak.id)) {
      report(
        weak.path,
        `weaker than the default: ${weak.why}. Allowed only with a waiver (waives: ${weak.id}, reason, owner, expires)`,
      );
    }
  }
  waived.forEach((id, i) => {
    if (typeof id !== "string") return;
    const weak = WEAKENINGS.find((w) => w.id === id);
    const path = ["waivers", i, "waives"];
    if (weak && !weak.present(raw))
      report(path, `"${id}" is not weakened here: take this waiver out`);
    if (!known.includes(id)) report(path, `got "${id}", ${didYouMean(id, known)}`);
    if (weak && subjects[i] !== undefined)
      report(["waivers", i, "subject"], `"${id}" is a setting: it has no subjects`);
    const isTwice = waived.some(
      (other, j) =>
        j < i && other === id && (subjects[j] === subjects[i] || subjects[j] === undefined),
    );
    if (isTwice) report(path, `"${id}" is waived twice`);
  });
  return problems;
}
