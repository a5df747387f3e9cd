import { Zone } from "@cdktf/provider-hcloud/lib/zone";
import { ZoneRrset } from "@cdktf/provider-hcloud/lib/zone-rrset";
import { Construct } from "constructs";
import type { BlueprintOn, DnsRecord, HetznerCloud } from "../../planning/blueprint/index.ts";
import { labels } from "../stack/index.ts";

/** Seconds that resolvers keep a record: short enough to move a meeting page in an hour. */
const TTL = 3600;

/** A name without the dot behind it: how Hetzner's API writes names. */
export const withoutDot = (name: string): string => name.replace(/\.$/, "");

/** RFC 8659 4.1.1 has the issuer in quotes or without; this API wants the quotes. */
const writtenValue = ({ type }: DnsRecord, value: string): string =>
  type === "CAA" ? value.replace(/^(\d+ \S+) ([^"].*)$/, '$1 "$2"') : value;

/** The zone of an instance and its records. */
export class Dns extends Construct {
  constructor(scope: Construct, id: string, blueprint: BlueprintOn<HetznerCloud>) {
    super(scope, id);
    const { dns } = blueprint;
    if (dns.zone === null) return;
    const common = { ttl: TTL, labels: labels(blueprint, "dns") };
    const name = withoutDot(dns.zone);
    const zone = new Zone(this, "zone", { ...common, name, mode: "primary" });
    for (const record of dns.records) {
      const apex = record.name === dns.zone;
      const label = record.name.slice(0, -dns.zone.length - 1);
      new ZoneRrset(this, `${apex ? "apex" : label}-${record.type.toLowerCase()}`, {
        ...common,
        zone: zone.name,
        name: apex ? "@" : label,
        type: record.type,
        records: record.values.map((value) => ({
          value: writtenValue(record, value),
          comment: record.why,
        })),
      });
    }
  }
}
