import { describe, expect, it } from "vitest";
import { arrivalsOf, buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { type Flooded, flooded } from "./testing/flood.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));

/** A machine that is busy ends what is over so much later, s. */
const LATE = 2;
const outcomes = (of: Flooded["during"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(of).map(([who, got]) => [who, [...new Set(got)].sort().join(", ")]),
  );

/**
 * Half a ClientHello on each of thousands of connections of one address, which all are opened anew when they end. Who
 * sits behind that address shares its rate, and relays by UDP have none.
 */
describe.each([
  ["nginx", { service: "web", role: "control", count: 19_000, ends: 5 }, ["page elsewhere"]],
  [
    "coturn",
    { service: "turn", role: "turn", count: 14_000, ends: 6 },
    ["udp elsewhere", "udp beside", "tls elsewhere"],
  ],
] as const)("half handshakes without end, at %s,", (_, { service, role, count, ends }, people) => {
  it("keep nobody out elsewhere, and take a bounded place", async () => {
    const seen = await flooded({ blueprint, service, from: "address", count, seconds: 14 });
    const [before, during] = [outcomes(seen.before), outcomes(seen.during)];
    expect([...new Set(Object.values(before))]).toEqual([service === "web" ? "200" : "relay"]);
    for (const who of people) expect(during[who], who).toBe(before[who]);
    const { perSecond } = arrivalsOf(blueprint, role);
    // The flood was one: it opened more than may stand.
    expect(seen.opened).toBeGreaterThan(perSecond * (ends + 1 + LATE));
    expect(seen.sockets).toBeLessThan(perSecond * (ends + 1 + LATE));
  }, 300_000);
});

it.each([
  ["at nginx, of a network of IPv6,", { service: "web", from: "network", count: 3_000 }, "200"],
  ["at coturn, of an address,", { service: "turn", from: "address", count: 1_500 }, "relay"],
] as const)(
  "half handshakes %s below its rate keep out nobody, not beside it either",
  async (_, flood, good) => {
    const seen = await flooded({ blueprint, ...flood, seconds: 4 });
    expect([...new Set(Object.values(outcomes(seen.during)))]).toEqual([good]);
  },
  300_000,
);

it("half handshakes of all networks of a /48 keep out nobody elsewhere, by IPv6 or by IPv4", async () => {
  const flood = { service: "web", from: "site", count: 1_000, seconds: 6, slower: 100 } as const;
  const seen = await flooded({ blueprint, ...flood });
  expect(outcomes(seen.during)).toEqual({ "page elsewhere": "200", "page by IPv4": "200" });
  // Each refused client got its refusal at once, and tried again; it would have used up the rate of the family.
  expect(seen.opened).toBeGreaterThan(2 * flood.count);
}, 300_000);
