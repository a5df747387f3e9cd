import { describe, expect, it } from "vitest";
import { example, planned } from "../../lab/testing/examples.ts";
import { labelled } from "./rules/labelled.ts";
import { mailAndCaLocked } from "./rules/mail-and-ca-locked.ts";
import { noToken } from "./rules/no-token.ts";
import { overridesAreNamed } from "./rules/overrides-are-named.ts";
import { providerPinned } from "./rules/provider-pinned.ts";
import { residencyAccepted } from "./rules/residency-accepted.ts";
import { residencyFresh } from "./rules/residency-fresh.ts";
import { securityLogsTakeTwo } from "./rules/security-logs-take-two.ts";
import { userDataIsIdentity } from "./rules/user-data-is-identity.ts";
import { validBySchema } from "./rules/valid-by-schema.ts";
import { waiversInDate } from "./rules/waivers-in-date.ts";
import {
  AS_OF,
  asInput,
  body,
  bothWays,
  change,
  doing,
  type Planted,
  set,
  subject,
  without,
} from "./testing.ts";

const SERVER = "openstack_compute_instance_v2";
const VOLUME = "openstack_blockstorage_volume_v3";
const PORT = "openstack_networking_port_v2";
const NETWORK = "openstack_networking_network_v2";
const FLOATING = "openstack_networking_floatingip_v2";
const RECORD = "openstack_dns_recordset_v2";

bothWays(noToken, planned, [
  [
    "a token in a document",
    (p) => doing(set(p, RECORD, "dns_apex-a_", { records: ["${TfToken[TOKEN.4]}"] }), "lab"),
    /resource\.openstack_dns_recordset_v2/,
  ],
  [
    "an upper-cased one",
    (p) => doing(set(p, SERVER, "edge-1", { name: "${TFTOKEN[TOKEN.2]}" }), "lab"),
    /TFTOKEN/,
  ],
  [
    "a numeric one",
    (p) => doing(set(p, VOLUME, "control-1", { size: -1.8881545897087505e289 }), "lab"),
    /numeric token/,
  ],
  [
    "one in a plan",
    (p) =>
      doing(
        Object.assign(change(p, SERVER, "edge-1").change.after, { name: "${TfToken[TOKEN.2]}" }),
        "lab",
      ),
    /resource_changes/,
  ],
]);

const userData = (p: Planted, edit: (text: string) => string): string => {
  const server = body(p, SERVER, "edge-1");
  server.user_data = edit(server.user_data);
  return subject(p, SERVER, "edge-1");
};

