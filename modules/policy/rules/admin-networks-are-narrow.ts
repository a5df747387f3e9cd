import { type Cidr, cidr, contains, parseCidr } from "../../planning/network/index.ts";
import { defineRule, fail, failsOr } from "../rule.ts";

/**
 * The widest that one organisation's own network is taken for. IPv6: RIPE assigns a /48 to a site (ripe-738 5.4); IPv4
 * and private ranges: our judgement, four thousand and sixty-five thousand addresses.
 */
const NARROWEST = { public4: 20, public6: 44, private4: 16, private6: 48 } as const;
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"].map(
  cidr,
);

const least = (range: Cidr): number => {
  const isPrivate = PRIVATE.some((outer) => contains(outer, range));
  return NARROWEST[`${isPrivate ? "private" : "public"}${range.family}`];
};

export const adminNetworksAreNarrow = defineRule({
  id: "admin-networks-are-narrow",
  level: "error",
  what: "an admin network is one organisation's: at most an IPv4 /20 or an IPv6 /44, of private ranges a /16 or a /48",
  why: "From a wider network, all customers of a provider could try to log in at the only entrance, and a stolen key would work from there.",
  norms: ["BIO2 8.20.02"],
  looksAt: "blueprint",
  check: ({ blueprint }) => {
    const fails = blueprint.adminNetworks.flatMap((text) => {
      const range = parseCidr(text);
      if (!range) return [fail("adminNetworks", `got "${text}", a range is allowed`)];
      return range.prefix < least(range)
        ? [fail("adminNetworks", `${text}: too wide, /${least(range)} or narrower is allowed`)]
        : [];
    });
    return failsOr(fails, "adminNetworks", `${blueprint.adminNetworks.join(", ")}: narrow enough`);
  },
});
