import { randomBytes } from "node:crypto";
import { badInput, nearest } from "../../common/input/index.ts";
import { readRoomKeys, roomKeysText, rotateRoomKeys } from "../../meetings/rooms/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { LIFETIME, type SecretSpec, secretsOf } from "../keyring/index.ts";
import { newAgePair } from "./age.ts";
import { dayOf, ensureSecrets, HEX_256, randomOf } from "./ensure.ts";
import {
  ACCEPTED_RELAY_SECRETS,
  NEXT_RELAY_SECRET,
  PREVIOUS_RELAY_SECRET,
  RELAY_SECRET,
} from "./relay-secrets.ts";
import { newSshKey } from "./ssh.ts";
import { rotationOf, wayOn } from "./steps.ts";
import {
  NEXT_TOKEN_KEY,
  newLogKey,
  newTokenKey,
  PREVIOUS_TOKEN_KEY,
  publicOf,
  TOKEN_KEY,
} from "./token-keys.ts";
import type { Vault } from "./vault.ts";
import { constraints } from "./wanted.ts";
import { newAuthority } from "./x509.ts";

/** A line for each step that a rotation took, with what is left to do. */
export type RotationLines = readonly string[];

/** Keys of older security logs, newest first, for people who must read those logs. */
const OLDER_PSEUDONYMS = "gate/pseudonym-older.keys";

const CONVERGE = "run `polder converge` now";

/**
 * The certificates of the CA change in three steps, with a converge after each, so that every host
 * trusts what any other shows at any moment: trust the next one, use it, drop the old one.
 */
async function rotateAuthority(loaded: LoadedInstance, vault: Vault, now: Date): Promise<string> {
  const { blueprint } = loaded;
  const day = dayOf(now);
  const trusted = vault.need("ca/instance.crt");
  const current = trusted.split(/(?<=END CERTIFICATE-----\n)/)[0] as string;
  const [nextKey, next] = [vault.get("ca/next.key"), vault.get("ca/next.crt")];
  if (vault.get("ca/previous.crt") !== undefined) {
    vault.set("ca/instance.crt", current, day);
    vault.delete("ca/previous.crt");
    return `ca/instance.key: step 3 of 3, the old one is trusted no more: ${CONVERGE}`;
  }
  if (nextKey !== undefined && next !== undefined) {
    vault.set("ca/previous.crt", current, day);
    vault.set("ca/instance.key", nextKey, day);
    vault.set("ca/instance.crt", next + current, day);
    vault.delete("ca/next.key");
    vault.delete("ca/next.crt");
    return `ca/instance.key: step 2 of 3, the new one is used: ${CONVERGE}, then rotate it a third time`;
  }
  const name = `${blueprint.instance} instance CA`;
  const made = await newAuthority(name, constraints(blueprint), now, LIFETIME.authority);
  vault.set("ca/next.key", made.key, day);
  vault.set("ca/next.crt", made.certificate, day);
  vault.set("ca/instance.crt", current + made.certificate, day);
  return `ca/instance.key: step 1 of 3, hosts will trust the next one, too: ${CONVERGE}, then rotate it again`;
}

/** @param when to take the third step */
const steps = (who: string, when: string) =>
  [
    `step 1 of 3, ${who} will know the next one, too: ${CONVERGE}, then rotate it again`,
    `step 2 of 3, the next one is used: ${CONVERGE}, then rotate it a third time, ${when}`,
    `step 3 of 3, the old one counts no more: ${CONVERGE}`,
  ] as const;

const STEPS = steps(
  "the gate",
  "best when the last meeting by the old one is over: `polder invite NAME --check` says when",
);
const RELAY_STEPS = steps("coturn", "best when ten minutes are over, the life of a login");

/** As the CA: with a converge after each step, what is issued counts at any moment. */
function rotateRooms(vault: Vault, name: string, day: string): string {
  const { step, keys } = rotateRoomKeys(readRoomKeys(vault.need(name)), randomBytes(32));
  vault.set(name, roomKeysText(keys), day);
  return `${name}: ${STEPS[step - 1]}`;
}

/** The entries of a secret beside which the next one lies, or what is left of the one before. */
interface Entries {
  readonly name: string;
  readonly next: string;
  readonly previous: string;
  readonly make: () => string;
  /** What is kept of one that is used no more. */
  readonly left: (value: string) => string;
  readonly steps: typeof STEPS;
}

const TOKENS: Entries = {
  name: TOKEN_KEY,
  next: NEXT_TOKEN_KEY,
  previous: PREVIOUS_TOKEN_KEY,
  make: newTokenKey,
  left: publicOf,
  steps: STEPS,
};
const RELAYS: Entries = {
  name: RELAY_SECRET,
  next: NEXT_RELAY_SECRET,
  previous: PREVIOUS_RELAY_SECRET,
  make: HEX_256,
  left: (value) => value,
  steps: RELAY_STEPS,
};

function rotateEntries(vault: Vault, entries: Entries, day: string): string {
  const { name, steps: lines } = entries;
  const next = vault.get(entries.next);
  if (vault.get(entries.previous) !== undefined) {
    vault.delete(entries.previous);
    return `${name}: ${lines[2]}`;
  }
  if (next !== undefined) {
    vault.set(entries.previous, entries.left(vault.need(name)), day);
    vault.set(name, next, day);
    vault.delete(entries.next);
    return `${name}: ${lines[1]}`;
  }
  vault.set(entries.next, entries.make(), day);
  return `${name}: ${lines[0]}`;
}

