import { ApiError, invalid } from "../error.ts";
import type { StoredObject } from "../project.ts";
import { checkedLabels } from "../query.ts";
import {
  type Body,
  type Call,
  common,
  listed,
  made,
  ok,
  type Route,
  shownCommon,
} from "../route.ts";

/** What the API assigns, as the provider's own tests expect them. Nothing here asks them. */
const SERVERS = ["hydrogen.ns.hetzner.com.", "oxygen.ns.hetzner.com.", "helium.ns.hetzner.de."];
/** Of the SOA record, behind the first name server. */
const SOA = "dns.hetzner.com. 1 86400 10800 3600000 3600";
const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

interface RecordSet {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  ttl: number | null;
  labels: Record<string, string>;
  protection: { change: boolean };
  records: readonly { readonly value: string; readonly comment?: string }[];
}

const setsOf = (zone: StoredObject): RecordSet[] => zone["rrsets"] as RecordSet[];

const show = (zone: StoredObject) => ({
  ...shownCommon(zone),
  mode: zone["mode"],
  ttl: zone["ttl"],
  status: "ok",
  registrar: "unknown",
  primary_nameservers: zone["primary"],
  record_count: setsOf(zone).length,
  authoritative_nameservers: {
    assigned: SERVERS,
    delegated: [],
    delegation_last_check: null,
    delegation_status: "unregistered",
  },
});

const showSet = (zone: StoredObject, set: RecordSet) => ({ ...set, zone: zone.id });

/** What a value must look like, by type, as far as the API is strict about it. */
const FORM: Readonly<Record<string, RegExp>> = {
  A: /^\d{1,3}(\.\d{1,3}){3}$/,
  AAAA: /^[0-9a-f:]+$/,
  CAA: /^\d{1,3} [a-z]+ "[^"]*"$/,
  MX: /^\d{1,5} (\S+\.|\.)$/,
  TXT: /^"[^"]{0,255}"( "[^"]{0,255}")*$/,
  NS: /^\S+\.$/,
  SOA: /^\S+\. \S+\.( \d+){5}$/,
  CNAME: /^\S+$/,
};

function checkedRecords(type: string, records: unknown): RecordSet["records"] {
  const form = FORM[type];
  if (!form) throw invalid("type", `${type}: the stand-in has ${Object.keys(FORM).join(", ")}`);
  const list = (records ?? []) as Body[];
  if (list.length === 0) throw invalid("records", "at least one is needed");
  for (const { value } of list)
    if (typeof value !== "string" || !form.test(value))
      throw invalid("records", `${JSON.stringify(value)} is no value of ${type}`);
  if (new Set(list.map(({ value }) => value)).size !== list.length)
    throw invalid("records", "a value stands there twice");
  return list.map(({ value, comment }) => ({ value, ...(comment && { comment }) }));
}

/** Where a secondary zone is fetched from. Nobody here does. */
function checkedPrimary(list: unknown): readonly object[] {
  const servers = (list ?? []) as Body[];
  if (servers.length === 0) throw invalid("primary_nameservers", "at least one is needed");
  return servers.map(({ address, port, tsig_algorithm, tsig_key }) => ({
    address,
    port: port ?? 53,
    tsig_algorithm: tsig_algorithm ?? null,
    tsig_key: tsig_key ?? null,
  }));
}

/** A zone of the mode that an operation is for. @throws ApiError */
function zoneOf({ project, at: [id = ""] }: Call, mode: "primary" | "secondary"): StoredObject {
  const zone = project.get("zones", id);
  if (zone["mode"] !== mode)
    throw new ApiError("incorrect_zone_mode", `not for a zone of mode ${zone["mode"]}`);
  return zone;
}

/** The zone and the record set that a path names. */
function found(call: Call) {
  const [, name = "", type = ""] = call.at;
  const zone = zoneOf(call, "primary");
  const set = setsOf(zone).find((one) => one.name === name && one.type === type);
  if (!set) throw new ApiError("not_found", `rrset ${name}/${type} not found`);
  return { zone, set };
}

function refuseLocked(set: RecordSet): void {
  if (set.protection.change) throw new ApiError("protected", "the rrset is protected");
}

/** A change of a record set's content. */
const onSet = (name: string, change: (set: RecordSet, body: Body) => void): Route => [
  `POST /zones/:/rrsets/:/:/actions/${name}`,
  (call) => {
    const { zone, set } = found(call);
    if (name !== "change_protection") refuseLocked(set);
    change(set, call.body);
    return made({ action: call.project.act(`${name}_rrset`, ["zone", zone]) });
  },
];

