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
  it("keep nobody out, neither elsewhere nor behind the same address, and take a bounded place", async () => {
    const seen = await flooded({ blueprint, service, family: 4, count, seconds: 14 });
    const all = Object.fromEntries(Object.keys(seen.before).map((who) => [who, good]));
    expect(outcomes(seen.before)).toEqual(all);
    expect(outcomes(seen.during)).toEqual(all);
    const { perSecond } = arrivalsOf(blueprint, role);
    // The flood was one: it opened more than may stand.
    expect(seen.opened).toBeGreaterThan(perSecond * (ends + 1 + LATE));
    expect(seen.sockets).toBeLessThan(perSecond * (ends + 1 + LATE));
  }, 300_000);
});

it("half handshakes of one network of IPv6 keep out nobody of another", async () => {
  const flood = { service: "web", family: 6, count: 3_000, seconds: 4 } as const;
  const seen = await flooded({ blueprint, ...flood });
  expect(outcomes(seen.during)).toEqual({ "page elsewhere": "200", "page beside": "200" });
}, 300_000);