bothWays(userDataIsIdentity, () => example(), [
  ["a program", (p) => userData(p, (t) => `${t}runcmd: [[sh, -c, id]]\n`), /runcmd: not allowed/],
  [
    "a file",
    (p) => userData(p, (t) => `${t}write_files: [{path: /etc/x}]\n`),
    /write_files: not allowed/,
  ],
  ["a script", (p) => userData(p, () => "#!/bin/sh\nid\n"), /doesn't begin with #cloud-config/],
  [
    "a template",
    (p) => userData(p, (t) => `## template: jinja\n${t}`),
    /doesn't begin with #cloud-config/,
  ],
  [
    "several parts",
    (p) => userData(p, (t) => `Content-Type: multipart/mixed\n\n${t}`),
    /doesn't begin/,
  ],
  [
    "password login",
    (p) => userData(p, (t) => t.replace("ssh_pwauth: false", "ssh_pwauth: true")),
    /ssh_pwauth: got true/,
  ],
  [
    "a root that may log in",
    (p) => userData(p, (t) => t.replace("disable_root: true", "disable_root: false")),
    /disable_root: got false/,
  ],
  [
    "an unlocked password",
    (p) => userData(p, (t) => t.replace("lock_passwd: true", "lock_passwd: false")),
    /users\[0\]\.lock_passwd: got false/,
  ],
  [
    "a password",
    (p) => userData(p, (t) => t.replace("    lock_passwd", "    passwd: x\n    lock_passwd")),
    /users\[0\]\.passwd: not allowed/,
  ],
  [
    "a second key",
    (p) =>
      userData(p, (t) =>
        t.replace(
          "    ssh_authorized_keys:",
          "    ssh_authorized_keys:\n      - ssh-ed25519 AAAA other",
        ),
      ),
    /ssh_authorized_keys: got/,
  ],
  [
    "another key",
    (p) => userData(p, (t) => t.replace("ssh-ed25519 AAAA", "ssh-ed25519 BBBB")),
    /ssh_authorized_keys: got/,
  ],
  [
    "one more person",
    (p) => userData(p, (t) => `${t}  - name: guest\n`),
    /got 3, the Blueprint has 2 admins/,
  ],
  [
    "the image's own user",
    (p) => {
      const subject = userData(p, (t) => t.replace("users:\n", "users:\n  - default\n"));
      // One too many, nothing known of the first, and the second is not who stands there.
      return Array(1 + 7 + 3).fill(subject) as string[];
    },
    /users/,
  ],
  [
    "another host's name",
    (p) => userData(p, (t) => t.replace("hostname: edge-1", "hostname: control-1")),
    /hostname: got "control-1"/,
  ],
  [
    "a setting left out",
    (p) => userData(p, (t) => t.replace("disable_root: true\n", "")),
    /disable_root: missing/,
  ],
  ["something else than YAML", (p) => userData(p, () => "#cloud-config\n\t{"), /no YAML object/],
  [
    "much text",
    (p) => userData(p, (t) => `${t}# ${"x".repeat(16_384)}\n`),
    /bytes, at most 16384 are allowed/,
  ],
  ["none", (p) => set(p, SERVER, "edge-1", { user_data: undefined }), /has no user_data/],
  [
    "no config drive",
    (p) => set(p, SERVER, "edge-1", { config_drive: false }),
    /config_drive is not true/,
  ],
  ["a key of the cloud", (p) => set(p, SERVER, "edge-1", { key_pair: "x" }), /sets key_pair/],
  [
    "injected files",
    (p) => set(p, SERVER, "edge-1", { personality: [{ file: "/etc/x", content: "x" }] }),
    /sets personality/,
  ],
  [
    "a server of nobody",
    (p) => set(p, SERVER, "edge-1", { tags: [], metadata: {} }),
    /no host of the Blueprint/,
  ],
]);

bothWays(labelled, () => example(), [
  [
    "a network without tags",
    (p) =>
      doing(
        delete body(p, NETWORK, "zone-service").tags,
        Array(3).fill(subject(p, NETWORK, "zone-service")) as string[],
      ),
    /tag|polder-/,
  ],
  [
    "another instance's tag",
    (p) =>
      set(p, PORT, "turn-1_", { tags: ["polder", "polder-instance=other", "polder-part=turn-1"] }),
    /polder-instance: got \["polder-instance=other"\]/,
  ],
  [
    "two parts",
    (p) =>
      set(p, PORT, "turn-1_", {
        tags: ["polder", "polder-instance=lab", "polder-part=turn-1", "polder-part=edge-1"],
      }),
    /exactly one is allowed/,
  ],
  [
    "a volume without metadata",
    (p) => set(p, VOLUME, "control-1", { metadata: { polder: "1", polder_instance: "lab" } }),
    /polder_part is missing/,
  ],
  [
    "a volume of another instance",
    (p) =>
      set(p, VOLUME, "control-1", {
        metadata: { polder: "1", polder_instance: "x", polder_part: "control-1-data" },
      }),
    /polder_instance: got "x"/,
  ],
  [
    "tags and metadata that differ",
    (p) =>
      set(p, SERVER, "turn-1", {
        metadata: { polder: "1", polder_instance: "lab", polder_part: "turn-2" },
      }),
    /name different parts/,
  ],
  [
    "an address without tags",
    (p) =>
      set(
        p,
        FLOATING,
        "turn-1",
        { tags: ["polder-instance=lab", "polder-part=turn-1"] },
        "lab-addresses",
      ),
    /the tag "polder" is missing/,
  ],
]);

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

const terraform = (p: Planted, values: object) =>
  doing(Object.assign(p.stacks.get("lab"), values), "lab");
const required = (p: Planted, values: object) => {
  Object.assign(p.stacks.get("lab").terraform.required_providers.openstack, values);
  return "lab";
};

bothWays(providerPinned, planned, [
  ["a version that may move", (p) => required(p, { version: "~> 3.4" }), /version: got "~> 3\.4"/],
  ["no version", (p) => required(p, { version: undefined }), /version: got nothing/],
  [
    "another source",
    (p) => required(p, { source: "evil/openstack" }),
    /source: got "evil\/openstack"/,
  ],
  [
    "another registry",
    (p) => required(p, { source: "mirror.example/terraform-provider-openstack/openstack" }),
    /source: got/,
  ],
  [
    "a second provider",
    (p) =>
      doing(
        Object.assign(p.stacks.get("lab").terraform.required_providers, {
          null: { source: "hashicorp/null", version: "3.2.0" },
        }),
        "lab",
      ),
    /uses provider null/,
  ],
  [
    "a second configuration",
    (p) =>
      doing(p.stacks.get("lab").provider.openstack.push({ alias: "other", cloud: "other" }), "lab"),
    /2 times/,
  ],
  [
    "a module",
    (p) => terraform(p, { module: { x: { source: "git::https://x.example" } } }),
    /has a module block/,
  ],
  ["a variable", (p) => terraform(p, { variable: { x: {} } }), /has a variable block/],
  ["an import", (p) => terraform(p, { import: [{ to: "x.y", id: "1" }] }), /has a import block/],
  [
    "a removal that leaves things standing",
    (p) => terraform(p, { removed: [{ from: "x.y" }] }),
    /has a removed block/,
  ],
  [
    "a provisioner",
    (p) => set(p, SERVER, "edge-1", { provisioner: [{ "local-exec": { command: "id" } }] }),
    /has provisioner/,
  ],
  [
    "a connection",
    (p) => set(p, SERVER, "edge-1", { connection: { host: "x" } }),
    /has connection/,
  ],
  [
    "a provider of a resource's choice",
    (p) => set(p, SERVER, "edge-1", { provider: "openstack.other" }),
    /has provider/,
  ],
  [
    "another state's values",
    (p) =>
      doing(
        Object.assign(p.stacks.get("lab").data, { terraform_remote_state: { x: {} } }),
        "lab/data.terraform_remote_state.x",
      ),
    /of another provider/,
  ],
  [
    "a resource that runs programs",
    (p) =>
      doing(
        Object.assign(p.stacks.get("lab").resource, { null_resource: { x: {} } }),
        "lab/null_resource.x",
      ),
    /of another provider/,
  ],
  [
    "another provider in the plan",
    (p) =>
      doing(
        Object.assign(change(p, SERVER, "edge-1"), {
          provider_name: "registry.terraform.io/evil/openstack",
        }),
        subject(p, SERVER, "edge-1"),
      ),
    /the plan uses provider/,
  ],
  [
    "another provider in the plan's configuration",
    (p) =>
      doing(
        Object.assign(p.plans.get("lab").configuration.provider_config, {
          null: { full_name: "registry.terraform.io/hashicorp/null" },
        }),
        "lab",
      ),
    /configures provider/,
  ],
  [
    "a module in the plan",
    (p) =>
      doing(
        Object.assign(p.plans.get("lab").configuration.root_module, { module_calls: { x: {} } }),
        "lab",
      ),
    /calls module x/,
  ],
]);

bothWays(validBySchema, () => example(), [
  [
    "a misspelt argument",
    (p) => set(p, PORT, "turn-1_", { port_securty_enabled: true }),
    /port_securty_enabled/,
  ],
  ["a word for a number", (p) => set(p, VOLUME, "control-1", { size: "ten" }), /size/],
  [
    "a reference to nothing",
    (p) => set(p, PORT, "turn-1_", { network_id: "${openstack_networking_network_v2.gone.id}" }),
    /network_id/,
  ],
  [
    "a missing argument",
    (p) => set(p, VOLUME, "control-1", { size: undefined }),
    /size is required/,
  ],
]);

const residency = (p: Planted, values: object) =>
  doing(Object.assign(p.blueprint.residency, values), "location lab-floating");
const check = (values: object) => ({
  checks: [
    {
      leaf: "siteCountry",
      requirement: "the site is in the Netherlands",
      got: "NL",
      source: "x",
      read: "2026-01-01",
      confidence: "confirmed",
      met: true,
      ...values,
    },
  ],
});

bothWays(residencyAccepted, () => example(), [
  [
    "a refusal",
    (p) => residency(p, { verdict: "refused", deciding: "abroad" }),
    /refused for lab: abroad/,
  ],
  [
    "a verdict about another place",
    (p) => residency(p, { location: "elsewhere" }),
    /the verdict is about elsewhere/,
  ],
  [
    "a demand that isn't met",
    (p) => residency(p, check({ met: false, got: "DE" })),
    /siteCountry: the site is in the Netherlands; got DE/,
  ],
  [
    "an unconfirmed source",
    (p) => residency(p, check({ confidence: "unconfirmed" })),
    /siteCountry: its source is unconfirmed/,
  ],
  [
    "a second-hand source",
    (p) => residency(p, check({ confidence: "secondary" })),
    /its source is secondary/,
  ],
  [
    "a test's fact for a real profile",
    (p) => residency(p, { profile: "nl-sovereign", ...check({ confidence: "test" }) }),
    /its source is test/,
  ],
  ["nothing checked", (p) => residency(p, { checks: [] }), /nothing was checked/],
  [
    "a class above the location's",
    (p) =>
      doing(
        Object.assign(p.blueprint.residency.classification, {
          needed: { marking: "none", tbb: 0 },
        }),
        [0, 1].map(() => "location lab-floating"),
      ),
    /another class|needs TBB 0/,
  ],
  [
    "another class than the instance's",
    (p) =>
      doing(
        Object.assign(p.blueprint, { classification: { marking: "none", tbb: 3 } }),
        "location lab-floating",
      ),
    /another class/,
  ],
  [
    "an unconfirmed rule for the class",
    (p) =>
      doing(
        Object.assign(p.blueprint.residency.classification, { source: "x (unconfirmed)" }),
        "location lab-floating",
      ),
    /rests on an unconfirmed source/,
  ],
]);

const aged = (p: Planted, index: number, values: object) =>
  doing(Object.assign(p.blueprint.residency.facts[index], values), "location lab-floating");
/** A profile that reads a fact; the lab's reads none. */
const reading = (p: Planted, values: object) => residency(p, { profile: "eea", ...check(values) });

bothWays(residencyFresh, () => example(), [
  [
    "a fact past its term",
    (p) => reading(p, { sure: true, freshUntil: "2026-11-23", waiver: "residency.site.country" }),
    /siteCountry: stale: read on 2026-01-01, which counted until 2026-11-23; .*waives: residency\.site\.country/,
  ],
  [
    "a fact of the future",
    (p) => aged(p, 0, { read: "2026-11-25" }),
    /cloudModel: read on 2026-11-25, which is in the future .*no waiver makes a profile pass/,
  ],
  [
    "a certificate past its end",
    (p) => residency(p, { certificates: [{ name: "ISO 27001", until: "2026-11-23" }] }),
    /certificates: ISO 27001 ended on 2026-11-23/,
  ],
  [
    "rules for the class that are too old",
    (p) =>
      doing(
        Object.assign(p.blueprint.residency.classification, { freshUntil: "2026-11-23" }),
        "location lab-floating",
      ),
    /classification: the rules for the highest class were read on .* take a newer polder/,
  ],
]);

describe("residency-fresh and residency-accepted", () => {
  const evaluated = (rule: typeof residencyFresh, values: object, waivers: object[] = []) => {
    const p = example();
    reading(p, { sure: true, met: true, waiver: "residency.site.country", ...values });
    if (waivers.length > 0) p.blueprint.residency.verdict = "waived";
    p.blueprint.waivers = waivers;
    return rule.check(asInput(p), AS_OF);
  };
  const waiver = (expires: string) => ({
    waives: "residency.site.country",
    reason: "the letter",
    owner: "Sam de Vries",
    expires,
  });

  it("warn 60 days before a fact grows stale, and pass", () => {
    expect(evaluated(residencyFresh, { freshUntil: "2027-01-24" })).toEqual([
      expect.not.objectContaining({ warns: true }),
    ]);
    expect(evaluated(residencyFresh, { freshUntil: "2027-01-23" })).toMatchObject([
      {
        verdict: "pass",
        warns: true,
        message: "siteCountry: counts 60 more days, until 2027-01-23: read x again",
      },
    ]);
  });

  it("read waived under a waiver that counts, and fail under one that ended", () => {
    const stale = { freshUntil: "2026-11-23" };
    expect(evaluated(residencyFresh, stale, [waiver(AS_OF)])).toMatchObject([
      { verdict: "waived", waiver: { owner: "Sam de Vries" } },
    ]);
    expect(evaluated(residencyFresh, stale, [waiver("2026-11-23")])).toMatchObject([
      { verdict: "fail" },
    ]);
    const unsure = { sure: false, confidence: "unconfirmed" };
    expect(evaluated(residencyAccepted, unsure, [waiver(AS_OF)])).toMatchObject([
      { verdict: "waived", message: expect.stringContaining("which is unconfirmed (x)") },
    ]);
    const ended = evaluated(residencyAccepted, unsure, [waiver("2026-11-23")]);
    expect(ended.map((finding) => finding.verdict)).toEqual(["fail", "fail"]);
  });
});

const overridden = (p: Planted, resource: string, set: object) => {
  p.blueprint.overrides = [{ resource, set, reason: "the second hall", owner: "Sam de Vries" }];
};

bothWays(overridesAreNamed, () => example(), [
  [
    "a value that the document doesn't have",
    (p) => {
      overridden(p, "turn-*/server", { availability_zone: "hall-2" });
      set(p, SERVER, "turn-1", { availability_zone: "hall-2" });
      return subject(p, SERVER, "turn-2");
    },
    /availability_zone: got nothing, overrides\.yaml says "hall-2"/,
  ],
  [
    "a resource that isn't there",
    (p) => doing(overridden(p, "turn-9/server", { availability_zone: "x" }), "lab"),
    /no resource is called so/,
  ],
  [
    "a resource of the other stack",
    (p) => doing(overridden(p, "addresses/turn-1/server", { description: "x" }), "lab"),
    /no resource is called so/,
  ],
]);

describe("overrides-are-named", () => {
  it("tells each change as a warning, with who and why", () => {
    const p = example();
    overridden(p, "turn-1/server", { availability_zone: "hall-2", metadata: { rack: "7" } });
    set(p, SERVER, "turn-1", {
      availability_zone: "hall-2",
      metadata: { ...body(p, SERVER, "turn-1").metadata, rack: "7" },
    });
    expect(overridesAreNamed.check(asInput(p), AS_OF)).toMatchObject([
      {
        verdict: "pass",
        warns: true,
        subject: subject(p, SERVER, "turn-1"),
        message: 'availability_zone = "hall-2" by overrides.yaml, Sam de Vries: the second hall',
      },
      { verdict: "pass", warns: true },
    ]);
  });
});

const keep = (p: Planted, name: string, age?: string) => {
  const [first] = p.blueprint.logKeepers;
  p.blueprint.logKeepers = [first, { name, age: age ?? first.age.replace(/.{6}$/, "qqqqqq") }];
  return "security logs";
};

bothWays(securityLogsTakeTwo, () => example(), [
  [
    "nobody named",
    (p) => {
      p.blueprint.logKeepers = [];
      return "security logs";
    },
    /any admin opens them alone: logKeepers names nobody/,
  ],
  [
    "an admin by name",
    (p) => keep(p, "noor  BAKKER"),
    /log keeper noor {2}BAKKER is admin noorbakker/,
  ],
  [
    "an admin by key",
    (p) => {
      p.blueprint.admins[0].age = p.blueprint.logKeepers[0].age;
      return keep(p, "Somebody Else");
    },
    /log keeper Mirjam de Graaf is admin samdevries/,
  ],
  [
    "the envelope's key",
    (p) => {
      p.blueprint.breakGlass = "age1envelope";
      return keep(p, "Somebody Else", "age1envelope");
    },
    /log keeper Somebody Else has the break-glass key/,
  ],
]);

const waive = (p: Planted, expires: string, waives = "no-unnoticed-interruption") => {
  p.blueprint.waivers = [{ waives, reason: "upgrade", owner: "Sam de Vries", expires }];
  return waives;
};

bothWays(waiversInDate, () => example(), [
  [
    "one that ended yesterday",
    (p) => waive(p, "2026-11-23"),
    /ended on 2026-11-23: strengthen the setting, or have Sam de Vries decide again/,
  ],
  ["one for 401 days", (p) => waive(p, "2027-12-30"), /in 401 days, at most 400/],
  ["one without end", (p) => waive(p, "9999-12-31"), /at most 400/],
  ["a day that isn't", (p) => waive(p, "2027-02-30"), /got "2027-02-30"/],
  ["no date", (p) => waive(p, "soon"), /got "soon"/],
]);

describe("waivers-in-date", () => {
  const evaluated = (expires: string, waives?: string) => {
    const p = example();
    waive(p, expires, waives);
    return waiversInDate.check(asInput(p), AS_OF).map((f) => f.verdict);
  };
  it("counts a waiver on its last day, and for 400 days", () => {
    expect(evaluated(AS_OF)).toEqual(["pass"]);
    expect(evaluated("2027-12-29")).toEqual(["pass"]);
  });
  it("never lets a weakened setting read as a pass", () => {
    expect(evaluated("2027-06-30", "retention.securityDays")).toEqual(["waived"]);
  });
});
