import { defineRule, fail, failsOr } from "../rule.ts";

export const servicesAreEncrypted = defineRule({
  id: "services-are-encrypted",
  level: "error",
  what: "outside the lab the package mirror, the alarm receiver, the state's server and the ACME server are reached over HTTPS",
  why: "Over plain HTTP everybody on the way sees which security update a host still lacks, and can send it an old list of packages, so that it stays without the update; polder pins no key of the mirror.",
  norms: ["BIO2 8.21.04"],
  looksAt: "blueprint",
  check: ({ blueprint }) => {
    const { residency, packages, alarms, state, certificates } = blueprint;
    const named = {
      "packages.mirror": packages.source === "mirror" ? packages.mirror : undefined,
      "alarms.webhook": alarms?.webhook,
      "state.address": state.backend === "http" ? state.address : undefined,
      "certificates.acmeDirectory": certificates.acmeDirectory,
    };
    const plain = Object.entries(named).filter(
      ([, url]) => url !== undefined && !url.startsWith("https://"),
    );
    const fails = residency.profile === "lab" ? [] : plain;
    return failsOr(
      fails.map(([field, url]) => fail(field, `got ${url}, https:// is allowed`)),
      "services",
      plain.length > 0 ? "plain HTTP, in the lab alone" : "each over HTTPS, or none",
    );
  },
});
