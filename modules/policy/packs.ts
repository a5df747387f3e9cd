import type { Blueprint } from "../planning/blueprint/index.ts";
import { privateNetworkIsClosed } from "./hetzner/private-network-is-closed.ts";
import { HOST_RULES } from "./hosts/index.ts";
import { portsAreGuarded } from "./openstack/ports-are-guarded.ts";
import { adminNetworksAreNarrow } from "./rules/admin-networks-are-narrow.ts";
import { driftIsNamed } from "./rules/drift-is-named.ts";
import { explainedByBlueprint } from "./rules/explained-by-blueprint.ts";
import { exposureEqualsFlows } from "./rules/exposure-equals-flows.ts";
import { jitsiIsPinned } from "./rules/jitsi-is-pinned.ts";
import { jitsiReleaseIsKnown } from "./rules/jitsi-release-is-known.ts";
import { labelled } from "./rules/labelled.ts";
import { mailAndCaLocked } from "./rules/mail-and-ca-locked.ts";
import { noManagementFromInternet } from "./rules/no-management-from-internet.ts";
import { noSecret } from "./rules/no-secret.ts";
import { noToken } from "./rules/no-token.ts";
import { noUnnoticedDestruction } from "./rules/no-unnoticed-destruction.ts";
import { noUnnoticedInterruption } from "./rules/no-unnoticed-interruption.ts";
import { openPortsAreListed } from "./rules/open-ports-are-listed.ts";
import { overridesAreNamed } from "./rules/overrides-are-named.ts";
import { peopleArePersons } from "./rules/people-are-persons.ts";
import { planIsOfThisBlueprint } from "./rules/plan-is-of-this-blueprint.ts";
import { planIsReadWhole } from "./rules/plan-is-read-whole.ts";
import { providerPinned } from "./rules/provider-pinned.ts";
import { residencyAccepted } from "./rules/residency-accepted.ts";
import { residencyFresh } from "./rules/residency-fresh.ts";
import { retentionHasItsReason } from "./rules/retention-has-its-reason.ts";
import { rolesStandApart } from "./rules/roles-stand-apart.ts";
import { runningHostsAreKept } from "./rules/running-hosts-are-kept.ts";
import { securityLogsTakeTwo } from "./rules/security-logs-take-two.ts";
import { servicesAreEncrypted } from "./rules/services-are-encrypted.ts";
import { servicesAreNear } from "./rules/services-are-near.ts";
import { stateIsProtected } from "./rules/state-is-protected.ts";
import { stateOutsideOutput } from "./rules/state-outside-output.ts";
import { userDataIsIdentity } from "./rules/user-data-is-identity.ts";
import { validBySchema } from "./rules/valid-by-schema.ts";
import { waiversAreNeeded } from "./rules/waivers-are-needed.ts";
import { waiversInDate } from "./rules/waivers-in-date.ts";
import type { Pack, Rule } from "./types.ts";

const WHY =
  "What Terraform will do is what the Blueprint decided, and can't cost what can't be made again.";

/** Every rule, with the one that keeps others off a cloud's private network. */
const rules = (ownNetwork: Rule): readonly Rule[] => [
  exposureEqualsFlows,
  noManagementFromInternet,
  openPortsAreListed,
  ownNetwork,
  stateIsProtected,
  noUnnoticedDestruction,
  noUnnoticedInterruption,
  runningHostsAreKept,
  explainedByBlueprint,
  planIsOfThisBlueprint,
  planIsReadWhole,
  driftIsNamed,
  overridesAreNamed,
  noSecret,
  noToken,
  userDataIsIdentity,
  labelled,
  mailAndCaLocked,
  providerPinned,
  stateOutsideOutput,
  validBySchema,
  residencyAccepted,
  residencyFresh,
  securityLogsTakeTwo,
  rolesStandApart,
  jitsiIsPinned,
  jitsiReleaseIsKnown,
  waiversInDate,
  peopleArePersons,
  adminNetworksAreNarrow,
  retentionHasItsReason,
  servicesAreNear,
  servicesAreEncrypted,
  waiversAreNeeded,
  ...HOST_RULES,
];

/** What every instance must meet before anything is applied, by its cloud. */
export const PACKS: Readonly<Record<Blueprint["cloud"]["provider"], Pack>> = {
  openstack: { name: "openstack", why: WHY, rules: rules(portsAreGuarded) },
  hetzner: { name: "hetzner", why: WHY, rules: rules(privateNetworkIsClosed) },
};

/** Every rule of every pack, once. */
export const ALL_RULES: readonly Rule[] = [
  ...new Set(Object.values(PACKS).flatMap((pack) => pack.rules)),
];

/** A cloud's pack with an instance's own rules behind it: they add findings and take none away. */
export const withOwnRules = (own: readonly Rule[], { cloud }: Pick<Blueprint, "cloud">): Pack => {
  const pack = PACKS[cloud.provider];
  return { ...pack, rules: [...pack.rules, ...own] };
};
