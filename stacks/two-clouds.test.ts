import { describe, expect, test } from "vitest";
import { changed, EXAMPLES } from "../lab/testing/examples.ts";
import type { Blueprint } from "../modules/planning/blueprint/index.ts";
import { evaluate } from "../modules/policy/index.ts";
import { AS_OF, asInput, withPlans } from "../modules/policy/testing.ts";

/** Each cloud that every example is rendered on, by what its file says then. */
const ELSEWHERE = [{ cloud: "hetzner", location: "hetzner-nbg1" }];

/**
 * An example as it would be written for another cloud. Beside the place only what profile `lab` alone
 * allows or what the place's class refuses is changed.
 */
const written =
  (cloud: string, location: string) =>
  (text: string): string =>
    text
      .replace(/^residency: .*$/m, "residency: eea")
      .replace(/^cloud: .*$/m, `cloud: ${cloud}`)
      .replace(/^location: .*$/m, `location: ${location}`)
      .replace(/^classification: .*$/m, "classification: { marking: none, tbb: 4 }")
      .replace(/^credentials: .*\n/m, "")
      .replace(/^certificates: .*\n/m, "")
      .replace(/, ipv6: "[^"]*" }/, " }")
      .replace(/webhook: "http:/, 'webhook: "https:')
      .replace(/mirror: "http:/, 'mirror: "https:');

/** What is the same on every cloud. */
const same = ({ hosts, flows, zones, domain, dns, admins, instance }: Blueprint) => ({
  instance,
  domain,
  admins,
  zones: zones.map(({ name, ipv4, ipv4Pool }) => ({ name, ipv4, ipv4Pool })),
  hosts: hosts.map(({ id, role, shard, name, zone, ipv4, exposure, volumes, protected: kept }) => ({
    id,
    role,
    shard,
    name,
    zone,
    ipv4,
    kept,
    public: exposure.public,
    volumes: volumes.map(({ id: volume, sizeGiB }) => `${volume} ${sizeGiB}`),
  })),
  // Where names are looked up and clocks are set is the location's; that it happens is not.
  flows: flows.map(({ id, from, to, protocol, ports, why }) => {
    const peer = (one: typeof from) =>
      one.kind === "ranges" && ["resolvers", "time servers"].includes(one.name) ? one.name : one;
    return { id, protocol, ports, why, from: peer(from), to: peer(to) };
  }),
  records:
    dns.zone === null ? [] : dns.records.filter(({ type }) => type !== "AAAA" && type !== "A"),
});

describe.each(ELSEWHERE)("on $cloud at $location", ({ cloud, location }) => {
  test.each(EXAMPLES)("%s has the same hosts, flows, names and private IPv4", (name) => {
    const pinned = { pinned: true };
    const here = asInput(changed(name, "as it is", (text) => text, pinned)).blueprint;
    const there = asInput(changed(name, location, written(cloud, location), pinned)).blueprint;
    expect(there.cloud).toMatchObject({ provider: cloud, location });
    expect(same(there)).toEqual(same(here));
  });

  test.each(EXAMPLES)("%s passes that cloud's rules, planned", (name) => {
    // The lab's own pin no release of Jitsi, which no other profile may do without.
    const there = changed(name, location, written(cloud, location), { pinned: true });
    const planned = withPlans(there);
    const findings = evaluate(asInput(planned), AS_OF);
    const failed = findings.flatMap(({ verdict, id }) => (verdict === "fail" ? [id] : []));
    expect(failed).toEqual([]);
  });
});
