import { defineRule, fail, pass } from "../rule.ts";

export const jitsiIsPinned = defineRule({
  id: "jitsi-is-pinned",
  level: "error",
  what: "the release of Jitsi that the instance runs is pinned, each package by its digest; profile lab alone may run stand-ins",
  why: "Without Jitsi's packages nobody can meet, and a package that isn't pinned could hold another program than the chosen one.",
  norms: ["ISO 27002 8.19", "BIO2 8.32.01"],
  looksAt: "blueprint",
  check: ({ blueprint }) => {
    const { instance, jitsi, residency } = blueprint;
    if (jitsi) {
      const bridge = jitsi.find(({ name }) => name === "jitsi-videobridge2")?.version;
      return [pass(instance, `${jitsi.length} packages by digest, videobridge ${bridge}`)];
    }
    return [
      residency.profile === "lab"
        ? pass(instance, "profile lab: stand-ins take the places of videobridge and Jicofo")
        : fail(
            instance,
            `no package of Jitsi's is pinned, so it would hold no meeting: polder packages ${instance} FOLDER writes jitsi.yaml`,
          ),
    ];
  },
});
