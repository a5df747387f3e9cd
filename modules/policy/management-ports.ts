/** A port that only hosts of the instance, or named admins, have business with. */
export interface ManagementPort {
  readonly port: number;
  readonly what: string;
  readonly source: string;
}

/** The day on which the list was last held against its sources. */
export const MANAGEMENT_PORTS_READ = "2026-11-24";

/**
 * Interfaces that manage, or that let anyone see or steer meetings. A new program with such a port is
 * added here before its flow is: the rule that uses this list knows no exceptions.
 */
export const MANAGEMENT_PORTS: readonly ManagementPort[] = [
  { port: 22, what: "SSH", source: "RFC 4253 4.1" },
  {
    port: 5222,
    what: "Prosody, clients: only bridges need it",
    source: "jitsi/handbook docs/devops-guide/scalable.md",
  },
  { port: 5269, what: "Prosody, servers: not used", source: "RFC 6120 14.7" },
  {
    port: 5280,
    what: "Prosody, HTTP modules: rooms and sessions",
    source: "jitsi/docker-jitsi-meet prosody.cfg.lua",
  },
  {
    port: 5281,
    what: "Prosody, HTTPS modules: rooms and sessions",
    source: "jitsi/docker-jitsi-meet prosody.cfg.lua",
  },
  {
    port: 5347,
    what: "Prosody, components: whoever joins is trusted",
    source: "jitsi/docker-jitsi-meet prosody.cfg.lua",
  },
  {
    port: 8080,
    what: "videobridge REST: conferences, debug, shutdown",
    source: "jitsi/jitsi-videobridge jvb/src/main/resources/reference.conf",
  },
  {
    port: 8888,
    what: "Jicofo HTTP: creates rooms without authentication",
    source: "jitsi/jicofo doc/conference-request.md",
  },
  {
    port: 9126,
    what: "coturn exporter",
    source: "jitsi infra-configuration ansible/roles/iptables-coturn",
  },
  { port: 9641, what: "coturn metrics", source: "coturn examples/etc/turnserver.conf" },
  { port: 10050, what: "Zabbix agent", source: "IANA service names: zabbix-agent" },
  { port: 10051, what: "Zabbix trapper", source: "IANA service names: zabbix-trapper" },
  { port: 19532, what: "journals of the hosts", source: "systemd-journal-remote.service(8)" },
];
