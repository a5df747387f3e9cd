import { allResources, clusterStack, type Resource } from "../document.ts";
import { listOf, shown, textOf, at as valueAt } from "../json.ts";
import { defineRule, fail, failsOr, notTested } from "../rule.ts";

export const mailAndCaLocked = defineRule({
  id: "mail-and-ca-locked",
  level: "error",
  what: "the zone says that it takes and sends no mail (null MX, SPF -all, DMARC reject) and who may issue certificates (CAA)",
  why: "Otherwise anybody could send invitations in the instance's name, and any authority could issue its certificate (RFC 7505, 7208, 7489, 8659).",
  norms: ["BIO2 5.14.01"],
  looksAt: "stacks",
  check: (input) => {
    const { dns, addresses } = input.blueprint;
    const stack = clusterStack(input.blueprint);
    if (dns.zone === null) return [notTested(stack, `the cloud holds no zone: ${dns.why}`)];
    if (addresses.state !== "allocated")
      return [notTested(stack, "no zone yet: its addresses are not yet allocated")];
    const zone = dns.zone;
    const records = allResources(input)
      .filter((r) => r.stack === stack && r.kind === "resource")
      .flatMap((r) => recordIn(r, zone) ?? []);
    const at = (name: string, type: string): string[] =>
      records.filter((r) => r.name === name && r.type === type).flatMap((r) => r.values);
    const spf = at(zone, "TXT").filter((text) => /^v=spf1\b/i.test(text));
    const dmarc = at(`_dmarc.${zone}`, "TXT");
    const caa = at(zone, "CAA").filter((text) => /^\d+ issue /.test(text));
    const problems = [
      at(zone, "MX").join() === "0 ."
        ? ""
        : `MX: got ${shown(at(zone, "MX"))}, allowed: "0 ." alone (null MX)`,
      spf.length === 1 && spf[0] === "v=spf1 -all"
        ? ""
        : `SPF: got ${shown(spf)}, allowed: "v=spf1 -all" alone`,
      dmarc.length === 1 && rejects(dmarc[0] ?? "")
        ? ""
        : `DMARC: got ${shown(dmarc)}, allowed: one record with p=reject for all mail and all names below`,
      caa.length > 0 ? "" : `CAA: got ${shown(caa)}, at least one issue record is needed`,
    ].filter((text) => text !== "");
    const mail = records.filter((r) => r.type === "MX" && r.name !== zone);
    return failsOr(
      [
        ...problems.map((text) => fail(`${stack}/zone ${zone}`, text)),
        ...mail.map(({ subject }) => fail(subject, "a name below the zone takes mail")),
      ],
      `${stack}/zone ${zone}`,
      `null MX, SPF -all, DMARC reject, CAA ${shown(caa)}`,
    );
  },
});

interface ReadRecord {
  readonly subject: string;
  /** Absolute, with the final dot. */
  readonly name: string;
  readonly type: string;
  /** Without quotes. */
  readonly values: readonly string[];
}

/** A record set, as each cloud writes it; undefined for what is none. */
function recordIn({ subject, type, body }: Resource, zone: string): ReadRecord | undefined {
  const [name, kind] = [textOf(body["name"]) ?? "", textOf(body["type"]) ?? ""];
  const values = listOf(body["records"]);
  const bare = (value: unknown) => (textOf(value) ?? "").replace(/^"|"$/g, "");
  if (type === "openstack_dns_recordset_v2")
    return { subject, name, type: kind, values: values.map(bare) };
  if (type !== "hcloud_zone_rrset") return undefined;
  return {
    subject,
    name: name === "@" ? zone : `${name}.${zone}`,
    type: kind,
    values: values.map((record) => bare(valueAt(record, "value"))),
  };
}

/** RFC 7489 6.3: the policy, that of the names below (the same by default) and the share it is for. */
function rejects(record: string): boolean {
  const tags = new Map(
    record.split(";").map((tag) => {
      const [name = "", value = ""] = tag.split("=").map((text) => text.trim().toLowerCase());
      return [name, value] as const;
    }),
  );
  return (
    tags.get("v") === "dmarc1" &&
    tags.get("p") === "reject" &&
    (tags.get("sp") ?? "reject") === "reject" &&
    (tags.get("pct") ?? "100") === "100"
  );
}
