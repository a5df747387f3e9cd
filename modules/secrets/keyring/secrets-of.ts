import { type Blueprint, hostsWith, namesBelow } from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";
import type { SecretSpec } from "./spec.ts";

/**
 * Lifetimes in days. Signing keys: NIST SP 800-57 part 1 rev. 5, 5.3.6, recommends about 1 to
 * 3 years at most for a private signature key (read 2026-11-24) and about 2 for a symmetric authentication key. Leaf
 * certificates: 90, as ACME issuers give, renewed at 30 days left. security.txt: less than a year
 * (RFC 9116 2.5.5).
 */
export const LIFETIME = {
  authority: 1096,
  leaf: 90,
  password: 365,
  reading: 730,
  securityText: 364,
} as const;

/** Days before its end at which a value is made anew. */
export const RENEW_BEFORE = { leaf: 30, securityText: 60 } as const;

const PEOPLE = { instance: "admins", issuer: "admins with issuer: true" } as const;

type Draft = Pick<SecretSpec, "name" | "kind" | "purpose" | "rotation" | "loss"> &
  Partial<SecretSpec> & { /** Accounts on the hosts that read it. */ readonly accounts?: string };

function spec({ accounts, ...draft }: Draft): SecretSpec {
  const vault = draft.vault ?? "instance";
  const isPublic = draft.public ?? false;
  const onHosts = (draft.hosts ?? []).length > 0 && accounts ? `; on the host ${accounts}` : "";
  return {
    hosts: [],
    public: isPublic,
    vault,
    readers: isPublic ? "everybody" : PEOPLE[vault] + onHosts,
    lifetimeDays: null,
    given: false,
    ...draft,
  };
}

const ROTATE = "`polder keys rotate`, then `polder converge`";

function instanceAuthority(hosts: readonly string[]): SecretSpec[] {
  const rotation =
    "three runs of `polder keys rotate`, a converge after each: trust the next one, use it, drop the old one";
  return [
    spec({
      name: "ca/instance.key",
      kind: "private key",
      purpose: "signs the hosts' certificates; name-constrained to this instance",
      lifetimeDays: LIFETIME.authority,
      rotation,
      loss: "rotate at once: whoever has it can pose as a host to another host, to no browser",
    }),
    spec({
      name: "ca/instance.crt",
      kind: "certificate",
      purpose: "what hosts trust between each other; during a rotation two certificates",
      hosts,
      public: true,
      lifetimeDays: LIFETIME.authority,
      rotation,
      loss: "is made again from its key by a rotation",
    }),
  ];
}

function hostPair(host: string): SecretSpec[] {
  const rotation = `by itself at ${RENEW_BEFORE.leaf} days left, at the next converge; ${ROTATE}`;
  return [
    spec({
      name: `tls/${host}.key`,
      kind: "private key",
      purpose: "the host's own key for TLS between hosts",
      hosts: [host],
      accounts: "root and the service that uses it",
      lifetimeDays: LIFETIME.leaf,
      rotation,
      loss: "rotate; the certificate of a stolen one is valid until its end",
    }),
    spec({
      name: `tls/${host}.crt`,
      kind: "certificate",
      purpose: "the host's certificate, by the instance CA, for client and server",
      hosts: [host],
      public: true,
      lifetimeDays: LIFETIME.leaf,
      rotation,
      loss: "the next converge makes another",
    }),
  ];
}

