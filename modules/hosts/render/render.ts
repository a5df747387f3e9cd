import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";
import { bridgeFragment, videobridgeFragment } from "../bridge/index.ts";
import {
  type Fragment,
  type HostConfiguration,
  mergeFragments,
  type Programs,
} from "../configuration/index.ts";
import { focusFragment, jicofoFragment } from "../focus/index.ts";
import { baseFragment, restartPolicy } from "../host/index.ts";
import { monitorFragment, watchFragment } from "../monitor/index.ts";
import { nginxFragment } from "../nginx/index.ts";
import { prosodyFragment } from "../prosody/index.ts";
import { turnFragment } from "../turn/index.ts";

type Part = (blueprint: Blueprint, host: Host, programs: Programs) => Fragment;

/** Jitsi's part of a host, or its stand-in where Jitsi's packages aren't there. */
const orStandIn =
  (real: Part, standIn: Part): Part =>
  (blueprint, host, programs) =>
    (blueprint.jitsi ? real : standIn)(blueprint, host, programs);

/** What each role is beside the base; the edge host only lets admins through. */
const FRAGMENTS: Readonly<Record<Role, readonly Part[]>> = {
  control: [prosodyFragment, orStandIn(jicofoFragment, focusFragment), nginxFragment],
  turn: [turnFragment],
  bridge: [orStandIn(videobridgeFragment, bridgeFragment)],
  edge: [],
  monitor: [monitorFragment],
};

/**
 * Everything that one host is, with references in place of secrets.
 *
 * @throws BadInput when the file asks for what can't be rendered yet
 */
export function renderHost(
  blueprint: Blueprint,
  host: Host,
  programs: Programs,
): HostConfiguration {
  const fragments = [baseFragment, ...FRAGMENTS[host.role]].map((fragment) =>
    fragment(blueprint, host, programs),
  );
  const units = fragments.flatMap((fragment) => fragment.units ?? []);
  return mergeFragments(host, [
    ...fragments,
    watchFragment(blueprint, host, units, programs),
    restartPolicy(units, programs),
  ]);
}

/** The configurations of all hosts, in the Blueprint's order. Pure: the same Blueprint gives the same bytes. */
export const renderAll = (blueprint: Blueprint, programs: Programs): HostConfiguration[] =>
  blueprint.hosts.map((host) => renderHost(blueprint, host, programs));
