import { mixOf } from "../../planning/blueprint/index.ts";
import { defineRule, fail, failsOr, notTested } from "../rule.ts";

export const jitsiIsPinned = defineRule({
  id: "jitsi-is-pinned",
  level: "error",
  what: "the release of Jitsi that the instance runs is pinned, each package by its digest, and isn't mixed from several; profile lab alone may run stand-ins",
  why: "Without Jitsi's packages nobody can meet, a package that isn't pinned could hold another program than the chosen one, and programs of different releases don't understand each other.",
  norms: ["ISO 27002 8.19", "BIO2 8.32.01"],
  looksAt: "blueprint",
  check: ({ blueprint, jitsiReleases }) => {
    const { instance, jitsi, residency } = blueprint;
    if (jitsi) {
      const bridge = jitsi.find(({ name }) => name === "jitsi-videobridge2")?.version;
      const mix = mixOf(jitsi, jitsiReleases);
      return failsOr(
        mix === undefined ? [] : [fail(instance, `${mix}; pin the packages of one release`)],
        instance,
        `${jitsi.length} packages by digest, videobridge ${bridge}`,
      );
    }
    return [
      residency.profile === "lab"
        ? notTested(
            instance,
            "no package of Jitsi's is pinned: stand-ins take the places of videobridge and Jicofo, as profile lab allows",
          )
        : fail(
            instance,
            `no package of Jitsi's is pinned, so it would hold no meeting: polder packages ${instance} FOLDER writes jitsi.yaml`,
          ),
    ];
  },
});
