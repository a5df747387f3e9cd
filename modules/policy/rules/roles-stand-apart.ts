import { type Role, SINGLE_GIVES_UP } from "../../planning/sizing/index.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import type { PolicyInput } from "../types.ts";

/** All that the two hosts of size `single` carry: the logs are on neither host that people reach. */
const TOGETHER: readonly string[] = ["control, bridge, turn", "monitor, edge"];

/** Roles of which a cluster has one host more than it needs. */
const IN_RESERVE: readonly Role[] = ["bridge", "turn"];

function alone({ blueprint }: PolicyInput): Observation[] {
  const { hosts } = blueprint;
  const together = hosts.flatMap(({ id, role, roles }) =>
    roles.join() === role ? [] : [fail(id, `carries ${roles.join(", ")}, allowed: ${role} alone`)],
  );
  const shards = [...new Set(hosts.filter(({ role }) => role === "control").map((h) => h.shard))];
  const lacking = IN_RESERVE.flatMap((role) => {
    const own = hosts.filter((host) => host.role === role);
    // Relays serve all shards, a bridge its own.
    const groups =
      role === "bridge" ? shards.map((shard) => own.filter((one) => one.shard === shard)) : [own];
    return groups.flatMap((group, i) =>
      group.length >= 2
        ? []
        : [
            fail(
              role === "bridge" ? `shard ${shards[i]}` : "relays",
              `${group.length} ${role} hosts, at least 2 are needed: one of them may fail`,
            ),
          ],
    );
  });
  return [...together, ...lacking];
}

function twoHosts({ blueprint: { hosts } }: PolicyInput): Observation[] {
  const wrong = hosts.flatMap(({ id, role, roles }) =>
    TOGETHER.includes(roles.join(", ")) && roles[0] === role
      ? []
      : [fail(id, `carries ${roles.join(", ")}, allowed: ${TOGETHER.join("; or ")}`)],
  );
  if (wrong.length > 0) return wrong;
  const count = (carried: string) =>
    hosts.filter(({ roles }) => roles.join(", ") === carried).length;
  return TOGETHER.filter((carried) => count(carried) !== 1).map((carried) =>
    fail("hosts", `${count(carried)} carry ${carried}, allowed: 1`),
  );
}

export const rolesStandApart = defineRule({
  id: "roles-stand-apart",
  level: "error",
  what: "each host has one role, and of bridges and relays there is one in reserve; of size single two hosts carry all roles, the logs on another host than what people reach, and the finding says what that gives up",
  why: "Whoever breaks into what people reach must not find the logs of it there, and whoever reads the findings must see that nothing stands in for a host.",
  norms: ["ISO 27002 8.22"],
  looksAt: "blueprint",
  check: (input) => {
    const { instance, size, hosts } = input.blueprint;
    return size === "single"
      ? failsOr(
          twoHosts(input),
          instance,
          `${hosts.length} hosts, as size single of the instance file asks. That gives up: ${SINGLE_GIVES_UP.join("; ")}`,
        )
      : failsOr(
          alone(input),
          instance,
          `${hosts.length} hosts of one role each; a bridge of each shard and a relay may fail`,
        );
  },
});
