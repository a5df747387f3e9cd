import { join } from "node:path";
import { dump } from "js-yaml";
import { listening } from "../../hosts/turn/index.ts";
import {
  type Blueprint,
  carries,
  type Host,
  instancePorts,
} from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";

/** Whether a converge changes the hosts. */
export interface CheckOption {
  /** Only report what would be changed. */
  readonly check: boolean;
}

interface InventoryOptions extends CheckOption {
  /** Folder with the files of Jitsi's packages, where they are pinned. */
  readonly packages?: string;
  /** Folder with Debian's packages, where hosts fetch none, and the digest of all that it has of them. */
  readonly archive?: { readonly folder: string; readonly digest: string };
}

/** The Ansible roles that look whether a host's parts answer, in order. */
const PARTS: Readonly<Record<Role, readonly string[]>> = {
  control: ["ca", "prosody", "web"],
  turn: ["ca", "turn"],
  bridge: ["ca", "bridge"],
  edge: ["ca"],
  monitor: ["ca", "monitor"],
};

/** Where a host's relay takes connections: at the address that people come in by. */
const relayOf = (blueprint: Blueprint, host: Host) =>
  carries(host, "turn") && { polder_relay_address: listening(blueprint, host)[0] ?? host.ipv4 };

/** Where a role's volume is mounted. */
const MOUNTED: Partial<Readonly<Record<Role, string>>> = {
  control: "/srv/data",
  monitor: "/srv/logs",
};

function volumeOf(host: Host) {
  const folder = MOUNTED[host.role];
  const [volume] = host.volumes;
  return folder && volume ? { polder_volume: { folder, sizeGiB: volume.sizeGiB } } : {};
}

/**
 * The inventory as YAML: hosts by name, no secret.
 *
 * @param folder where `polder render` wrote the hosts' configurations
 * @param vault the instance's vault file
 * @param certificates the hosts' SSH certificates, by host id
 * @param tokenKeys public halves of what signs tokens, PEM
 */
export function inventory(
  blueprint: Blueprint,
  folder: string,
  vault: string,
  certificates: Readonly<Record<string, string>>,
  tokenKeys: string,
  options: InventoryOptions,
): string {
  const hosts = blueprint.hosts.map((host) => [
    host.id,
    {
      ansible_host: host.name,
      polder_name: host.name,
      polder_address: host.ipv4,
      ...relayOf(blueprint, host),
      polder_role: host.role,
      polder_configuration: join(folder, host.id),
      polder_parts: [...new Set(host.roles.flatMap((role) => PARTS[role]))],
      polder_public: {
        [`ssh/${host.id}.cert`]: certificates[host.id] ?? "",
        "gate/tokens.pem": tokenKeys,
      },
      ...volumeOf(host),
    },
  ]);
  const vars = {
    polder_vault: vault,
    polder_ports: instancePorts(blueprint),
    polder_check: options.check,
    ...(options.packages && { polder_packages: options.packages }),
    ...(options.archive && { polder_archive: options.archive }),
    polder_admins: blueprint.admins.map(({ user, name }) => ({ user, name })),
  };
  return dump({ all: { vars, hosts: Object.fromEntries(hosts) } }, { lineWidth: -1 });
}
