import { releaseOf, unknownOf } from "../../planning/blueprint/index.ts";
import { defineRule, fail, notTested, pass } from "../rule.ts";

export const jitsiReleaseIsKnown = defineRule({
  id: "jitsi-release-is-known",
  // A newer release with a security fix may be right before polder knows it, so this can be waived, until a day.
  level: "warning",
  what: "the pinned packages are of a release of Jitsi that polder's settings were read for and seen with; in profile lab another one is a warning",
  why: "Jitsi's programs silently ignore a setting that they don't know, so one that was renamed no longer protects.",
  norms: ["ISO 27002 8.19", "BIO2 8.32.01"],
  looksAt: "blueprint",
  check: ({ blueprint, jitsiReleases }) => {
    const { instance, jitsi, residency } = blueprint;
    if (!jitsi)
      return [notTested(instance, "no package of Jitsi's is pinned, so it has no release")];
    const known = releaseOf(jitsi, jitsiReleases);
    if (known)
      return [pass(instance, `release ${known.id}, read ${known.read}, seen ${known.seen}`)];
    const what = unknownOf(jitsi, jitsiReleases);
    // The lab is where a release is tried before anybody meets with it.
    return residency.profile === "lab"
      ? [{ ...pass(instance, what), warns: true }]
      : [
          fail(
            instance,
            `${what}. Try it in the lab, and waive this until a day by which polder knows it: docs/jitsi.md; or pin a known release`,
          ),
        ];
  },
});
