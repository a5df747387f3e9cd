import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";
import { bridgePart } from "../bridge/index.ts";
import { focusPart } from "../focus/index.ts";
import { basePart, restartPolicy } from "../host/index.ts";
import { monitorPart, watchPart } from "../monitor/index.ts";
import { nginxPart } from "../nginx/index.ts";
import { prosodyPart } from "../prosody/index.ts";
import { type HostTree, mergeParts, type Programs, type TreePart } from "../tree/index.ts";
import { turnPart } from "../turn/index.ts";

type Part = (blueprint: Blueprint, host: Host, programs: Programs) => TreePart;

/** What each role is beside the base; the edge host only lets admins through. */
const PARTS: Readonly<Record<Role, readonly Part[]>> = {
  control: [prosodyPart, focusPart, nginxPart],
  turn: [turnPart],
  bridge: [bridgePart],
  edge: [],
  monitor: [monitorPart],
};

/**
 * Everything that one host is, with references in place of secrets.
 *
 * @throws BadInput when the file asks for what can't be rendered yet
 */
export function renderHost(blueprint: Blueprint, host: Host, programs: Programs): HostTree {
  const parts = [basePart, ...PARTS[host.role]].map((part) => part(blueprint, host, programs));
  const units = parts.flatMap((part) => part.units ?? []);
  return mergeParts(host, [
    ...parts,
    watchPart(host, units, programs),
    restartPolicy(units, programs),
  ]);
}

/** The trees of all hosts, in the Blueprint's order. Pure: the same Blueprint gives the same bytes. */
export const renderAll = (blueprint: Blueprint, programs: Programs): HostTree[] =>
  blueprint.hosts.map((host) => renderHost(blueprint, host, programs));
