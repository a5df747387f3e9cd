import type { Instance } from "../instance/index.ts";
import type { PlatformLocation } from "../residency/index.ts";
import type { Role } from "../sizing/index.ts";
import { hostsWith } from "./carried.ts";
import { namesBelow } from "./services.ts";
import type { Blueprint, DnsRecord, Host } from "./types.ts";

/**
 * A CAA issuer that can't be one: `.invalid` is nobody's (RFC 6761). RFC 8659's own form, `;`, is
 * refused by Designate (2025.1), which takes a domain name only, and without quotes.
 */
const NOBODY = "nobody.invalid";

/**
 * The instance's zone. Only names that people's browsers need are in it: no bridge, no admin path.
 * Records that declare that the domain sends no mail (RFC 7505, 7208, 7489); CAA names who may issue (RFC 8659).
 */
export function planDns(
  instance: Instance,
  location: PlatformLocation,
  hosts: readonly Host[],
): Blueprint["dns"] {
  if (!location.platform.dns) {
    return {
      zone: null,
      why: `${location.id} holds no zones: put the records into a zone elsewhere`,
    };
  }
  const apex = `${instance.domain}.`;
  const points = (name: string, role: Role, why: string): DnsRecord[] => {
    const at = hostsWith({ hosts }, role).flatMap((h) => h.publicAddress ?? []);
    const records: DnsRecord[] = [
      { name, type: "A", values: at.map((a) => a.ipv4), why },
      { name, type: "AAAA", values: at.flatMap((a) => a.ipv6 ?? []), why },
    ];
    return records.filter((record) => record.values.length > 0);
  };
  const issuers = instance.certificateAuthorities;
  return {
    zone: apex,
    contact: `hostmaster@${instance.domain}`,
    records: [
      ...points(apex, "control", "the meeting page"),
      ...points(namesBelow(apex).turn, "turn", "the relay for people behind firewalls"),
      {
        name: apex,
        type: "CAA",
        values: (issuers.length > 0 ? issuers : [NOBODY]).map((ca) => `0 issue ${ca}`),
        why:
          issuers.length > 0
            ? "only these may issue certificates"
            : "nobody may issue certificates",
      },
      { name: apex, type: "MX", values: ["0 ."], why: "no mail is received" },
      { name: apex, type: "TXT", values: ['"v=spf1 -all"'], why: "no mail is sent" },
      {
        name: `_dmarc.${apex}`,
        type: "TXT",
        values: ['"v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s"'],
        why: "mail in its name is refused",
      },
    ],
  };
}
