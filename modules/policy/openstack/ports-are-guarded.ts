import { addressesStack, allResources, ofType, type Resource } from "../document.ts";
import { isSet, listOf } from "../json.ts";
import { type Change, changesOf, plansOf, stays } from "../plan.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import { asResource } from "../stateful.ts";

const PORT = "openstack_networking_port_v2";
const NETWORK = "openstack_networking_network_v2";

export const portsAreGuarded = defineRule({
  id: "ports-are-guarded",
  level: "error",
  what: "every port has port security, no further addresses, no binding past the filter and, outside the addresses stack, a group; no network is shared",
  why: "Without port security the cloud filters nothing on that port, and lets the host send under any address.",
  norms: ["ISO 27002 8.22"],
  looksAt: "stacks, plan",
  check: (input) => {
    const written = allResources(input);
    const addresses = addressesStack(input.blueprint);
    const ports = ofType(written, PORT).flatMap((port) => {
      const fails = [
        ...guards(port),
        // On the provider's own network only its owner may say so; the plan shows what it chose.
        ...(port.body["port_security_enabled"] === true || port.stack === addresses
          ? []
          : ["port_security_enabled is not true"]),
      ];
      const open = port.body["no_security_groups"] === true;
      if (open !== (port.stack === addresses))
        fails.push(
          open
            ? "no_security_groups outside the addresses stack"
            : "no_security_groups is not true: a reserved port is closed until the cluster's stack puts a group on it",
        );
      return verdict(
        port,
        fails,
        open ? "closed; port security is its network's: the plan shows it" : undefined,
      );
    });
    const networks = ofType(written, NETWORK).flatMap((network) =>
      verdict(network, [
        ...["shared", "external"]
          .filter((name) => isSet(network.body[name]) && network.body[name] !== false)
          .map((name) => `${name}: others could put ports on it`),
        ...(network.body["port_security_enabled"] === true
          ? []
          : ["port_security_enabled is not true"]),
        ...(isSet(network.body["value_specs"])
          ? ["value_specs: says things that no rule reads"]
          : []),
      ]),
    );
    const planned = plansOf(input).flatMap(([stack, plan]) => {
      const kept = changesOf(stack, plan).filter(
        (change) => change.type === PORT && change.mode === "managed" && stays(change),
      );
      const fails = kept.flatMap((change) =>
        [
          ...guards(asResource(change, change.after)),
          ...(unguarded(change) ? ["its network gives it no port security"] : []),
        ].map((text) => fail(change.subject, `in the plan: ${text}`)),
      );
      return kept.length > 0
        ? failsOr(fails, stack, `${kept.length} planned ports are guarded`)
        : [];
    });
    return [...ports, ...networks, ...planned];
  },
});

const verdict = (
  { subject }: Resource,
  problems: readonly string[],
  message = "guarded",
): readonly Observation[] =>
  failsOr(
    problems.map((text) => fail(subject, text)),
    subject,
    message,
  );

/** A port that stands already, so that what the cloud chose for it is known. */
const unguarded = ({ actions, after }: Change): boolean =>
  !actions.includes("create") &&
  after["port_security_enabled"] !== true &&
  after["port_security_enabled"] !== false;

/** What holds of a port in a document and in a plan alike. */
function guards({ body }: Resource): string[] {
  const set = (name: string) => listOf(body[name]).length > 0;
  return [
    ...(body["port_security_enabled"] === false ? ["port_security_enabled is false"] : []),
    ...(set("allowed_address_pairs")
      ? ["allowed_address_pairs: it could send and receive as others"]
      : []),
    ...(listOf(body["binding"]).some(isDirect)
      ? ["binding: a port on the bare hardware passes the filter by"]
      : []),
    ...(isSet(body["value_specs"]) ? ["value_specs: says things that no rule reads"] : []),
  ];
}

/** `normal` is what the cloud gives, and fills in, where nothing is asked for. */
const isDirect = (binding: unknown): boolean =>
  typeof binding !== "object" ||
  binding === null ||
  !("vnic_type" in binding) ||
  binding.vnic_type !== "normal";
