import type { Host } from "../../planning/blueprint/index.ts";
import { assertTree, type HostTree } from "./tree.ts";

/** What one concern adds to a host's tree: packages, files, units, checks, or some of them. */
export type TreePart = Partial<Omit<HostTree, "host" | "role">>;

const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();

/** @throws Error when two parts give one name to two things. */
function assertOnce(host: string, what: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`${host}: ${what} ${twice} is named twice`);
}

/** @throws Error when one part asks for what another forbids. */
function assertApart(host: string, wanted: readonly string[], unwanted: readonly string[]): void {
  const both = wanted.find((name) => unwanted.includes(name));
  if (both !== undefined) throw new Error(`${host}: ${both} is both asked for and forbidden`);
}

/**
 * One host's whole tree from its parts. Packages and masked units may be named by several parts;
 * files, units and checks belong to one.
 *
 * @throws Error when the parts contradict each other: that is a bug, no input makes it
 */
export function mergeParts(host: Host, parts: readonly TreePart[]): HostTree {
  const install = unique(parts.flatMap((part) => part.packages?.install ?? []));
  const absent = unique(parts.flatMap((part) => part.packages?.absent ?? []));
  const units = parts.flatMap((part) => part.units ?? []);
  const masked = unique(parts.flatMap((part) => part.masked ?? []));
  const checks = parts.flatMap((part) => part.checks ?? []);
  const unitNames = units.map((unit) => unit.name);
  assertOnce(host.id, "unit", unitNames);
  assertOnce(
    host.id,
    "check",
    checks.map((check) => check.id),
  );
  assertApart(host.id, install, absent);
  assertApart(host.id, unitNames, masked);
  return assertTree({
    host: host.id,
    role: host.role,
    packages: { install, absent },
    files: parts.flatMap((part) => part.files ?? []),
    units,
    masked,
    checks,
  });
}
