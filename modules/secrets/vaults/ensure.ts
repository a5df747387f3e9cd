import {
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import { roomKeysText } from "../../meetings/rooms/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { LIFETIME, RENEW_BEFORE, secretsOf } from "../keyring/index.ts";
import { newAgePair, recipientOf } from "./age.ts";
import { type Hosts, loadHosts, saveHosts } from "./hosts-file.ts";
import { isAccountOf, prosodyAccount } from "./prosody-account.ts";
import {
  ACCEPTED_RELAY_SECRETS,
  NEXT_RELAY_SECRET,
  PREVIOUS_RELAY_SECRET,
  RELAY_SECRET,
} from "./relay-secrets.ts";
import { newHostCertificate, newSshKey, readHostCertificate, sshPublicOf } from "./ssh.ts";
import { loadTokenKeys, newLogKey, newTokenKey, TOKEN_KEYS, writeTokenKeys } from "./token-keys.ts";
import type { Vault } from "./vault.ts";
import { constraints, hostLeaf, type PublicUse, publicLeaf, sshPrincipals } from "./wanted.ts";
import { constraintsOf, type Leaf, newAuthority, newLeaf, type Pair } from "./x509.ts";

/** One thing that `ensureSecrets` did, or can't do. */
export interface Change {
  readonly name: string;
  /** Missing: somebody else makes it, see `why`. */
  readonly what: "made" | "renewed" | "dropped" | "missing";
  readonly why: string;
}

const DAY = 86_400_000;
export const HEX_256 = (): string => randomBytes(32).toString("hex");
export const dayOf = (now: Date): string => now.toISOString().slice(0, 10);

/** Values that need nothing but chance: by name. */
const RANDOM: Readonly<Record<string, () => string>> = {
  [RELAY_SECRET]: HEX_256,
  "alarm/token": HEX_256,
  "gate/rooms.keys": () => roomKeysText([{ index: 0, key: randomBytes(32) }]),
  "gate/pseudonym.key": HEX_256,
  "issuer/token-signing.key": newTokenKey,
  "issuer/log-signing.key": newLogKey,
  "acme/account.key": () =>
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
      type: "pkcs8",
      format: "pem",
    }) as string,
};

/** User and password, as coturn checks them with `use-auth-secret` (draft-uberti-behave-turn-rest-00). */
const relayLogin = (user: string, secret: string): string =>
  `${user} ${createHmac("sha1", secret).update(user).digest("base64")}`;

/** What makes a value that needs nothing but chance; undefined for others. */
export const randomOf = (name: string): (() => string) | undefined =>
  /^prosody\/.+-password$/.test(name) ? HEX_256 : RANDOM[name];

/** Whether a certificate is a key's, by this CA, for exactly these names, for long enough. */
function isGoodLeaf(pair: Pair, authority: string, leaf: Leaf, now: Date): boolean {
  const certificate = new X509Certificate(pair.certificate);
  const names = (certificate.subjectAltName ?? "").split(", ").sort();
  const wanted = [
    ...leaf.dns.map((name) => `DNS:${name}`),
    ...leaf.addresses.map((address) => `IP Address:${certificateForm(address)}`),
  ].sort();
  const left = new Date(certificate.validTo).getTime() - now.getTime();
  return (
    certificate.checkPrivateKey(createPrivateKey(pair.key)) &&
    certificate.verify(new X509Certificate(authority).publicKey) &&
    names.join() === wanted.join() &&
    left >= RENEW_BEFORE.leaf * DAY
  );
}

/** IPv6 as OpenSSL prints it: eight groups, upper case, no zeros in front. */
function certificateForm(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const parts = (text: string) => (text === "" ? [] : text.split(":"));
  const gap = tail === undefined ? 0 : 8 - parts(head).length - parts(tail).length;
  return [...parts(head), ...Array<string>(gap).fill("0"), ...parts(tail ?? "")]
    .map((group) => Number.parseInt(group, 16).toString(16).toUpperCase())
    .join(":");
}

/**
 * Makes missing secrets, renews those that are due, drops those of hosts that are gone, and saves the vault,
 * hosts.yaml (for the SSH certificates) and, of the issuer vault, the public halves of the token keys. When
 * nothing is due, nothing is written.
 *
 * @param now the moment that decides what is due
 * @param keep whether the changes are saved, or stand in the open vault alone
 */
export async function ensureSecrets(
  loaded: LoadedInstance,
  vault: Vault,
  now: Date = new Date(),
  keep: "saved" | "not saved" = "saved",
): Promise<readonly Change[]> {
  const work = new Work(loaded.blueprint, vault, now);
  if (vault.kind === "instance") {
    work.dropGone();
    await work.authority();
    await work.leaves();
    work.random();
    work.relaySecrets();
    work.accounts();
    work.monitorLogin();
    await work.logStores();
    work.securityText();
    const hosts = work.ssh(loadHosts(loaded.folder));
    if (hosts && keep === "saved") saveHosts(loaded.folder, hosts);
    vault.overlay(TOKEN_KEYS, loadTokenKeys(loaded.folder));
    work.given();
  } else {
    work.random();
    // Before the vault: an interrupt in between leaves a public half too many, never one too few.
    if (keep === "saved") writeTokenKeys(loaded.folder, vault);
  }
  if (keep === "saved") await vault.save();
  return work.changes;
}

