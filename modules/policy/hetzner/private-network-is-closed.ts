import { allResources, ofType, type Resource } from "../document.ts";
import { at, isSet, listOf } from "../json.ts";
import { changesOf, plansOf, stays } from "../plan.ts";
import { defineRule, fail, failsOr } from "../rule.ts";
import { asResource } from "../stateful.ts";

/** What each type must not say: an argument, and whether a value of it is harmless. */
const CLOSED: Readonly<Record<string, (resource: Resource) => string[]>> = {
  hcloud_network: ({ body }) =>
    isSet(body["expose_routes_to_vswitch"]) && body["expose_routes_to_vswitch"] !== false
      ? ["expose_routes_to_vswitch: machines outside the project learn the way in"]
      : [],
  hcloud_network_subnet: ({ body }) =>
    body["type"] === "cloud" && !isSet(body["vswitch_id"])
      ? []
      : ["type is not cloud: a vSwitch brings machines outside the project in"],
  hcloud_server: ({ body }) => {
    const networks = listOf(body["network"]);
    return [
      ...(networks.length === 1 ? [] : [`is on ${networks.length} networks, one is allowed`]),
      ...(networks.some((network) => listOf(at(network, "alias_ips")).length > 0)
        ? ["alias_ips: it could send and receive as others"]
        : []),
    ];
  },
};

/** Hetzner's counterpart of `ports-are-guarded`: its networks have no ports, and no filter inside. */
export const privateNetworkIsClosed = defineRule({
  id: "private-network-is-closed",
  level: "error",
  what: "Hetzner Cloud: the private network has subnets of the cloud alone and shows its routes to no vSwitch; each server is on it once, with its own address and no other",
  why: "The cloud's firewalls don't filter that network, so only the hosts' own filters stop somebody who is on it.",
  norms: ["ISO 27002 8.22"],
  looksAt: "stacks, plan",
  check: (input) => {
    const written = Object.entries(CLOSED).flatMap(([type, problems]) =>
      ofType(allResources(input), type).flatMap((resource) =>
        failsOr(
          problems(resource).map((text) => fail(resource.subject, text)),
          resource.subject,
          "closed",
        ),
      ),
    );
    const planned = plansOf(input).flatMap(([stack, plan]) => {
      const kept = changesOf(stack, plan).filter(
        (change) => Object.hasOwn(CLOSED, change.type) && stays(change),
      );
      const fails = kept.flatMap((change) =>
        (CLOSED[change.type]?.(asResource(change, change.after)) ?? []).map((text) =>
          fail(change.subject, `in the plan: ${text}`),
        ),
      );
      return kept.length > 0
        ? failsOr(fails, stack, `${kept.length} planned parts are closed`)
        : [];
    });
    return [...written, ...planned];
  },
});
