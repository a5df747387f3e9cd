import type { ProviderSchema } from "../clouds/provider-schema/index.ts";
import type { Finding } from "../common/findings/index.ts";
import type { Blueprint, JitsiRelease } from "../planning/blueprint/index.ts";
import type { Role } from "../planning/sizing/index.ts";

/** A stack's synthesised Terraform document (`cdk.tf.json`, parsed). */
export type TerraformJson = Readonly<Record<string, unknown>>;

/** What `terraform show -json` prints of a saved plan (format 1.x). Foreign, so nothing is assumed. */
export type PlanJson = Readonly<Record<string, unknown>>;

/** What was rendered for one host, in the fields that rules read; secrets stand in it as references. */
export interface RenderedHost {
  readonly host: string;
  readonly role: Role;
  /** All that it carries, `role` first. */
  readonly roles: readonly Role[];
  readonly packages: { readonly install: readonly string[]; readonly absent: readonly string[] };
  readonly files: readonly {
    /** Absolute path on the host. */
    readonly path: string;
    /** Its text; base64 where it is binary. */
    readonly content: string;
    readonly binary?: true;
    readonly owner: string;
    readonly group: string;
    /** Octal, such as `0640`. */
    readonly mode: string;
  }[];
  readonly units: readonly { readonly name: string }[];
  readonly masked: readonly string[];
}

/** All that the rules look at. */
export interface PolicyInput {
  readonly blueprint: Blueprint;
  /** Synthesised Terraform JSON by stack name: `<instance>-addresses` and `<instance>`. */
  readonly stacks: ReadonlyMap<string, TerraformJson>;
  /** The same stacks made anew from the inputs and without overrides: what the documents are held against. */
  readonly expected: ReadonlyMap<string, TerraformJson>;
  /** `terraform show -json` of the saved plan, by stack name. Absent at synth. */
  readonly plans?: ReadonlyMap<string, PlanJson>;
  /** Every host's files. Absent where nobody rendered them: then the rules over hosts say so. */
  readonly hosts?: readonly RenderedHost[];
  /** The releases of Jitsi that polder's settings were read for. */
  readonly jitsiReleases: readonly JitsiRelease[];
  /** The provider's schema, or the part of it that polder uses. */
  readonly schema: ProviderSchema;
}

/** How a fail reads in reports (SARIF 2.1.0, 3.27.10). Whatever its level, a fail stops. */
export type Level = "error" | "warning";

/** Which documents a rule reads. `plan`: it has nothing to say before there is a plan. */
export type LooksAt = "stacks" | "plan" | "stacks, plan" | "blueprint" | "hosts";

/** One check. Pure: the same input gives the same findings, in the same order. */
export interface Rule {
  /** Kebab-case; part of the contract, since waivers and reports name it. */
  readonly id: string;
  readonly level: Level;
  /** What must hold, in one phrase. */
  readonly what: string;
  /** What goes wrong otherwise, in one sentence. */
  readonly why: string;
  /** Ids of norms.yaml that it serves; an organisation's own rule may name norms of its own. */
  readonly norms?: readonly string[];
  readonly looksAt: LooksAt;
  /** Whether an instance may carry a recorded, dated exception. */
  readonly waivable: boolean;
  /** @param asOf the day to evaluate on, `YYYY-MM-DD` */
  readonly check: (input: PolicyInput, asOf: string) => Finding[];
}

/** A named set of rules. */
export interface Pack {
  readonly name: string;
  readonly why: string;
  readonly rules: readonly Rule[];
}