/** Key and certificate of a public name; with `source: file` also a reserve of another supplier. */
function publicPair(blueprint: Blueprint, use: "web" | "turn", hosts: string[]): SecretSpec[] {
  const { source } = blueprint.certificates;
  const name = use === "web" ? blueprint.domain : namesBelow(blueprint.domain).turn;
  const own = source === "instance-ca";
  const accounts = use === "web" ? "root" : "root and turnserver";
  const rotation = {
    file: "`polder keys request`, the supplier's work, `polder keys install`, converge",
    acme: "`polder keys renew`, then converge",
    "instance-ca": `by itself at ${RENEW_BEFORE.leaf} days left, at the next converge`,
  }[source];
  const lifetimeDays = own || source === "acme" ? LIFETIME.leaf : null;
  const loss = own
    ? "rotate"
    : "have the supplier revoke it, then a new request; meanwhile `polder keys use-reserve`, if there is one";
  const pair = (what: string, on: string[], purpose: string): SecretSpec[] => [
    spec({
      name: `${use}/${what}.key`,
      kind: "private key",
      purpose: `key of ${name}${purpose}`,
      hosts: on,
      accounts,
      lifetimeDays,
      rotation,
      loss,
      given: !own,
    }),
    spec({
      name: `${use}/${what}.crt`,
      kind: "certificate",
      purpose: `certificate of ${name} and its intermediates${purpose}`,
      hosts: on,
      public: true,
      lifetimeDays,
      rotation,
      loss,
      given: !own,
    }),
  ];
  const next = (slot: "tls" | "reserve"): SecretSpec =>
    spec({
      name: `${use}/${slot}-next.key`,
      kind: "private key",
      purpose: `key of a request for ${name} that isn't answered yet`,
      rotation: "goes into use when its certificate is installed",
      loss: "withdraw the order; a new request",
      given: true,
    });
  const reserve = ", of another supplier (BIO2 8.24.05)";
  return [
    ...pair("tls", hosts, ""),
    ...(source === "file" ? [next("tls"), ...pair("reserve", [], reserve), next("reserve")] : []),
  ];
}

/**
 * Every secret of an instance, by the names that rendered files refer to. The order is that of the
 * table in docs/keys.md; no value is known here.
 */
export function secretsOf(blueprint: Blueprint): SecretSpec[] {
  const ids = (role: Role): string[] => hostsWith(blueprint, role).map((host) => host.id);
  const all = blueprint.hosts.map((host) => host.id);
  const { source } = blueprint.certificates;
  return [
    ...instanceAuthority(all),
    ...all.flatMap(hostPair),
    ...publicPair(blueprint, "web", ids("control")),
    ...publicPair(blueprint, "turn", ids("turn")),
    ...(source === "acme" ? acmeAccount() : []),
    ...services(ids("control"), ids("turn"), ids("monitor")),
    ...hostsWith(blueprint, "bridge").flatMap((bridge) =>
      account(
        bridge.id,
        "jvb",
        [bridge.id],
        hostsWith(blueprint, "control")
          .filter(({ shard }) => shard === bridge.shard)
          .map(({ id }) => id),
      ),
    ),
    ...gate(ids("control")),
    ...monitoring(blueprint, ids("monitor")),
    ...sshAuthority(all),
    ...issuer(),
  ];
}

function acmeAccount(): SecretSpec[] {
  return [
    spec({
      name: "acme/account.key",
      kind: "private key",
      purpose: "our account at the ACME server",
      rotation: "`polder keys rotate`; the next `polder keys renew` makes a new account",
      loss: "have the supplier close the account, then rotate",
    }),
    spec({
      name: "acme/eab-key",
      kind: "shared secret",
      purpose: "external account binding: ties the ACME account to our contract (base64url)",
      rotation: "a new one from the supplier, `polder keys set`",
      loss: "have the supplier withdraw it: whoever has it orders on our contract",
      given: true,
    }),
  ];
}

/** A login to Prosody: the password where its program is, and its salted keys on the control host. */
function account(
  user: string,
  program: string,
  on: readonly string[],
  control: readonly string[],
): SecretSpec[] {
  const rotation = `${ROTATE}: control first, then its users; ${program} logs in again`;
  const loss = "rotate: whoever reaches Prosody inside the service zone could log in with it";
  return [
    spec({
      name: `prosody/${user}-password`,
      kind: "password",
      purpose: `${program} logs in to Prosody`,
      hosts: on,
      accounts: `root and ${program}`,
      lifetimeDays: LIFETIME.password,
      rotation,
      loss,
    }),
    spec({
      name: `prosody/${user}.dat`,
      kind: "account file",
      purpose: `Prosody's side of that login: salted SCRAM keys, not the password`,
      hosts: control,
      accounts: "root and prosody",
      rotation: "follows its password",
      loss,
    }),
  ];
}

