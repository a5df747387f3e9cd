import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { badInput } from "../../common/input/index.ts";
import { type LoadedInstance, writeAtomically } from "../../workspace/index.ts";
import type { SecretSpec } from "../keyring/index.ts";
import { identityFile, readIdentities, seal, unseal } from "./age.ts";
import { decryptText, encryptText } from "./ansible-vault.ts";
import { loadHosts } from "./hosts-file.ts";
import { type Person, peopleOf } from "./recipients.ts";
import { loadTokenKeys, TOKEN_KEYS } from "./token-keys.ts";

export type VaultKind = SecretSpec["vault"];

/** Files of a vault in the instance's folder: the values, and the password sealed to the people. */
export const VAULT_FILES: Readonly<Record<VaultKind, readonly [values: string, key: string]>> = {
  instance: ["vault.yaml", "vault.key.age"],
  issuer: ["issuer-vault.yaml", "issuer-vault.key.age"],
};

/** Entries about the vault itself; a secret's name never begins so. */
const MADE = "vault/made";
const PEOPLE = "vault/people";

const sum = (text: string): string => createHash("sha256").update(text).digest("hex");
export const newPassword = (): string => randomBytes(32).toString("hex");

/**
 * An opened vault, in memory alone. Its values are in private fields, so that printing it shows
 * none of them.
 */
export class Vault {
  readonly kind: VaultKind;
  readonly folder: string;
  readonly #values: Map<string, string>;
  /** Name to the day on which its value was made. */
  readonly #made: Map<string, string>;
  readonly #people: readonly Person[];
  #password: string;
  #readSum: string | undefined;
  #changed = false;

