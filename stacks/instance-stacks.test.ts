import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { example } from "../lab/testing/examples.ts";
import type { Blueprint } from "../modules/planning/blueprint/index.ts";
import { instanceFolder, loadInstance } from "../modules/workspace/index.ts";
import { renderStacks } from "./instance-stacks.ts";

test("stacks are rendered where nothing was built yet: who only reads an instance has a fresh clone", () => {
  const parent = mkdtempSync(join(tmpdir(), "polder-stacks-"));
  const outdir = join(parent, "build/instances/eea-voorbeeld");
  const loaded = loadInstance(instanceFolder(join(import.meta.dirname, ".."), "eea-voorbeeld"));
  expect([...renderStacks(loaded, { outdir }).keys()]).toContain("eea-voorbeeld-addresses");
  expect(existsSync(join(outdir, "manifest.json"))).toBe(false);
  rmSync(parent, { recursive: true });
});

test("where hosts have public addresses of their own, each zone's are told the way to the other zones", () => {
  const routes = (name: string) => {
    const { blueprint, stacks } = example(name);
    const cluster = stacks.get(name) as { resource: Record<string, Record<string, never>> };
    const { zones } = blueprint as Blueprint;
    const found = Object.values(cluster.resource["openstack_networking_subnet_route_v2"] ?? {});
    return { zones, to: found.map(({ destination_cidr }) => destination_cidr).sort() };
  };
  const { zones, to } = routes("lab-direct");
  expect(zones.length).toBeGreaterThan(1);
  const others = zones.flatMap(({ ipv4, ipv6 }) =>
    zones.slice(1).flatMap(() => [ipv4, ipv6 ?? ""]),
  );
  expect(to).toEqual(others.sort());
  // The default route of a host with a floating address goes to the router that knows all zones.
  expect(routes("lab").to).toEqual([]);
});