function services(control: string[], turn: string[], monitor: string[]): SecretSpec[] {
  return [
    ...(turn.length > 0
      ? [
          spec({
            name: "turn/shared-secret",
            kind: "shared secret",
            purpose: "Prosody makes short-lived relay logins with it",
            hosts: control,
            accounts: "root and prosody",
            lifetimeDays: LIFETIME.password,
            rotation: `${THREE_RUNS}, and its logins with it; running relays stay`,
            loss: "rotate at once, three times: whoever has it relays through coturn, to the bridges alone",
          }),
          spec({
            name: "turn/accepted-secrets",
            kind: "shared secret",
            purpose:
              "coturn checks relay logins with it; during a rotation two secrets, the first one is Prosody's",
            hosts: turn,
            accounts: "root and turnserver",
            lifetimeDays: LIFETIME.password,
            rotation: "follows turn/shared-secret",
            loss: "`polder keys init` makes it again; stolen: as turn/shared-secret",
          }),
          spec({
            name: "turn/monitor-login",
            kind: "password",
            purpose:
              "the monitor gets a relay with it, each minute, to see whether media comes through",
            hosts: monitor,
            accounts: "root and the watch's own account",
            lifetimeDays: LIFETIME.leaf,
            rotation: `follows turn/shared-secret; by itself at ${RENEW_BEFORE.leaf} days left, at the next converge`,
            loss: "rotate turn/shared-secret: whoever has it relays as one user, to the bridges alone, until its end",
          }),
        ]
      : []),
    ...account("focus", "jicofo", control, control),
    spec({
      name: "web/security-txt-expires",
      kind: "date",
      purpose: "until when security.txt is valid (RFC 9116)",
      hosts: control,
      public: true,
      lifetimeDays: LIFETIME.securityText,
      rotation: `by itself at ${RENEW_BEFORE.securityText} days left, at the next converge`,
      loss: "the next converge makes another",
    }),
  ];
}

function monitoring(blueprint: Blueprint, monitor: string[]): SecretSpec[] {
  const store = (name: "operations" | "security", kept: boolean): SecretSpec[] => {
    const rotation =
      "`polder keys rotate`, then converge; the old identity stays in the list, for older logs";
    const [seals, opens] = kept ? [" over the log keepers' seal", "the outer seal of "] : ["", ""];
    const stolen = kept
      ? "rotate; what is sealed already needs a log keeper's identity, too"
      : "rotate; the thief can read what was sealed before";
    return [
      spec({
        name: `monitor/${name}.recipient`,
        kind: "age recipient",
        purpose: `the monitor seals the ${name} logs to it${seals}, and can't open them`,
        hosts: monitor,
        public: true,
        lifetimeDays: LIFETIME.reading,
        rotation,
        loss: "is made again from its identity by a rotation",
      }),
      spec({
        name: `monitor/${name}.identity`,
        kind: "age identity",
        purpose: `opens ${opens}the ${name} logs`,
        lifetimeDays: LIFETIME.reading,
        rotation,
        loss: `lost: older logs can't be read any more; stolen: ${stolen}`,
      }),
    ];
  };
  return [
    ...store("operations", false),
    ...store("security", blueprint.logKeepers.length > 0),
    ...(blueprint.alarms
      ? [
          spec({
            name: "alarm/token",
            kind: "shared secret",
            purpose: "the monitor shows it to the webhook; give it to whoever runs that",
            hosts: monitor,
            accounts: "root and the alarm's own account",
            lifetimeDays: LIFETIME.password,
            rotation: `${ROTATE}, and the webhook's side; or \`polder keys set\` with theirs`,
            loss: "rotate: whoever has it can post false alarms",
          }),
        ]
      : []),
  ];
}