export const zones: readonly Route[] = [
  ...common("zones", "zone", show),
  [
    "POST /zones",
    ({ project, body }) => {
      project.refuseName("zones", body.name);
      if (!DOMAIN.test(body.name)) throw invalid("name", "a domain name is allowed");
      if (body.mode !== "primary" && body.mode !== "secondary")
        throw invalid("mode", "primary or secondary is allowed");
      const own = (type: string, values: readonly string[]): RecordSet => ({
        id: `@/${type}`,
        name: "@",
        type,
        ttl: null,
        labels: {},
        protection: { change: false },
        records: values.map((value) => ({ value })),
      });
      const zone = project.add("zones", {
        name: body.name,
        mode: body.mode,
        ttl: body.ttl ?? 3600,
        primary: body.mode === "secondary" ? checkedPrimary(body.primary_nameservers) : [],
        rrsets: [own("SOA", [`${SERVERS[0]} ${SOA}`]), own("NS", SERVERS)],
        protection: { delete: false },
        labels: checkedLabels(body.labels),
      });
      const action = project.act("create_zone", ["zone", zone]);
      return made({ zone: show(zone), action });
    },
  ],
  [
    "POST /zones/:/actions/change_ttl",
    ({ project, at: [id = ""], body }) => {
      const zone = project.get("zones", id);
      zone["ttl"] = body.ttl;
      return made({ action: project.act("change_zone_ttl", ["zone", zone]) });
    },
  ],
  [
    "POST /zones/:/actions/change_primary_nameservers",
    (call) => {
      const zone = zoneOf(call, "secondary");
      zone["primary"] = checkedPrimary(call.body.primary_nameservers);
      return made({ action: call.project.act("change_zone_primary_nameservers", ["zone", zone]) });
    },
  ],
  [
    "DELETE /zones/:",
    ({ project, at: [id = ""] }) => {
      const zone = project.get("zones", id);
      if (zone.protection["delete"]) throw new ApiError("protected", "zone deletion is protected");
      project.remove("zones", zone);
      return made({ action: project.act("delete_zone", ["zone", zone]) });
    },
  ],
  [
    "GET /zones/:/rrsets",
    (call) => {
      const zone = zoneOf(call, "primary");
      return listed(
        "rrsets",
        setsOf(zone).map((set) => showSet(zone, set)),
      );
    },
  ],
  [
    "POST /zones/:/rrsets",
    (call) => {
      const { project, body } = call;
      const zone = zoneOf(call, "primary");
      const { name, type } = body;
      if (!/^(@|\*|(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)$/.test(name ?? ""))
        throw invalid("name", "@ or a name relative to the zone is allowed");
      if (setsOf(zone).some((one) => one.name === name && one.type === type))
        throw new ApiError("uniqueness_error", `${name}/${type} is there already`);
      const set: RecordSet = {
        id: `${name}/${type}`,
        name,
        type,
        ttl: body.ttl ?? null,
        labels: checkedLabels(body.labels),
        protection: { change: false },
        records: checkedRecords(type, body.records),
      };
      setsOf(zone).push(set);
      const action = project.act("create_rrset", ["zone", zone]);
      return made({ rrset: showSet(zone, set), action });
    },
  ],
  [
    "GET /zones/:/rrsets/:/:",
    (call) => {
      const { zone, set } = found(call);
      return ok({ rrset: showSet(zone, set) });
    },
  ],
  [
    "PUT /zones/:/rrsets/:/:",
    (call) => {
      const { zone, set } = found(call);
      if (call.body.labels !== undefined) set.labels = checkedLabels(call.body.labels);
      return ok({ rrset: showSet(zone, set) });
    },
  ],
  [
    "DELETE /zones/:/rrsets/:/:",
    (call) => {
      const { zone, set } = found(call);
      refuseLocked(set);
      zone["rrsets"] = setsOf(zone).filter((one) => one !== set);
      return made({ action: call.project.act("delete_rrset", ["zone", zone]) });
    },
  ],
  onSet("set_records", (set, body) => {
    set.records = checkedRecords(set.type, body.records);
  }),
  onSet("change_ttl", (set, body) => {
    set.ttl = body.ttl ?? null;
  }),
  onSet("change_protection", (set, body) => {
    set.protection = { change: body.change === true };
  }),
];
