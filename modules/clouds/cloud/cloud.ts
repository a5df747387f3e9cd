import type { Finding } from "../../common/findings/index.ts";
import type { Login, Testbed } from "../../common/testbed/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Attributes } from "../terraform/index.ts";
import type { PlanRead } from "./plan-read.ts";

/** An object of the instance that the cloud still holds. */
export interface Leftover {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
}

/** An unmanaged resource that Terraform shall import into its state: one `import` block. */
export interface ImportBlock {
  readonly stack: string;
  readonly to: string;
  readonly id: string;
}

/** What the cloud holds of an instance and no Terraform state manages. */
export interface Unmanaged {
  /** Resources that equal planned ones: an interrupted run created them and couldn't record them. */
  readonly imports: readonly ImportBlock[];
  readonly findings: readonly Finding[];
}

/** A kind of server as the cloud offers it today. */
export interface OfferedFlavour {
  readonly name: string;
  readonly vcpus: number;
  readonly ramMiB: number;
}

/** The cloud's status of a type of resource while it is being created, when it is ready, and after a failure. */
export interface StatusNames {
  readonly kind: string;
  readonly pending: readonly string[];
  readonly ready: readonly string[];
  /** The creation failed, so the resource never held anything: it may be created again though it is protected. */
  readonly failed?: readonly string[];
}

/** Puts a TXT record into a zone and gives what takes it away; see the clouds' own clients. */
export type PutText = (zone: string, name: string, value: string) => Promise<() => Promise<void>>;

/** What a provider's import leaves out of a type, so that it reads as another than the one that is there. */
export interface Imported {
  /** The arguments that the plan of an import must not compare. */
  readonly unread: readonly string[];
  /** Whether a resource in the state lacks what the import left out. */
  readonly lacks: (attributes: Attributes) => boolean;
  /** Gives a function that completes a resource in the state with the cloud's data. @throws ExternalFailure */
  readonly complete: (blueprint: Blueprint) => Promise<(attributes: Attributes) => Attributes>;
}

/** What a cloud is asked beside what Terraform does. A third cloud is one more of these. */
export interface Cloud {
  /**
   * The test bed that an instance stands in by the test bed's own login; undefined for one that stands elsewhere,
   * and where the environment names a login.
   *
   * @param blueprint absent: any instance that stands in the test bed
   */
  readonly testbedOf: (blueprint?: Blueprint) => Testbed | undefined;
  /** What its clients must find in their environment beside what a person put there. */
  readonly login: (blueprint?: Blueprint) => Login;
  /** By its name, each variable that its provider needs to get to the instance's project. @throws BadInput, ExternalFailure */
  readonly access: (blueprint: Blueprint) => Login;
  /**
   * Looks at the credential, before anything is written.
   *
   * @throws BadInput when there is none, or it leads to another cloud than the one that was evaluated.
   */
  readonly checkCredential: (blueprint: Blueprint) => Promise<void>;
  /** What it offers where the instance is to stand. @throws ExternalFailure */
  readonly flavours: (blueprint: Blueprint) => Promise<readonly OfferedFlavour[]>;
  /** What its API still shows of an instance. @throws ExternalFailure */
  readonly leftovers: (blueprint: Blueprint) => Promise<readonly Leftover[]>;
  /**
   * Resources of an instance that the cloud holds and no state manages.
   *
   * @param importing a person says that the servers and volumes with the plan's names are the instance's
   * @throws ExternalFailure
   */
  readonly unmanaged: (
    blueprint: Blueprint,
    plans: ReadonlyMap<string, PlanRead>,
    importing: boolean,
  ) => Promise<Unmanaged>;
  /**
   * By Terraform's type, what must be completed after an import; absent where the provider's import can't
   * give back servers as they were.
   */
  readonly imported?: Readonly<Record<string, Imported>>;
  /** By Terraform's type. */
  readonly statusNames: Readonly<Record<string, StatusNames>>;
  /** The status of one object; undefined when it isn't there. @throws ExternalFailure */
  readonly statusOf: (
    blueprint: Blueprint,
    kind: string,
    id: string,
  ) => Promise<string | undefined>;
  /**
   * Lifts the cloud's own protection of an instance that is to be ended; absent where the cloud has
   * none, and Terraform's and polder's is all there is. @throws ExternalFailure
   */
  readonly unlock?: (blueprint: Blueprint) => Promise<void>;
  readonly putText: (blueprint: Blueprint) => Promise<PutText>;
}

/**
 * {@link Cloud.testbedOf} of a cloud.
 *
 * @param variable what names a login in the environment
 */
export function standsIn(
  testbed: Testbed,
  variable: string,
  blueprint?: Blueprint,
): Testbed | undefined {
  const isNamed = Boolean(process.env[variable]);
  return !isNamed && (!blueprint || blueprint.residency.profile === "lab") ? testbed : undefined;
}
