import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { example, planned } from "../../lab/testing/examples.ts";
import { noSecret } from "./rules/no-secret.ts";
import { secretIn } from "./secrets.ts";
import { AS_OF, asInput, bothWays, change, doing, type Planted, set, subject } from "./testing.ts";

const SERVER = "openstack_compute_instance_v2";
const PORT = "openstack_networking_port_v2";
const VOLUME = "openstack_blockstorage_volume_v3";

// Put together here, so that no scanner of sources takes a test for a leak.
const dashes = "-".repeat(5);
const SECRETS: Readonly<Record<string, readonly [string, RegExp]>> = {
  "an OpenSSH key": [`${dashes}BEGIN OPENSSH PRIVATE KEY${dashes}\nb3Bl`, /a private key/],
  "an EC key": [`${dashes}BEGIN EC PRIVATE KEY${dashes}`, /a private key/],
  "an age identity": [`AGE-SECRET-KEY-${"1QL3Z7"}`, /an age identity/],
  "a vault": [`$ANSIBLE_${"VAULT"};1.1;AES256\n6162`, /an Ansible vault/],
  "a JWT": [["eyJhbGciOiJIUzI1NiJ9", "eyJyb29tIjoiKiJ9", "c2lnbmF0dXJl"].join("."), /a JWT/],
  "a fernet token": [`gAAAA${"Bk9x_Zq3"}${"Lm4Nw-7pRt2"}`.padEnd(40, "xY7"), /a fernet token/],
  "a password hash": [`$6$${"rounds"}$abcdefghijkl`, /a password hash/],
  "a URL with a password": ["https://admin:hunter2@cloud.example/", /a URL with a password/],
  "a password in YAML": ["hostname: x\npassword: hunter2\n", /a setting for a password/],
  "a secret in an environment file": ["TURN_SECRET=abc", /a setting for a password/],
  "a token in JSON": ['{"api_token": "abc"}', /a setting for a password/],
  "a key in a query": ["https://x.example/?api_key=abc", /a setting for a password/],
  "a word in Dutch": ["wachtwoord: geheim", /a setting for a password/],
  "base64 without meaning": [
    "q8Zk3vLx0TnB6yWd1RfGh5Jc2MsPaEuV",
    /32 letters and digits without meaning/,
  ],
  "hexadecimal without meaning": [
    "9f86d081884c7d659a2feaa0c55ad015",
    /32 letters and digits without meaning/,
  ],
};

const EVERYDAY: Readonly<Record<string, string>> = {
  "a public key":
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICZZP6QBrHcj+rLvtQmxye1Q67Ks+C8hj2y+EEM1tjmg sam",
  "a hardware key":
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIDICyn/bcUoIci9/2oD9Iravo0F49pr5VJ/brBNfsIg3AAAABHNzaDo= lotte",
  "a UUID": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
  "a reference": "${openstack_networking_port_v2.bridge-1_port_0F805F64.id}",
  "a name": "bridge-egress-v4-tcp-19532-to-monitor_58781DDD",
  "an address": "2001:db8:a1b2:c3d4:e5f6:1a2b:3c4d:5e6f",
  "a sentence": "certificates and tokens need the right time; passwords are nobody's",
  "sudo's word": "sudo: ALL=(ALL) NOPASSWD:ALL",
  "cloud-init's words": "ssh_pwauth: false\nlock_passwd: true\n",
  "a path": "../../../instances/ministerie-groot/state/ministerie-groot-addresses.tfstate",
  "a URL": "https://terraform.uitvoeringsdienst.example/state/uitvoerder-addresses/lock",
  "a record": '"v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s"',
  "a compass": "compass: north",
};

const leaf = (text: string, key = "description") => ({ path: key, key, text });
const none = new Set<string>();

