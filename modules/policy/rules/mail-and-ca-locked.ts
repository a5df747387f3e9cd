import { allResources, clusterStack, ofType } from "../document.ts";
import { listOf, shown, textOf } from "../json.ts";
import { defineRule, fail, failsOr, notTested } from "../rule.ts";

export const mailAndCaLocked = defineRule({
  id: "mail-and-ca-locked",
  level: "error",
  what: "the zone says that it takes and sends no mail (null MX, SPF -all, DMARC reject) and who may issue certificates (CAA)",
  why: "Nobody can send an invitation in its name, and no other authority may issue its certificate (RFC 7505, 7208, 7489, 8659).",
  norm: "BIO2 5.14.01",
  looksAt: "stacks",
  waivable: false,
  check: (input) => {
    const { dns, addresses } = input.blueprint;
    const stack = clusterStack(input.blueprint);
    if (dns.zone === null) return [notTested(stack, `the cloud holds no zone: ${dns.why}`)];
    if (addresses.state !== "allocated")
      return [notTested(stack, "no zone yet: its addresses are not yet allocated")];
    const records = ofType(allResources(input), "openstack_dns_recordset_v2").filter(
      (r) => r.stack === stack,
    );
    const at = (name: string, type: string): string[] =>
      records
        .filter(({ body }) => body["name"] === name && body["type"] === type)
        .flatMap(({ body }) =>
          listOf(body["records"]).map((value) => (textOf(value) ?? "").replace(/^"|"$/g, "")),
        );
    const zone = dns.zone;
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
    const mail = records.filter(({ body }) => body["type"] === "MX" && body["name"] !== zone);
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

/** RFC 7489 6.3: the policy, that of the names below (the same unless said) and the share it is for. */
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