/** Names that stand for the same thing: a certificate, a recipient or a public key and its secret. */
function secretPart(name: string): string {
  return name
    .replace(/^ca\/instance\.crt$/, "ca/instance.key")
    .replace(/^ssh\/ca\.pub$/, "ssh/ca.key")
    .replace(/^gate\/tokens\.pem$/, TOKEN_KEY)
    .replace(ACCEPTED_RELAY_SECRETS, RELAY_SECRET)
    .replace(/^(tls\/.+|web\/tls|turn\/tls)\.crt$/, "$1.key")
    .replace(/^(monitor\/.+)\.recipient$/, "$1.identity")
    .replace(/^(prosody\/.+)\.dat$/, "$1-password")
    .replace("turn/monitor-login", "turn/shared-secret");
}

async function rotateOne(
  loaded: LoadedInstance,
  vault: Vault,
  spec: SecretSpec,
  now: Date,
): Promise<string> {
  const { name } = spec;
  const day = dayOf(now);
  if (name === "gate/rooms.keys") return rotateRooms(vault, name, day);
  for (const entries of [TOKENS, RELAYS])
    if (name === entries.name) return rotateEntries(vault, entries, day);
  if (name === "issuer/log-signing.key") {
    vault.set(name, newLogKey() + vault.need(name), day);
    return `${name}: made anew: the next line of the issue log hands over to it`;
  }
  if (name === "gate/pseudonym.key")
    vault.set(OLDER_PSEUDONYMS, `${vault.need(name)}\n${vault.get(OLDER_PSEUDONYMS) ?? ""}`, day);
  const make = randomOf(name);
  if (make) {
    vault.set(name, make(), day);
    return `${name}: made anew: ${spec.hosts.length > 0 || name.endsWith("-password") ? CONVERGE : "no host holds it"}`;
  }
  if (name === "ca/instance.key") return rotateAuthority(loaded, vault, now);
  if (name === "ssh/ca.key") {
    const made = newSshKey(`${loaded.blueprint.instance} SSH CA`);
    vault.set("ssh/ca.key", made.key, day);
    vault.set("ssh/ca.pub", made.pub, day);
    return `${name}: made anew, and the hosts' certificates with it: ${CONVERGE}`;
  }
  if (name.startsWith("monitor/")) {
    const pair = await newAgePair();
    vault.set(name, `${pair.identity}\n${vault.get(name) ?? ""}`, day);
    vault.set(name.replace("identity", "recipient"), pair.recipient, day);
    return `${name}: made anew, the old one stays below it for older logs: ${CONVERGE}`;
  }
  // Certificates by the instance CA and security.txt: what is missing is made.
  vault.delete(name);
  if (name.endsWith(".key")) vault.delete(name.replace(/key$/, "crt"));
  return `${name}: made anew: ${CONVERGE}`;
}

/** What can be made anew from here; the rest comes from somebody else, or with another one. */
function rotatable(loaded: LoadedInstance, vault: Vault): SecretSpec[] {
  const { source } = loaded.blueprint.certificates;
  const ours = source === "instance-ca" ? /^$/ : /^(web|turn)\/(tls|reserve)\./;
  return secretsOf(loaded.blueprint).filter(
    ({ name, vault: kind, given }) =>
      kind === vault.kind &&
      !given &&
      !ours.test(name) &&
      secretPart(name) === name &&
      !/^ssh\/.+\.cert$/.test(name),
  );
}

/**
 * Makes one secret anew, or all that can be (`name` undefined), and what follows from it.
 *
 * @returns lines for a person: what was done, and what is next.
 * @throws BadInput for a name that isn't of this vault, or that is made by somebody else.
 */
export async function rotate(
  loaded: LoadedInstance,
  vault: Vault,
  name: string | undefined,
  now: Date,
): Promise<RotationLines> {
  const able = rotatable(loaded, vault);
  const asked = name === undefined ? able : able.filter((spec) => spec.name === secretPart(name));
  if (asked.length === 0) {
    const known = secretsOf(loaded.blueprint).find((spec) => spec.name === name);
    const near = nearest(
      name ?? "",
      able.map((spec) => spec.name),
    );
    const message = known
      ? `not made anew from here: ${known.rotation}`
      : `no such secret${near ? `; did you mean "${near}"?` : ", `polder keys list` shows them"}`;
    throw badInput(name ?? vault.path, message);
  }
  const lines: string[] = [];
  for (const spec of asked) {
    const behind = rotationOf(loaded, vault, spec.name)?.behind ?? [];
    if (behind.length === 0) {
      lines.push(await rotateOne(loaded, vault, spec, now));
      continue;
    }
    const message = `its next step waits: ${behind.join(", ")} ${behind.length === 1 ? "doesn't" : "don't"} run with the last one yet, and would be cut off: ${wayOn(loaded.blueprint.instance)}, then rotate it again`;
    if (name !== undefined) throw badInput(spec.name, message);
    lines.push(`${spec.name}: ${message}`);
  }
  // Made anew and not yet saved: what follows from it is saved together with it.
  await ensureSecrets(loaded, vault, now);
  if (name !== undefined) return lines;
  const rest = secretsOf(loaded.blueprint).filter(
    (spec) => spec.vault === vault.kind && vault.get(spec.name) !== undefined && spec.given,
  );
  return [...lines, ...rest.map((spec) => `${spec.name}: not from here: ${spec.rotation}`)];
}