describe("secretIn", () => {
  it.each(Object.entries(SECRETS))("knows %s", (_, [text, kind]) => {
    expect(secretIn(leaf(text), none)).toMatch(kind);
    expect(secretIn(leaf(text), none)).not.toContain(text);
  });
  it.each(Object.entries(EVERYDAY))("leaves %s alone", (_, text) => {
    expect(secretIn(leaf(text), none)).toBeUndefined();
  });
  it("goes by the name of a setting, too", () => {
    for (const key of ["password", "admin_pass", "clientSecret", "auth_token", "private_key"]) {
      expect(secretIn(leaf("x", key), none)).toBe(`a value of "${key}"`);
      expect(secretIn(leaf("", key), none)).toBeUndefined();
    }
    expect(secretIn(leaf("x", "compass"), none)).toBeUndefined();
  });
  it("finds a literal inside an expression", () => {
    expect(secretIn(leaf('${format("%s", "q8Zk3vLx0TnB6yWd1RfGh5Jc2MsPaEuV")}'), none)).toMatch(
      /without meaning/,
    );
  });
  it("knows a digest where one belongs", () => {
    const sha1 = "a8e7ce89fae1fce9e793220403c012396372e1fc";
    expect(secretIn(leaf(sha1, "user_data"), none)).toBeUndefined();
    expect(secretIn(leaf(sha1, "tenant_id"), none)).toBeUndefined();
    expect(secretIn(leaf(sha1, "name"), none)).toMatch(/without meaning/);
  });
  it("finds nearly all random keys of 32 bytes", () => {
    const forms = ["base64", "base64url", "hex"] as const;
    for (const form of forms) {
      const found = Array.from({ length: 500 }, () => randomBytes(32).toString(form));
      const missed = found.filter((text) => secretIn(leaf(text), none) === undefined);
      expect(missed.length).toBeLessThanOrEqual(5);
    }
  });
  it("takes no name made of words and numbers for one", () => {
    const word = fc.constantFrom(
      "bridge",
      "control",
      "turn",
      "edge",
      "monitor",
      "ingress",
      "egress",
      "ipv6",
      "udp",
      "10000",
      "port",
    );
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 12 }),
        fc.constantFrom("-", "_", "."),
        (words, by) => {
          expect(secretIn(leaf(words.join(by)), none)).toBeUndefined();
        },
      ),
    );
  });
});

const everywhere = Object.entries(SECRETS).map(
  ([what, [text, kind]]) =>
    [
      `${what} in user_data`,
      (p: Planted) => set(p, SERVER, "edge-1", { user_data: text }),
      kind,
    ] as const,
);

bothWays(noSecret, () => example(), [
  ...everywhere,
  [
    "a password for a server",
    (p) => Array(2).fill(set(p, SERVER, "edge-1", { admin_pass: "x" })) as string[],
    /admin_pass/,
  ],
  [
    "a credential of the provider",
    (p) =>
      doing(
        Object.assign(p.stacks.get("lab").provider.openstack[0], {
          application_credential_id: "x",
        }),
        "lab/provider.openstack",
      ),
    /sets application_credential_id, allowed: cloud, max_retries/,
  ],
  [
    "a password of the provider",
    (p) => {
      Object.assign(p.stacks.get("lab").provider.openstack[0], { password: "x" });
      return ["lab", "lab/provider.openstack", "lab/provider.openstack"];
    },
    /password/,
  ],
  [
    "an output that is sensitive",
    (p) =>
      doing(
        Object.assign(p.stacks.get("lab-addresses").output.addresses, { sensitive: true }),
        "lab-addresses/output.addresses",
      ),
    /then a secret is in the state/,
  ],
  [
    "a secret in metadata",
    (p) => set(p, VOLUME, "control-1", { metadata: { luks_passphrase: "x" } }),
    /metadata\.luks_passphrase: holds a value of/,
  ],
  [
    "a secret in a tag",
    (p) => set(p, PORT, "edge-1", { tags: ["token=x"] }),
    /tags\[0\]: holds a setting/,
  ],
]);

bothWays(noSecret, planned, [
  [
    "a sensitive value in the plan",
    (p) => {
      const found = change(p, SERVER, "edge-1");
      found.change.after.admin_pass = "x";
      return ["lab", subject(p, SERVER, "edge-1")].slice(1).concat(subject(p, SERVER, "edge-1"));
    },
    /admin_pass/,
  ],
  [
    "a sensitive value in the former state",
    (p) => {
      const found = change(p, SERVER, "edge-1");
      found.change.before = { admin_pass: 1 };
      found.change.before_sensitive = { admin_pass: true };
      return subject(p, SERVER, "edge-1");
    },
    /marks admin_pass as sensitive/,
  ],
  [
    "a variable with a secret",
    (p) =>
      doing(
        Object.assign(p.plans.get("lab"), {
          variables: { db_password: { value: "password: hunter2" } },
        }),
        "lab",
      ),
    /variables\.db_password\.value: holds a setting/,
  ],
]);

describe("no-secret", () => {
  it("never tells the secret", () => {
    const p = example();
    for (const [text] of Object.values(SECRETS)) {
      set(p, SERVER, "edge-1", { user_data: text, admin_pass: text });
      const said = JSON.stringify(noSecret.check(asInput(p), AS_OF));
      for (const word of text.split(/\s+/).filter((w) => w.length > 8))
        expect(said).not.toContain(word);
    }
  });
});
