import { parseCidr } from "../../planning/network/index.ts";
import { resourcesIn } from "../document.ts";
import { listOf, textOf } from "../json.ts";
import { listedFor, OPEN_PORTS_READ } from "../open-ports.ts";
import { changesOf, plansOf, stays } from "../plan.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import { asResource } from "../stateful.ts";
import { openingsIn, type ReadRule } from "../tuples.ts";
import type { PolicyInput } from "../types.ts";

export const openPortsAreListed = defineRule({
  id: "open-ports-are-listed",
  level: "error",
  what: "from outside the instance, only the ports of an allow list are open, each of its role alone: both the flows and the packet filters are compared with it",
  why: "If somebody added a flow, every rule that compares with the flows would accept the open port; this list is independent of them.",
  norms: ["BIO2 5.14.04", "BIO2 8.20.02"],
  looksAt: "stacks, plan",
  check: (input) => {
    const { blueprint } = input;
    const flows = blueprint.flows.flatMap(({ id, from, to, protocol, ports }): Observation[] => {
      if (to.kind !== "role" || from.kind === "role") return [];
      const ranges = from.kind === "internet" ? ["0.0.0.0/0"] : from.ranges;
      return ranges.flatMap((remote) =>
        refused(input, { role: to.role, protocol, ports, remote }).map((text) =>
          fail(`flow ${id}`, text),
        ),
      );
    });
    const all = [...input.stacks].flatMap(([stack, json]) => openingsIn(resourcesIn(stack, json)));
    const openings = all.filter(({ rule }) => isFromOutside(rule));
    // A plan has only the cloud's ids of groups, or doesn't know them yet: the document says whose they are.
    const byAddress = new Map(all.map(({ resource, rule }) => [resource.subject, rule]));
    const written = openings.flatMap(({ resource, rule }) =>
      refused(input, rule).map((text) => fail(resource.subject, text)),
    );
    const planned = plansOf(input).flatMap(([stack, plan]) =>
      changesOf(stack, plan)
        .filter((change) => change.mode === "managed" && stays(change))
        .flatMap((change) => {
          const resource = asResource(change, change.after);
          const written = byAddress.get(change.subject);
          return openingsIn([resource])
            .map(({ rule }) => (written === undefined ? rule : { ...rule, role: written.role }))
            .filter((rule) => isFromOutside(rule) && !written?.remote.startsWith("role "))
            .flatMap((rule) => refused(input, rule))
            .map((text) => fail(change.subject, `in the plan: ${text}`));
        }),
    );
    return failsOr(
      [...flows, ...written, ...planned],
      blueprint.instance,
      `${openings.length} openings and ${blueprint.flows.length} flows read: from outside only what the list of ${OPEN_PORTS_READ} has`,
    );
  },
});

const isFromOutside = (rule: ReadRule): boolean =>
  rule.direction !== "egress" && !rule.remote.startsWith("role ");

type Opened = Pick<ReadRule, "protocol" | "ports" | "remote"> & {
  readonly role: string | undefined;
};

/** Why an opening isn't one of the list; at most one text. */
function refused({ blueprint }: PolicyInput, { role, protocol, ports, remote }: Opened): string[] {
  const [from, to] = ports;
  // A rule is of the hosts that are named after a role, with all that they carry.
  const listed = listedFor(
    blueprint.hosts.find((host) => host.role === role)?.roles ?? (role ? [role] : []),
  );
  const named = listed.filter((one) => one.protocol === protocol);
  const entry = named.find(({ port }) => port === from && port === to);
  const what = `${role ?? "a group of nobody"} ${protocol} ${from === to ? from : `${from}-${to}`} from ${remote}`;
  if (!entry) {
    const own = listed.map((one) => `${one.protocol} ${one.port}`);
    return [`opens ${what}, allowed for ${role ?? "it"}: ${own.join(", ") || "nothing"}`];
  }
  if (entry.to === "internet") return [];
  const networks = listOf(blueprint.adminNetworks).map((range) => parseCidr(textOf(range) ?? ""));
  return networks.some((range) => range?.text === parseCidr(remote)?.text)
    ? []
    : [`opens ${what}, allowed: the admin networks alone`];
}
