import type { Finding } from "../../common/findings/index.ts";
import type { Norm, Text } from "../../common/norms/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";

export type Language = "nl" | "en";

/** A rule, a probe or a check of the history, as a report tells of it. */
export interface EvidenceCheck {
  readonly id: string;
  readonly kind: "rule" | "probe" | "record";
  readonly level: "error" | "warning";
  readonly what: string;
  readonly why: string;
  /** Ids of the norms that it serves. */
  readonly norms: readonly string[];
}

/** How many findings have each verdict. */
type Tally = Readonly<Record<Finding["verdict"], number>>;

/** What happened to the instance, as its history has it. */
export interface HistoryLine {
  readonly number: number;
  readonly at: string;
  readonly by: string;
  readonly toolkit: { readonly version: string; readonly commit: string | null };
  readonly event: {
    readonly kind: string;
    readonly plan?: string;
    readonly user?: string;
    readonly outcome?: string;
    readonly what?: string;
    readonly findings?: Tally;
    readonly hosts?: Readonly<Record<string, { readonly outcome: string }>>;
    readonly stacks?: readonly {
      readonly add: number;
      readonly change: number;
      readonly remove: number;
    }[];
  };
}

/** What a host takes from elsewhere. */
export interface HostPackages {
  readonly host: string;
  readonly packages: { readonly install: readonly string[] };
  readonly unpacked: readonly {
    readonly name: string;
    readonly version: string;
    readonly sha256: string;
  }[];
}

/** One of npm's packages that the toolkit consists of. */
export interface ToolkitPackage {
  readonly name: string;
  readonly version: string;
  /** As its own package.json has it; absent where it has none. */
  readonly licence?: string | undefined;
  /** SHA-512 of its archive, hexadecimal. */
  readonly sha512?: string | undefined;
  /** Whether it is for some platforms alone. */
  readonly optional?: boolean | undefined;
}

/** All that a release's evidence tells. */
export interface Evidence {
  readonly blueprint: Blueprint;
  /** The day as of which the rules were evaluated, `YYYY-MM-DD`. */
  readonly asOf: string;
  /** When it was made, ISO 8601 in UTC. */
  readonly at: string;
  readonly toolkit: {
    readonly version: string;
    readonly commit: string | null;
    readonly code: string;
  };
  readonly plan?: { readonly digest: string; readonly by: string; readonly at: string };
  /** Who signs the folder. */
  readonly signer: { readonly user: string; readonly name: string };
  readonly findings: readonly Finding[];
  readonly checks: readonly EvidenceCheck[];
  readonly norms: readonly Norm[];
  /** What couldn't be looked at; `report` is what a program reported of it, in English. */
  readonly notSeen: readonly (Text & { readonly report?: string })[];
  readonly history: readonly HistoryLine[];
  /** SHA-256 of the history's last line. */
  readonly head: string;
  /** What the plan changes, beside its risk. */
  readonly review: readonly { readonly risk: string; readonly text: string }[];
  readonly hosts: readonly HostPackages[];
  readonly packages: readonly ToolkitPackage[];
}
