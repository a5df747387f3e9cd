import type { Host } from "../../planning/blueprint/index.ts";
import { assertConfiguration, type HostConfiguration } from "./configuration.ts";

/** What one service adds to a host's configuration: packages, files, units, checks, or some of them. */
export type Fragment = Partial<Omit<HostConfiguration, "host" | "role" | "roles">>;

const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();

/** @throws Error when two fragments give one name to two things. */
function assertOnce(host: string, what: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`${host}: ${what} ${twice} is named twice`);
}

/** @throws Error when one fragment asks for what another forbids. */
function assertApart(host: string, wanted: readonly string[], unwanted: readonly string[]): void {
  const both = wanted.find((name) => unwanted.includes(name));
  if (both !== undefined) throw new Error(`${host}: ${both} is both asked for and forbidden`);
}

/**
 * One host's whole configuration from its fragments. Several fragments may name the same package or masked unit;
 * a file, unit or check belongs to one fragment.
 *
 * @throws Error when the fragments contradict each other: that is a bug, no input causes it
 */
export function mergeFragments(host: Host, fragments: readonly Fragment[]): HostConfiguration {
  const install = unique(fragments.flatMap((fragment) => fragment.packages?.install ?? []));
  const absent = unique(fragments.flatMap((fragment) => fragment.packages?.absent ?? []));
  const units = fragments.flatMap((fragment) => fragment.units ?? []);
  const masked = unique(fragments.flatMap((fragment) => fragment.masked ?? []));
  const checks = fragments.flatMap((fragment) => fragment.checks ?? []);
  const unitNames = units.map((unit) => unit.name);
  assertOnce(host.id, "unit", unitNames);
  assertOnce(
    host.id,
    "check",
    checks.map((check) => check.id),
  );
  assertApart(host.id, install, absent);
  assertApart(host.id, unitNames, masked);
  return assertConfiguration({
    host: host.id,
    role: host.role,
    roles: host.roles,
    packages: { install, absent },
    unpacked: fragments.flatMap((fragment) => fragment.unpacked ?? []),
    files: fragments.flatMap((fragment) => fragment.files ?? []),
    units,
    masked,
    checks,
  });
}