function sshAuthority(hosts: readonly string[]): SecretSpec[] {
  const rotation =
    "`polder keys rotate`, then converge: hosts get certificates of the new one over the old path";
  return [
    spec({
      name: "ssh/ca.key",
      kind: "private key",
      purpose: "signs the hosts' SSH keys, once a person has confirmed a host's fingerprint",
      lifetimeDays: LIFETIME.authority,
      rotation,
      loss: "rotate at once: whoever has it can pose as a host to an admin",
    }),
    spec({
      name: "ssh/ca.pub",
      kind: "public key",
      purpose: "what admins' SSH trusts for this instance's hosts",
      hosts,
      public: true,
      lifetimeDays: LIFETIME.authority,
      rotation,
      loss: "is made again from its key",
    }),
    ...hosts.map((host) =>
      spec({
        name: `ssh/${host}.cert`,
        kind: "certificate",
        purpose: "the host's SSH certificate; empty until its fingerprint is confirmed",
        hosts: [host],
        public: true,
        lifetimeDays: LIFETIME.leaf,
        rotation: `by itself at ${RENEW_BEFORE.leaf} days left, at the next converge`,
        loss: "the next converge makes another",
      }),
    ),
  ];
}

const THREE_RUNS =
  "three runs of `polder keys rotate`, a converge after each: the next one is valid, too; it is used; the old one is dropped";

/** What the gate on a control host knows meetings by. */
function gate(control: string[]): SecretSpec[] {
  return [
    spec({
      name: "gate/rooms.keys",
      kind: "shared secret",
      purpose:
        "proves that a room's name was issued: the MAC in it; during a rotation two keys, the first one issues",
      hosts: control,
      accounts: "root and prosody",
      lifetimeDays: LIFETIME.password,
      rotation: `${THREE_RUNS}, and its rooms with it`,
      loss: "rotate at once, three times: whoever has it can make names that the gate takes for issued, and enters none of them without a token",
    }),
    spec({
      name: "gate/tokens.pem",
      kind: "public key",
      purpose:
        "what the gate checks tokens with; empty until there is an issuer vault, during a rotation two keys",
      hosts: control,
      public: true,
      lifetimeDays: LIFETIME.password,
      rotation: "follows issuer/token-signing.key",
      loss: "`polder keys init` writes it again",
    }),
    spec({
      name: "gate/pseudonym.key",
      kind: "shared secret",
      purpose: "makes the pseudonyms by which the security logs name rooms",
      hosts: control,
      accounts: "root and prosody",
      lifetimeDays: LIFETIME.reading,
      rotation: `${ROTATE}; the old one stays in the vault, for older logs`,
      loss: "lost: nobody can find out any more which meeting a room in older logs was; stolen: rotate",
    }),
  ];
}

function issuer(): SecretSpec[] {
  return [
    spec({
      name: "issuer/token-signing.key",
      kind: "private key",
      purpose: "signs the tokens that let people into meetings (RS256, 3072 bits)",
      vault: "issuer",
      lifetimeDays: LIFETIME.password,
      rotation: `${THREE_RUNS}, and its tokens with it`,
      loss: "rotate at once, three times: whoever has it can enter any meeting whose name they know",
    }),
    spec({
      name: "issuer/log-signing.key",
      kind: "private key",
      purpose: "signs the lines of the issue log, issued.jsonl (Ed25519)",
      vault: "issuer",
      lifetimeDays: LIFETIME.authority,
      rotation:
        "`polder keys rotate`: the next line of the log names the new key and is signed by the old one, which stays valid for the lines before it",
      loss: "rotate, and compare the log with its copies: whoever has it can write lines",
    }),
  ];
}
