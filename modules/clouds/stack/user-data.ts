import { dump } from "js-yaml";
import type { Blueprint, Host } from "../../planning/blueprint/index.ts";

/**
 * cloud-init's input: the host's identity and the admins' public keys, nothing else. Everything
 * that a host runs comes later and can change; this can't, so it must hold no secret and no choice.
 */
export function userData(blueprint: Blueprint, host: Host): string {
  const config = {
    hostname: host.id,
    fqdn: host.name,
    prefer_fqdn_over_hostname: false,
    ssh_pwauth: false,
    disable_root: true,
    users: blueprint.admins.map((admin) => ({
      name: admin.user,
      gecos: admin.name,
      shell: "/bin/bash",
      groups: ["sudo"],
      lock_passwd: true,
      // The key is the one proof there is: nobody has a password to type.
      sudo: "ALL=(ALL) NOPASSWD:ALL",
      ssh_authorized_keys: [admin.key],
    })),
  };
  return `#cloud-config\n${dump(config, { lineWidth: -1 })}`;
}
