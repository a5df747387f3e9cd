import { X509Certificate } from "node:crypto";
import type { LoadedInstance } from "../../workspace/index.ts";
import { type SecretSpec, secretsOf } from "../keyring/index.ts";
import { type Rotation, rotationOf } from "./steps.ts";
import type { Vault } from "./vault.ts";

/** Whether a vault holds a secret, and how long the secret is still valid; never its value. */
export interface SecretStatus {
  readonly spec: SecretSpec;
  readonly state: "kept" | "missing";
  /** Day of its end; undefined where it has none, or isn't there. */
  readonly until?: string;
  /** Whole days left until then; negative when it is over. */
  readonly daysLeft?: number;
  /** Of what changes in three steps: how far it is. */
  readonly rotation?: Rotation;
}

const DAY = 86_400_000;

/** When a value ends: a certificate names its end, other values end a lifetime after they were made. */
function endOf(spec: SecretSpec, vault: Vault): Date | undefined {
  const value = vault.get(spec.name);
  if (value?.startsWith("-----BEGIN CERTIFICATE-----"))
    return new Date(new X509Certificate(value).validTo);
  if (spec.kind === "date") return new Date(value as string);
  const made = vault.madeOn(spec.name);
  if (made === undefined || spec.lifetimeDays === null || spec.kind === "certificate")
    return undefined;
  return new Date(new Date(`${made}T00:00:00Z`).getTime() + spec.lifetimeDays * DAY);
}

/** Every secret that a vault should hold, with what is left of its life. */
export function inventory(loaded: LoadedInstance, vault: Vault, now: Date): SecretStatus[] {
  return secretsOf(loaded.blueprint)
    .filter((spec) => spec.vault === vault.kind)
    .map((spec): SecretStatus => {
      const rotation = rotationOf(loaded, vault, spec.name);
      return { ...statusOf(spec, vault, now), ...(rotation && { rotation }) };
    });
}

function statusOf(spec: SecretSpec, vault: Vault, now: Date): SecretStatus {
  // A host's SSH certificate is empty until a person has confirmed the host.
  if (!vault.get(spec.name)) return { spec, state: "missing" };
  const end = endOf(spec, vault);
  if (end === undefined) return { spec, state: "kept" };
  const daysLeft = Math.floor((end.getTime() - now.getTime()) / DAY);
  return { spec, state: "kept", until: end.toISOString().slice(0, 10), daysLeft };
}