  constructor(
    kind: VaultKind,
    folder: string,
    password: string,
    people: readonly Person[],
    stored?: { readonly text: string; readonly values: ReadonlyMap<string, string> },
  ) {
    this.kind = kind;
    this.folder = folder;
    this.#password = password;
    this.#readSum = stored && sum(stored.text);
    this.#values = new Map(stored?.values);
    this.#made = new Map(
      Object.entries(parsed<Record<string, string>>(this.#values.get(MADE), {})),
    );
    this.#people = parsed(this.#values.get(PEOPLE), people);
    this.#values.delete(MADE);
    this.#values.delete(PEOPLE);
  }

  get path(): string {
    return join(this.folder, VAULT_FILES[this.kind][0]);
  }

  /** The people that it was last sealed to. */
  get people(): readonly Person[] {
    return this.#people;
  }

  /** Whether something was set or deleted since it was opened or saved. */
  get changed(): boolean {
    return this.#changed;
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** @throws ExternalFailure when it isn't there. */
  need(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined)
      throw new ExternalFailure(
        `${this.path} has no ${name}: \`polder keys init\` makes what is missing`,
      );
    return value;
  }

  names(): string[] {
    return [...this.#values.keys()].sort();
  }

  /** Day (`YYYY-MM-DD`) on which a value was made or given. */
  madeOn(name: string): string | undefined {
    return this.#made.get(name);
  }

  set(name: string, value: string, day: string): void {
    this.#values.set(name, value);
    this.#made.set(name, day);
    this.#changed = true;
  }

  delete(name: string): void {
    if (!this.#values.delete(name)) return;
    this.#made.delete(name);
    this.#changed = true;
  }

  /** What is kept beside the vault and served with it: never saved in it. */
  overlay(name: string, value: string): void {
    this.#overlay.add(name);
    this.#values.set(name, value);
  }

  readonly #overlay = new Set<string>();

  /**
   * Writes it, encrypted, if something changed.
   *
   * @throws ExternalFailure when somebody else wrote the file since it was opened.
   */
  async save(): Promise<void> {
    if (this.#changed) await this.write(this.#password, this.#people);
  }

  /** Writes it under a password, for these people. Not sealed to them by this: see `rekey`. */
  async write(password: string, people: readonly Person[]): Promise<void> {
    const entries = [...this.#values].filter(([name]) => !this.#overlay.has(name));
    const all = new Map(entries);
    all.set(MADE, JSON.stringify(Object.fromEntries([...this.#made].sort())));
    all.set(PEOPLE, JSON.stringify(people));
    const text = dump(Object.fromEntries([...all].sort()), { lineWidth: -1 });
    const sealed = encryptText(text, password);
    const now = existsSync(this.path) ? sum(readFileSync(this.path, "utf8")) : undefined;
    if (now !== this.#readSum)
      throw new ExternalFailure(
        `${this.path} was written by somebody else meanwhile, nothing was changed: run it again`,
      );
    writeAtomically(this.path, sealed);
    this.#readSum = sum(sealed);
    this.#password = password;
    this.#changed = false;
  }

  /** For code that must seal the value anew. */
  password(): string {
    return this.#password;
  }
}

function parsed<T>(text: string | undefined, otherwise: T): T {
  return text === undefined ? otherwise : (JSON.parse(text) as T);
}

export interface OpenOptions {
  /** File with the person's age identity; see `identityFile` for where it is looked for. */
  readonly identityFile?: string;
  readonly kind?: VaultKind;
}

/** Whether an instance has this vault already. */
export const hasVault = (folder: string, kind: VaultKind): boolean =>
  existsSync(join(folder, VAULT_FILES[kind][0]));

/**
 * The passwords that a sealed key file holds: one, or the new and the old one when `rekey` was
 * interrupted.
 *
 * @throws BadInput when there is no vault or the identity doesn't open it.
 */
export async function vaultPasswords(
  loaded: LoadedInstance,
  options: OpenOptions = {},
): Promise<string[]> {
  const kind = options.kind ?? "instance";
  const [values, key] = VAULT_FILES[kind].map((file) => join(loaded.folder, file)) as [
    string,
    string,
  ];
  const missing = [values, key].find((path) => !existsSync(path));
  if (missing !== undefined)
    throw badInput(
      missing,
      `not there: \`polder keys init ${loaded.blueprint.instance}\` makes the vaults`,
    );
  const file = options.identityFile ?? identityFile();
  const opened = await unseal(readFileSync(key, "utf8"), readIdentities(file));
  if (opened === undefined)
    throw badInput(
      key,
      `not sealed to the age identity in ${file}: somebody whom it is sealed to runs \`polder keys rekey ${loaded.blueprint.instance}\` after you are an admin with an age recipient`,
    );
  return opened.split("\n").filter(Boolean);
}

/**
 * Opens a vault with a person's age identity.
 *
 * @throws BadInput when there is none, or the identity doesn't open it; ExternalFailure when it is
 *   damaged. No message holds a value.
 */
export async function openVault(loaded: LoadedInstance, options: OpenOptions = {}): Promise<Vault> {
  const kind = options.kind ?? "instance";
  const passwords = await vaultPasswords(loaded, options);
  const path = join(loaded.folder, VAULT_FILES[kind][0]);
  const sealed = readFileSync(path, "utf8");
  for (const password of passwords) {
    const text = decryptText(sealed, password);
    if (text === undefined) continue;
    const values = readValues(text, path);
    const vault = new Vault(kind, loaded.folder, password, peopleOf(loaded.blueprint, kind), {
      text: sealed,
      values,
    });
    if (kind === "instance") {
      const known = loadHosts(loaded.folder);
      // Empty until a person has confirmed the host: what a configuration refers to must be there.
      for (const { id } of loaded.blueprint.hosts)
        vault.overlay(`ssh/${id}.cert`, known[id]?.certificate ?? "");
      vault.overlay(TOKEN_KEYS, loadTokenKeys(loaded.folder));
    }
    return vault;
  }
  throw new ExternalFailure(
    `${path} doesn't open with its sealed password: it was changed or is from another time than ${VAULT_FILES[kind][1]}; take both from one commit`,
  );
}

function readValues(text: string, path: string): Map<string, string> {
  const damaged = () =>
    new ExternalFailure(
      `${path} holds no map of names and texts: edit it by \`polder keys\` alone`,
    );
  let value: unknown;
  try {
    value = load(text);
  } catch {
    // The parser quotes what it can't read.
    throw damaged();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged();
  const entries = Object.entries(value);
  if (!entries.every(([, entry]) => typeof entry === "string")) throw damaged();
  return new Map(entries as [string, string][]);
}

/** Seals one or more passwords to people. @throws BadInput when nobody could open it. */
export async function sealPasswords(
  loaded: LoadedInstance,
  kind: VaultKind,
  passwords: readonly string[],
): Promise<readonly Person[]> {
  const people = peopleOf(loaded.blueprint, kind);
  if (people.length === 0)
    throw badInput(
      join(loaded.folder, "instance.yaml"),
      kind === "instance"
        ? "no admin has an age recipient (age: age1...), so nobody could open the vault: `polder keys person` makes one"
        : "no admin with an age recipient has issuer: true, so nobody could open the issuer vault",
    );
  const sealed = await seal(
    `${passwords.join("\n")}\n`,
    people.map((person) => person.age),
  );
  writeAtomically(join(loaded.folder, VAULT_FILES[kind][1]), sealed);
  return people;
}

/** A new, empty vault, sealed to its people. */
export async function createVault(loaded: LoadedInstance, kind: VaultKind): Promise<Vault> {
  const password = newPassword();
  const people = await sealPasswords(loaded, kind, [password]);
  const vault = new Vault(kind, loaded.folder, password, people);
  await vault.write(password, people);
  return vault;
}
