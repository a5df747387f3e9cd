import { type Finding, gravestOf, tally } from "../../common/findings/index.ts";
import type { Norm, Text } from "../../common/norms/index.ts";
import type { Evidence, EvidenceCheck } from "./evidence.ts";

/** How a norm came out. `owner`: no machine can decide it. */
export type NormVerdict = Finding["verdict"] | "owner";

export interface NormResult {
  readonly norm: Norm;
  readonly verdict: NormVerdict;
  /** The rules and probes that serve it, each with how its findings came out. */
  readonly checks: readonly {
    readonly check: EvidenceCheck;
    readonly verdict: Finding["verdict"];
    readonly count: Readonly<Record<Finding["verdict"], number>>;
  }[];
  /** Why it isn't a pass. */
  readonly why: Text;
}

const NOBODY: Text = {
  nl: "geen regel of probe die dit toont, is gedraaid",
  en: "no rule or probe that shows it was run",
};

/** The first finding that isn't a pass, and how many more there are. */
function whyOf(
  verdict: Finding["verdict"],
  served: NormResult["checks"],
  byId: ReadonlyMap<string, readonly Finding[]>,
): Text {
  if (verdict === "pass") return { nl: "", en: "" };
  const open = served.flatMap(({ check }) =>
    (byId.get(check.id) ?? []).filter((finding) => finding.verdict === verdict),
  );
  const [first, ...more] = open;
  if (!first) return NOBODY;
  const text = `${first.id}, ${first.subject}: ${first.message}`;
  return more.length === 0
    ? { nl: text, en: text }
    : { nl: `${text} (en nog ${more.length})`, en: `${text} (and ${more.length} more)` };
}

/** How every norm came out, in the order of the list. */
export function normResults({
  norms,
  checks,
  findings,
}: Pick<Evidence, "norms" | "checks" | "findings">): NormResult[] {
  const byId = new Map<string, Finding[]>();
  for (const finding of findings) byId.set(finding.id, [...(byId.get(finding.id) ?? []), finding]);
  return norms.map((norm): NormResult => {
    const served = checks
      .filter((check) => check.norms.includes(norm.id))
      .flatMap((check) => {
        const own = byId.get(check.id) ?? [];
        if (own.length === 0) return [];
        return [
          { check, verdict: gravestOf(own.map(({ verdict }) => verdict)), count: tally(own) },
        ];
      });
    if (norm.by === "owner")
      return { norm, verdict: "owner", checks: [], why: norm.duty ?? NOBODY };
    const verdict = gravestOf(served.map((one) => one.verdict));
    return { norm, verdict, checks: served, why: whyOf(verdict, served, byId) };
  });
}
