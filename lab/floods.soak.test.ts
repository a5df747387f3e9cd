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

/** Half a ClientHello on each of thousands of connections of one address, which all are opened anew when they end. */
describe.each([
  ["nginx", { service: "web", role: "control", count: 19_000, ends: 5, good: "200" }],
  ["coturn", { service: "turn", role: "turn", count: 14_000, ends: 6, good: "relay" }],
] as const)("half handshakes without end, at %s,", (_, { service, role, count, ends, good }) => {
  const { perSecond } = arrivalsOf(blueprint, role);

  it("keep nobody out, neither elsewhere nor behind the same address, and take a bounded place", async () => {
    const seen = await flooded({ blueprint, service, from: "address", count, seconds: 14 });
    const all = Object.fromEntries(Object.keys(seen.before).map((who) => [who, good]));
    expect(outcomes(seen.before)).toEqual(all);
    expect(outcomes(seen.during)).toEqual(all);
    // The flood was one: it opened more than may stand.
    expect(seen.opened).toBeGreaterThan(perSecond * (ends + 1 + LATE));
    expect(seen.sockets).toBeLessThan(perSecond * (ends + 1 + LATE));
  }, 300_000);

  // Whoever sits behind its address shares its rate, and relays by UDP have none.
  it("and that wait for no answer keep nobody out elsewhere, and take as bounded a place", async () => {
    const flood = { service, from: "address", count: 4_000, givesUp: 0.5, seconds: 14 } as const;
    const seen = await flooded({ blueprint, ...flood });
    for (const [who, answer] of Object.entries(outcomes(seen.during)))
      if (!/^(page|tls) beside$/.test(who)) expect(answer, who).toBe(good);
    expect(seen.opened).toBeGreaterThan(flood.count);
    expect(seen.sockets).toBeLessThan(perSecond * (ends + 1 + LATE));
  }, 300_000);
});

// A connection that its server reset leaves an entry in the kernel's table, with the mark of one that was let in.
it("half handshakes that use the same ports again come in at no higher rate", async () => {
  const flood = { service: "turn", from: "address", count: 8_000, ports: 9_000 } as const;
  const seen = await flooded({ blueprint, ...flood, seconds: 20 });
  expect(seen.opened).toBeGreaterThan(flood.count);
  expect(seen.sockets).toBeLessThan(arrivalsOf(blueprint, "turn").perSecond * (6 + 1 + LATE));
}, 300_000);

it("half handshakes of one network of IPv6 keep out nobody of another", async () => {
  const flood = { service: "web", from: "network", count: 3_000, seconds: 4 } as const;
  const seen = await flooded({ blueprint, ...flood });
  expect(outcomes(seen.during)).toEqual({ "page elsewhere": "200", "page beside": "200" });
}, 300_000);

it("half handshakes of all networks of a /48 keep out nobody elsewhere, by IPv6 or by IPv4", async () => {
  const flood = { service: "web", from: "site", count: 1_000, givesUp: 0.2, seconds: 6 } as const;
  const seen = await flooded({ blueprint, ...flood, slower: 100 });
  expect(outcomes(seen.during)).toEqual({ "page elsewhere": "200", "page by IPv4": "200" });
  // It used up its own rate, and left the rate of the family to others.
  const { site = 0, all = 0 } = seen.refused;
  expect(site).toBeGreaterThan(100);
  expect(all).toBeLessThan(site / 10);
}, 300_000);
