import { describe, expect, it } from "vitest";
import { example } from "../../../lab/testing/examples.ts";
import { AS_OF, asInput, body, bothWays, doing, type Planted, without } from "../testing.ts";
import { mailAndCaLocked } from "./mail-and-ca-locked.ts";

const RECORD = "openstack_dns_recordset_v2";

const zone = "lab/zone vergaderen.voorbeeld.example.";
const records = (p: Planted, name: string, ...values: string[]) => {
  body(p, RECORD, name).records = values;
  return zone;
};

bothWays(mailAndCaLocked, () => example(), [
  ["mail that is taken", (p) => records(p, "dns_apex-mx", "10 mail.example."), /MX: got/],
  [
    "null MX beside another",
    (p) => records(p, "dns_apex-mx", "0 .", "10 mail.example."),
    /MX: got/,
  ],
  ["a soft SPF", (p) => records(p, "dns_apex-txt", '"v=spf1 ~all"'), /SPF: got/],
  [
    "an SPF that lets someone in",
    (p) => records(p, "dns_apex-txt", '"v=spf1 include:x.example -all"'),
    /SPF: got/,
  ],
  [
    "two SPF records",
    (p) => records(p, "dns_apex-txt", '"v=spf1 -all"', '"v=spf1 +all"'),
    /SPF: got/,
  ],
  ["a DMARC that only looks", (p) => records(p, "dns__dmarc", '"v=DMARC1; p=none"'), /DMARC: got/],
  [
    "a DMARC that spares names below",
    (p) => records(p, "dns__dmarc", '"v=DMARC1; p=reject; sp=none"'),
    /DMARC: got/,
  ],
  [
    "a DMARC for a part of the mail",
    (p) => records(p, "dns__dmarc", '"v=DMARC1; p=reject; pct=10"'),
    /DMARC: got/,
  ],
  ["a zone without CAA", (p) => doing(without(p, RECORD, "dns_apex-caa"), zone), /CAA: got \[\]/],
  [
    "a CAA that only reports",
    (p) => records(p, "dns_apex-caa", '0 iodef "mailto:x@example"'),
    /CAA: got \[\]/,
  ],
  [
    "a name below that takes mail",
    (p) => {
      p.stacks.get("lab").resource[RECORD].mail = {
        name: "turn.vergaderen.voorbeeld.example.",
        type: "MX",
        records: ["10 x."],
      };
      return `lab/${RECORD}.mail`;
    },
    /below the zone takes mail/,
  ],
  [
    "no records at all",
    (p) => doing(delete p.stacks.get("lab").resource[RECORD], Array(4).fill(zone) as string[]),
    /got/,
  ],
]);

describe("mail-and-ca-locked", () => {
  it("says why it isn't tested where the cloud holds no zone", () => {
    const p = example();
    p.blueprint.dns = { zone: null, why: "elsewhere" };
    expect(mailAndCaLocked.check(asInput(p), AS_OF)).toEqual([
      {
        id: "mail-and-ca-locked",
        verdict: "not-tested",
        subject: "lab",
        message: "the cloud holds no zone: elsewhere",
      },
    ]);
  });
});
