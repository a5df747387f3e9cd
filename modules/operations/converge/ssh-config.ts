import { type Blueprint, type Host, hostsWith } from "../../planning/blueprint/index.ts";
import type { Hosts } from "../../secrets/vaults/index.ts";

/** Who connects, and with what. */
export interface SshUser {
  /** Login name of the admin. */
  readonly user: string;
  /** File with the private key; absent: what the person's ssh-agent holds. */
  readonly identity?: string | undefined;
}

/** The host that all others are reached through. */
export const edgeOf = (blueprint: Blueprint): Host => {
  const [edge] = hostsWith(blueprint, "edge");
  if (!edge) throw new Error(`${blueprint.instance} has no edge host`);
  return edge;
};

/**
 * How to go to another host over a connection to the edge host that stands, or that this makes: for ssh's ProxyCommand.
 *
 * @param config the file that {@link sshConfig} made
 * @param sharing options of ssh, such as `-o`, `ControlPath=…`
 */
export function jumpCommand(edge: Host, config: string, sharing: readonly string[]): string {
  const quote = (text: string): string =>
    `'${text.replaceAll("'", "'\\''").replaceAll("%", "%%")}'`;
  return ["ssh", "-F", quote(config), ...sharing.map(quote), "-W", "'[%h]:%p'", edge.name].join(
    " ",
  );
}

/** Names of an instance's hosts all end so; its SSH CA counts for no other. */
export const hostNames = (blueprint: Blueprint): string => `*.${blueprint.instance}.internal`;

/** A value of ssh_config: in quotes, which keep blanks. */
const quoted = (value: string): string => `"${value}"`;

/**
 * An OpenSSH client configuration for one instance: the edge host by its public address, all others
 * by their private ones through it. Nothing of the person's own configuration is read beside it.
 *
 * @param knownHostsFile absolute path
 */
export function sshConfig(
  blueprint: Blueprint,
  { user, identity }: SshUser,
  knownHostsFile: string,
): string {
  const edge = edgeOf(blueprint);
  const hosts = blueprint.hosts.flatMap((host) => [
    `Host ${host.name}`,
    `  HostName ${host === edge ? edge.publicAddress?.ipv4 : host.ipv4}`,
    // The name, not the address: an address may be another host's tomorrow.
    `  HostKeyAlias ${host.name}`,
    ...(host === edge ? [] : [`  ProxyJump ${edge.name}`]),
    "",
  ]);
  return `${[
    `# How polder reaches the hosts of ${blueprint.instance}; made anew by each converge.`,
    ...hosts,
    "Host *",
    `  User ${user}`,
    ...(identity ? [`  IdentityFile ${quoted(identity)}`, "  IdentitiesOnly yes"] : []),
    `  UserKnownHostsFile ${quoted(knownHostsFile)}`,
    "  GlobalKnownHostsFile /dev/null",
    "  CheckHostIP no",
    "  StrictHostKeyChecking yes",
    "  HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com,ssh-ed25519",
    "  PreferredAuthentications publickey",
    "  PasswordAuthentication no",
    "  ForwardAgent no",
    "  ForwardX11 no",
    "  ConnectTimeout 10",
    // A host that is gone without a word is noticed within 20 s.
    "  ServerAliveInterval 5",
    "  ServerAliveCountMax 4",
    "  LogLevel ERROR",
  ].join("\n")}\n`;
}

/**
 * The keys that hosts may show: each its own, as it was first seen, and whatever the instance's SSH
 * CA has signed.
 *
 * @param authority the CA's public key; absent while there is none
 */
export function knownHosts(
  blueprint: Blueprint,
  hosts: Hosts,
  authority: string | undefined,
): string {
  const own = blueprint.hosts.flatMap(({ id, name }) => {
    const entry = hosts[id];
    return entry ? [`${name} ${entry.key}`] : [];
  });
  const ca = authority ? [`@cert-authority ${hostNames(blueprint)} ${authority.trim()}`] : [];
  return `${[...ca, ...own].join("\n")}\n`;
}
