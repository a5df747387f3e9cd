import { badInput } from "../../common/input/index.ts";
import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";
import { videobridgeFragment } from "../bridge/index.ts";
import {
  type HostConfiguration,
  type JitsiFragments,
  type MakeFragment,
  mergeFragments,
  type Programs,
  type StandIns,
} from "../configuration/index.ts";
import { jicofoFragment } from "../focus/index.ts";
import { baseFragment, restartPolicy } from "../host/index.ts";
import { monitorFragment, watchFragment } from "../monitor/index.ts";
import { ARRIVE, nginxFragment } from "../nginx/index.ts";
import { prosodyFragment } from "../prosody/index.ts";
import { awaitAddressesFragment } from "../sandbox/index.ts";
import { turnFragment } from "../turn/index.ts";

const JITSI: JitsiFragments = {
  focus: jicofoFragment,
  bridge: videobridgeFragment,
  arrive: ARRIVE,
};

/** @throws BadInput where the instance has neither Jitsi's packages nor, in profile `lab`, stand-ins for them */
function jitsiOf({ instance, jitsi, residency }: Blueprint, standIns: StandIns): JitsiFragments {
  if (jitsi) return JITSI;
  const isLab = residency.profile === "lab";
  if (isLab && standIns !== "no stand-ins") return standIns;
  throw badInput(
    instance,
    `no package of Jitsi's is pinned${isLab ? ", and no stand-ins were handed in" : ""}: \`polder packages ${instance} FOLDER\` writes jitsi.yaml`,
  );
}

/** What each role is beside the base; the edge host only lets admins through. A fragment of two roles is once on a host. */
const fragmentsOf = ({ focus, bridge, arrive }: JitsiFragments): Record<Role, MakeFragment[]> => ({
  control: [
    awaitAddressesFragment,
    prosodyFragment,
    focus,
    (...of) => nginxFragment(...of, arrive),
  ],
  turn: [awaitAddressesFragment, turnFragment],
  bridge: [bridge],
  edge: [],
  monitor: [monitorFragment],
});

/**
 * Everything that one host is, with references in place of secrets.
 *
 * @param standIns what takes the places of Jitsi's programs where an instance of profile `lab` has no packages of them
 * @throws BadInput when Jitsi's packages and stand-ins are both missing
 */
export function renderHost(
  blueprint: Blueprint,
  host: Host,
  programs: Programs,
  standIns: StandIns,
): HostConfiguration {
  const ofRole = fragmentsOf(jitsiOf(blueprint, standIns));
  const fragments = [baseFragment, ...new Set(host.roles.flatMap((role) => ofRole[role]))].map(
    (fragment) => fragment(blueprint, host, programs),
  );
  const units = fragments.flatMap((fragment) => fragment.units ?? []);
  return mergeFragments(host, [
    ...fragments,
    watchFragment(blueprint, host, units, programs),
    restartPolicy(units, programs),
  ]);
}

/** The configurations of all hosts, in the Blueprint's order. Pure: the same Blueprint gives the same bytes. */
export const renderAll = (
  blueprint: Blueprint,
  programs: Programs,
  standIns: StandIns,
): HostConfiguration[] =>
  blueprint.hosts.map((host) => renderHost(blueprint, host, programs, standIns));
