import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { byHand } from "./by-hand.ts";

/** A fault that somebody makes on a running cluster, behind the toolkit's back. */
export interface ClusterFault {
  readonly what: string;
  /** The host that it is made on. */
  readonly host: string;
  /** Shell, as root on the host. */
  readonly script: string;
  /** Opens a TCP port in the cloud, for the host's role, to everybody. */
  readonly openInCloud?: number;
  /** Groups of probes that look. */
  readonly looked: readonly string[];
  /** Probes that must turn red on that host, and no other. */
  readonly red: readonly string[];
  /** Undoes what converge doesn't know of. */
  readonly undo?: string;
}

/** Edits a file of the installed release, by `sed`. */
const edit = (path: string, expression: string): string =>
  `sed -i '${expression}' "$(readlink -f ${path})"`;

const LISTENER =
  "systemd-run --quiet --unit=planted python3 -m http.server 8443 --bind 0.0.0.0; sleep 1";

export const CLUSTER_FAULTS: readonly ClusterFault[] = [
  {
    what: "a port opened by hand in the cloud and on the host, and something behind it",
    host: "control-1",
    openInCloud: 8443,
    script: `${LISTENER}; nft insert rule inet polder input tcp dport 8443 accept`,
    looked: ["ports", "packet-filter"],
    red: ["ports-tcp", "ports-inside", "packet-filter"],
    undo: "systemctl stop planted",
  },
  {
    what: "a listener for datagrams",
    host: "bridge-1",
    script:
      "systemd-run --quiet --unit=planted python3 -c 'import socket; s=socket.socket(2,2); s.bind((\"\",5353)); s.recv(1)'; sleep 1",
    looked: ["ports"],
    red: ["ports-udp"],
    undo: "systemctl stop planted",
  },
  {
    what: "a rule of the packet filter dropped",
    host: "turn-1",
    script:
      "nft delete rule inet polder input handle $(nft -a list chain inet polder input | sed -n 's/.*invalid-in.*handle //p')",
    looked: ["packet-filter", "ports-private", "ports-inside", "ports-udp"],
    red: ["packet-filter"],
  },
  {
    what: "the way out opened",
    host: "bridge-1",
    script: "nft insert rule inet polder output tcp dport 1024-65535 accept",
    looked: ["packet-filter", "egress"],
    // The cloud's own filter still holds: two walls.
    red: ["packet-filter"],
  },
  {
    what: "old TLS in nginx",
    host: "control-1",
    script: `${edit("/etc/nginx/nginx.conf", "s/ssl_protocols .*/ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3;/; s/ssl_ciphers .*/ssl_ciphers ALL:@SECLEVEL=0;/")}; nginx -t -q && systemctl reload nginx; sleep 1`,
    looked: ["tls", "drift-files"],
    red: ["tls-versions", "tls-suites", "drift-files"],
  },
  {
    what: "HSTS gone",
    host: "control-1",
    script: `${edit("/etc/nginx/polder-site.conf", "/Strict-Transport-Security/d")}; systemctl reload nginx; sleep 1`,
    looked: ["http", "drift-files"],
    red: ["http-hsts", "drift-files"],
  },
  {
    what: "password login on",
    host: "turn-1",
    script: `${edit("/etc/ssh/sshd_config", "s/^PasswordAuthentication no/PasswordAuthentication yes/; s/^AuthenticationMethods .*/AuthenticationMethods any/")}; systemctl reload ssh; sleep 1`,
    looked: ["ssh", "drift-files"],
    red: ["ssh-methods", "drift-files"],
  },
  {
    what: "a file edited by hand",
    host: "edge-1",
    script: 'echo "# by hand" >> "$(readlink -f /etc/issue.net)"',
    looked: ["drift"],
    red: ["drift-files"],
  },
  {
    what: "a service stopped",
    host: "monitor-1",
    script: "systemctl stop apt-daily.timer",
    looked: ["drift"],
    red: ["drift-units"],
  },
  {
    what: "the packet filter flushed, and a setting of the kernel changed",
    host: "bridge-2",
    script: "nft flush ruleset; echo 1 >/proc/sys/net/ipv4/conf/all/send_redirects",
    looked: ["drift", "packet-filter"],
    red: ["drift-running", "packet-filter"],
  },
  {
    what: "a restart that was never done",
    host: "control-1",
    script: "touch /etc/polder/current/etc/systemd/system/prosody.service.d/polder.conf",
    looked: ["drift-running", "drift-files"],
    red: ["drift-running"],
    undo: "systemctl restart prosody",
  },
  {
    what: "a unit, a cron file and a set-uid shell",
    host: "edge-1",
    script:
      "echo '[Service]' >/etc/systemd/system/planted.service; echo '* * * * * root true' >/etc/cron.d/planted; cp /bin/dash /var/tmp/planted; chmod 4755 /var/tmp/planted",
    looked: ["drift"],
    red: ["drift-beyond"],
    undo: "rm /etc/systemd/system/planted.service /etc/cron.d/planted /var/tmp/planted",
  },
  {
    what: "a program of a package changed",
    host: "bridge-2",
    script: "cp -p /usr/bin/factor /root/factor; echo >>/usr/bin/factor",
    looked: ["drift"],
    red: ["drift-packages"],
    undo: "mv /root/factor /usr/bin/factor",
  },
  {
    what: "coturn relays to everybody",
    host: "turn-1",
    script: `${edit("/etc/turnserver.conf", "/^denied-peer-ip/d")}; systemctl restart coturn; sleep 2`,
    looked: ["turn", "drift-files"],
    red: ["turn-peers", "drift-files"],
  },
];

/** Opens a TCP port to everybody in the security group of a host's role; gives the way back. */
export async function openInCloud(
  blueprint: Blueprint,
  host: string,
  port: number,
): Promise<() => Promise<void>> {
  const api = await byHand(blueprint);
  const role = host.replace(/-\d+$/, "");
  const groups = await api.list(
    "network",
    `/v2.0/security-groups?project_id=${api.projectId}`,
    "security_groups",
  );
  const group = groups.find(({ name }) => String(name).endsWith(role));
  if (!group) throw new Error(`no security group of ${role}`);
  const rule = {
    security_group_id: group["id"],
    direction: "ingress",
    ethertype: "IPv4",
    protocol: "tcp",
    port_range_min: port,
    port_range_max: port,
    remote_ip_prefix: "0.0.0.0/0",
  };
  const made = (await api.ask("network", "POST", "/v2.0/security-group-rules", {
    security_group_rule: rule,
  })) as { security_group_rule: { id: string } };
  // The hypervisor takes a changed rule over within 2 s.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  return async () => {
    await api.ask("network", "DELETE", `/v2.0/security-group-rules/${made.security_group_rule.id}`);
  };
}
