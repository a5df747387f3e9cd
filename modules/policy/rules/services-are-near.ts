import type { Blueprint } from "../../planning/blueprint/index.ts";
import { parseCidr } from "../../planning/network/index.ts";
import { inEea } from "../../planning/residency/index.ts";
import { defineRule, fail, notTested, type Observation, pass } from "../rule.ts";

/** The services of others that an instance hands something to, with what that is. */
function servicesOf({ alarms, state, packages, certificates }: Blueprint) {
  return [
    ["alarms.webhook", alarms?.webhook, "alarms, which say what is wrong where"],
    [
      "state.address",
      state.backend === "http" ? state.address : undefined,
      "the state, with every address",
    ],
    [
      "packages.mirror",
      packages.source === "mirror" ? packages.mirror : undefined,
      "what hosts run",
    ],
    ["certificates.acmeDirectory", certificates.acmeDirectory, "who may be the domain"],
  ] as const;
}

/** Reserved names say no country: RFC 2606, RFC 6761. */
const RESERVED = /(^|\.)(example|test|invalid|localhost|internal|example\.(com|net|org))$/;

/** What a host's name says of the country whose registry gave it; undefined where it says nothing. */
function countryOf(host: string): string | undefined {
  const [, last = ""] = /\.([a-z]{2})$/.exec(host.toLowerCase()) ?? [];
  if (last === "" || last === "eu") return last === "eu" ? "EU" : undefined;
  return last === "uk" ? "GB" : last.toUpperCase();
}

export const servicesAreNear = defineRule({
  id: "services-are-near",
  level: "error",
  what: "the alarm receiver, the state's server, the package mirror and the ACME server are where the residency profile allows, as far as their names tell",
  why: "A cluster in the Netherlands is of little use when Terraform's record of it (the state), its alarms or its packages are on a server abroad.",
  norms: ["ISO 27002 5.23"],
  looksAt: "blueprint",
  check: ({ blueprint }) => {
    const profile = blueprint.residency.profile;
    const named = servicesOf(blueprint).flatMap(([field, url, what]) =>
      url === undefined ? [] : [{ field, url, what }],
    );
    if (profile === "lab") return [pass("services", "profile lab: all stay on one machine")];
    if (named.length === 0) return [pass("services", "the instance uses no service of others")];
    return named.map(({ field, url, what }): Observation => {
      const host = URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, "") : "";
      const isNumber = parseCidr(host.includes(":") ? `${host}/128` : `${host}/32`) !== undefined;
      if (host === "" || isNumber || RESERVED.test(host))
        return notTested(field, `${host || url} gets ${what}; its name tells no country`);
      const country = countryOf(host);
      const isNear =
        country === "EU" ||
        (country !== undefined && (profile === "eea" ? inEea(country) : country === "NL"));
      if (country === undefined)
        return notTested(
          field,
          `${host} gets ${what}; its name tells no country: ask its operator`,
        );
      return isNear
        ? pass(field, `${host} gets ${what}; its name is of ${country}`)
        : fail(
            field,
            `${host} gets ${what}; its name is of ${country}, profile ${profile} allows ${profile === "eea" ? "the EEA" : "NL and EU"}`,
          );
    });
  },
});