class Work {
  readonly changes: Change[] = [];
  readonly #blueprint: Blueprint;
  readonly #vault: Vault;
  readonly #now: Date;

  constructor(blueprint: Blueprint, vault: Vault, now: Date) {
    this.#blueprint = blueprint;
    this.#vault = vault;
    this.#now = now;
  }

  #say(name: string, what: Change["what"], why: string): void {
    this.changes.push({ name, what, why });
  }

  #set(name: string, value: string): void {
    this.#vault.set(name, value, dayOf(this.#now));
  }

  #wanted(): string[] {
    return secretsOf(this.#blueprint)
      .filter((spec) => spec.vault === this.#vault.kind)
      .map((spec) => spec.name);
  }

  /** A host that is gone takes its key and its account with it; one of the same name later gets others. */
  dropGone(): void {
    const wanted = new Set(this.#wanted());
    const ids = new Set(this.#blueprint.hosts.map((host) => host.id));
    for (const name of this.#vault.names()) {
      if (name.startsWith("prosody/") && !wanted.has(name)) {
        this.#vault.delete(name);
        this.#say(
          name,
          "dropped",
          "Jicofo has an account and each bridge its own, and this is none of them",
        );
        continue;
      }
      const [, host] = /^tls\/(.+)\.(?:key|crt)$/.exec(name) ?? [];
      if (host === undefined || ids.has(host)) continue;
      this.#vault.delete(name);
      this.#say(name, "dropped", `${host} is no host of this instance any more`);
    }
  }

  async authority(): Promise<void> {
    const [blueprint, vault] = [this.#blueprint, this.#vault];
    const allowed = constraints(blueprint);
    const current = vault.get("ca/instance.crt")?.split(/(?<=END CERTIFICATE-----\n)/)[0];
    if (current && vault.get("ca/instance.key")) {
      const same =
        constraintsOf(current).join() === [...allowed.dns, ...allowed.ranges].sort().join();
      if (same) return;
      for (const name of ["ca/next.key", "ca/next.crt", "ca/previous.crt"]) vault.delete(name);
    }
    const made = await newAuthority(
      `${blueprint.instance} instance CA`,
      allowed,
      this.#now,
      LIFETIME.authority,
    );
    this.#set("ca/instance.key", made.key);
    this.#set("ca/instance.crt", made.certificate);
    const why = current ? "the domain or the ranges are others now" : "there was none";
    this.#say("ca/instance.key", current ? "renewed" : "made", why);
  }

  async leaves(): Promise<void> {
    const { hosts, certificates } = this.#blueprint;
    for (const host of hosts) await this.#leaf(`tls/${host.id}`, hostLeaf(this.#blueprint, host));
    if (certificates.source !== "instance-ca") return;
    for (const use of ["web", "turn"] as PublicUse[])
      await this.#leaf(`${use}/tls`, publicLeaf(this.#blueprint, use));
  }

  async #leaf(name: string, leaf: Leaf): Promise<void> {
    const vault = this.#vault;
    const chain = vault.need("ca/instance.crt").split(/(?<=END CERTIFICATE-----\n)/);
    const authority = { key: vault.need("ca/instance.key"), certificate: chain[0] as string };
    const [key, certificate] = [vault.get(`${name}.key`), vault.get(`${name}.crt`)];
    const had = key !== undefined && certificate !== undefined;
    if (had && isGoodLeaf({ key, certificate }, authority.certificate, leaf, this.#now)) return;
    const made = await newLeaf(authority, leaf, this.#now, LIFETIME.leaf);
    this.#set(`${name}.key`, made.key);
    this.#set(`${name}.crt`, made.certificate);
    const why = had ? "near its end, or for other names, or by another CA" : "there was none";
    this.#say(`${name}.crt`, had ? "renewed" : "made", why);
  }

  random(): void {
    for (const name of this.#wanted()) {
      const make = randomOf(name);
      if (!make || this.#vault.get(name) !== undefined) continue;
      this.#set(name, make());
      this.#say(name, "made", "there was none");
    }
  }

  /** What coturn takes logins by: the secret that makes them, and the one before or after it. */
  relaySecrets(): void {
    const shared = this.#vault.get(RELAY_SECRET);
    if (shared === undefined) return;
    const other = this.#vault.get(NEXT_RELAY_SECRET) ?? this.#vault.get(PREVIOUS_RELAY_SECRET);
    const value = JSON.stringify([shared, ...(other === undefined ? [] : [other])]);
    const had = this.#vault.get(ACCEPTED_RELAY_SECRETS);
    if (had === value) return;
    this.#set(ACCEPTED_RELAY_SECRETS, value);
    const what = had === undefined ? "made" : "renewed";
    this.#say(ACCEPTED_RELAY_SECRETS, what, `of ${RELAY_SECRET}`);
  }

  accounts(): void {
    for (const name of this.#wanted().filter((one) => /^prosody\/.+\.dat$/.test(one))) {
      const password = this.#vault.need(name.replace(/\.dat$/, "-password"));
      const had = this.#vault.get(name);
      if (had !== undefined && isAccountOf(had, password)) continue;
      this.#set(name, prosodyAccount(password));
      this.#say(name, had === undefined ? "made" : "renewed", "of its password");
    }
  }

  /** One user's login for relays, made of the secret that all are made of: the monitor can make no other. */
  monitorLogin(): void {
    const [name, secret] = ["turn/monitor-login", this.#vault.get("turn/shared-secret")];
    if (secret === undefined) return;
    const had = this.#vault.get(name);
    const [user = ""] = had?.split(" ") ?? [];
    const left = Number.parseInt(user, 10) * 1000 - this.#now.getTime();
    if (had === relayLogin(user, secret) && left >= RENEW_BEFORE.leaf * DAY) return;
    const until = new Date(this.#now.getTime() + LIFETIME.leaf * DAY);
    this.#set(name, relayLogin(`${Math.floor(until.getTime() / 1000)}:monitor`, secret));
    this.#say(name, had === undefined ? "made" : "renewed", `counts until ${dayOf(until)}`);
  }

  async logStores(): Promise<void> {
    for (const store of ["operations", "security"]) {
      const [secret, open] = [`monitor/${store}.identity`, `monitor/${store}.recipient`];
      const newest = this.#vault.get(secret)?.split("\n")[0];
      if (newest === undefined) {
        const pair = await newAgePair();
        this.#set(secret, `${pair.identity}\n`);
        this.#set(open, pair.recipient);
        this.#say(secret, "made", "there was none");
      } else if (this.#vault.get(open) === undefined) {
        this.#set(open, await recipientOf(newest));
        this.#say(open, "made", "of its identity");
      }
    }
  }

  securityText(): void {
    const name = "web/security-txt-expires";
    const had = this.#vault.get(name);
    const left = had === undefined ? 0 : new Date(had).getTime() - this.#now.getTime();
    if (had !== undefined && left >= RENEW_BEFORE.securityText * DAY) return;
    const until = new Date(this.#now.getTime() + LIFETIME.securityText * DAY);
    this.#set(name, `${until.toISOString().slice(0, 19)}Z`);
    this.#say(name, had === undefined ? "made" : "renewed", `counts until ${dayOf(until)}`);
  }

  /** Hosts with new certificates, or undefined when nothing changed. */
  ssh(hosts: Hosts): Hosts | undefined {
    const vault = this.#vault;
    if (vault.get("ssh/ca.key") === undefined) {
      const made = newSshKey(`${this.#blueprint.instance} SSH CA`);
      this.#set("ssh/ca.key", made.key);
      this.#set("ssh/ca.pub", made.pub);
      this.#say("ssh/ca.key", "made", "there was none");
    } else if (vault.get("ssh/ca.pub") === undefined) {
      this.#set("ssh/ca.pub", sshPublicOf(vault.need("ssh/ca.key")));
      this.#say("ssh/ca.pub", "made", "of its key");
    }
    const next: Record<string, Hosts[string]> = {};
    let changed = false;
    for (const [id, entry] of Object.entries(hosts)) {
      const host = this.#blueprint.hosts.find((one) => one.id === id);
      if (!host) {
        changed = true;
        this.#say(`ssh/${id}.cert`, "dropped", `${id} is no host of this instance any more`);
        continue;
      }
      next[id] = entry;
      if (entry.state !== "confirmed") continue;
      const wanted = { key: entry.key, principals: sshPrincipals(host) };
      if (entry.certificate !== undefined) {
        const authorityPub = vault.need("ssh/ca.pub");
        const seen = readHostCertificate(entry.certificate, { ...wanted, authorityPub });
        const left = seen.until.getTime() - this.#now.getTime();
        if (seen.fits && left >= RENEW_BEFORE.leaf * DAY) continue;
      }
      const certificate = newHostCertificate({
        ...wanted,
        authority: vault.need("ssh/ca.key"),
        now: this.#now,
        days: LIFETIME.leaf,
      });
      next[id] = { ...entry, certificate };
      changed = true;
      const what = entry.certificate === undefined ? "made" : "renewed";
      this.#say(`ssh/${id}.cert`, what, "its fingerprint is confirmed");
    }
    // What a configuration refers to must be there; empty until a person has confirmed the host.
    for (const host of this.#blueprint.hosts)
      vault.overlay(`ssh/${host.id}.cert`, next[host.id]?.certificate ?? "");
    return changed ? next : undefined;
  }

  /** What others make and is not there yet. A reserve may lie ready and a request be open; they needn't. */
  given(): void {
    for (const spec of secretsOf(this.#blueprint)) {
      if (!spec.given || /^(web|turn)\/(reserve|.+\.key$)/.test(spec.name)) continue;
      if (spec.vault !== this.#vault.kind || this.#vault.get(spec.name) !== undefined) continue;
      this.#say(spec.name, "missing", spec.rotation);
    }
  }
}
