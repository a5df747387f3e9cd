import type { Classification, ResidencyProfile } from "../instance/index.ts";
import type { Leaf, Location } from "./location.ts";
import { leafOf, PROFILES } from "./profiles.ts";

/** One fact held against one demand. */
export interface ResidencyCheck {
  readonly leaf: Leaf | "test";
  readonly requirement: string;
  readonly got: string;
  readonly source: string;
  readonly read: string;
  readonly confidence: string;
  readonly met: boolean;
}

/** Whether an instance may stand at a location, and the fact that decided. */
export interface ResidencyVerdict {
  readonly profile: ResidencyProfile;
  readonly location: string;
  readonly verdict: "accepted" | "refused";
  readonly deciding: string;
  readonly checks: readonly ResidencyCheck[];
  readonly classification: {
    readonly needed: Classification;
    /** Derived from the cloud model, never typed in. */
    readonly highest: Classification;
    readonly reason: string;
    readonly source: string;
  };
}

/** The highest class that each cloud model may hold: dated data, see classification.yaml. */
export interface ClassificationRules {
  readonly source: string;
  readonly read: string;
  readonly confidence: string;
  readonly highest: Readonly<
    Record<
      "government" | "private" | "public" | "unknown",
      Classification & { readonly reason: string }
    >
  >;
}

function testCheck(location: Location, profile: ResidencyProfile): ResidencyCheck {
  return {
    leaf: "test",
    requirement: profile === "lab" ? "a test location" : "a real location, not a test one",
    got: location.test ? "test location" : "real location",
    source: location.platform.source,
    read: location.platform.read,
    confidence: "test",
    met: location.test === (profile === "lab"),
  };
}

/**
 * Judges a location for a profile. A fact that is missing or that nobody has confirmed counts as
 * unmet: the check fails closed.
 */
export function judgeResidency(
  profile: ResidencyProfile,
  needed: Classification,
  location: Location,
  rules: ClassificationRules,
): ResidencyVerdict {
  const demands = profile === "lab" ? [] : PROFILES[profile];
  const checks: ResidencyCheck[] = [
    testCheck(location, profile),
    ...demands.map((demand) => {
      const record = leafOf(location, demand.leaf);
      return {
        leaf: demand.leaf,
        requirement: demand.requirement,
        got: record ? String(record.value) : "unknown",
        source: record?.source ?? "none",
        read: record?.read ?? "never",
        confidence: record?.confidence ?? "unconfirmed",
        met: record?.confidence === "confirmed" && demand.met(record.value),
      };
    }),
  ];
  const model = leafOf(location, "cloudModel")?.value as
    | "government"
    | "private"
    | "public"
    | undefined;
  const { reason, ...highest } = rules.highest[model ?? "unknown"];
  const tooHigh =
    needed.tbb < highest.tbb || (needed.marking === "Dep.V" && highest.marking !== "Dep.V");
  const unmet = checks.find((check) => !check.met);
  const asked = (c: Classification) => `TBB ${c.tbb}, marking ${c.marking}`;
  return {
    profile,
    location: location.id,
    verdict: unmet || tooHigh ? "refused" : "accepted",
    deciding: unmet
      ? `${unmet.leaf}: ${unmet.requirement}; got ${unmet.got} (${unmet.confidence}, ${unmet.source})`
      : tooHigh
        ? `cloudModel: needed ${asked(needed)}, highest here ${asked(highest)}: ${reason}`
        : `every demand of profile ${profile} is met`,
    checks,
    classification: {
      needed,
      highest,
      reason,
      source: `${rules.source} (${rules.confidence}, read ${rules.read})`,
    },
  };
}
