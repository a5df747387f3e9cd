import {
  type Blueprint,
  carries,
  type Host,
  hostsWith,
  namesBelow,
  PORTS,
} from "../../planning/blueprint/index.ts";
import { type Fragment, type Programs, reference } from "../configuration/index.ts";
import {
  CA_FILE,
  HOST_CERTIFICATE,
  HOST_KEY,
  programFiles,
  pythonCheck,
  settingsOf,
} from "../host/index.ts";
import { type Hocon, hoconFile, JAVA, javaLogging, javaUnit, unpacked } from "../jitsi/index.ts";

const NAME = "videobridge";
const UNIT = `/etc/systemd/system/polder-${NAME}.service`;
const CONFIG = `/etc/polder/${NAME}/${NAME}.conf`;
const LOGGING = `/etc/polder/${NAME}/logging.properties`;
/** The host's pair in the form that Java reads, made at each start in memory. */
const KEYS = `/run/polder-${NAME}/host.p12`;
/** Has the bridge load its classes before people wait for that. */
const WARM = "/usr/local/lib/polder/warm-bridge";

/** Seconds for a start: the bridge answers after 60 on a machine with several (seen), and what warms it waits for that. */
const START = 180;

/** Of the machine's memory: figures.yaml, heapShare and singleHeap, which sizes are planned by. */
const HEAP_PERCENT = { alone: 37.5, beside: 25 };

/** Of the machine's processor, from which on the bridge calls itself full: figures.yaml, bridgeFull. */
const FULL = 0.9;

/** The room in which bridges say how they are, at one Prosody. */
export const brewery = (blueprint: Pick<Blueprint, "domain">): string =>
  `jvbbrewery@internal.${namesBelow(blueprint.domain).auth}`;

/** Bridges of one shard, which may share a meeting. */
export const bridgesOf = ({ hosts }: Blueprint, shard: number): Host[] =>
  hostsWith({ hosts }, "bridge").filter((host) => host.shard === shard);

/** Where the channel listens: on loopback where the web server that passes it on is of the same host. */
export const channelAddress = (host: Host): string =>
  carries(host, "control") ? "127.0.0.1" : host.ipv4;

/** Where people reach the bridge: a floating address is translated on the way, a direct one is its own. */
function addresses({ cloud }: Blueprint, { ipv4, publicAddress }: Host): Hocon {
  if (!publicAddress || cloud.publicAddresses === "direct") return [];
  return [{ "local-address": ipv4, "public-address": publicAddress.ipv4, name: "public" }];
}

/**
 * jvb.conf. Keys and defaults: jitsi-videobridge a29d97d13 (2026-08-19), reference.conf of jvb and of ice4j.
 *
 * @throws Error when the host's shard has no control host: that is a bug
 */
function settings(blueprint: Blueprint, host: Host): Hocon {
  const { domain } = blueprint;
  const control = hostsWith(blueprint, "control").find(({ shard }) => shard === host.shard);
  if (!control) throw new Error(`${host.id} has no control host`);
  const { auth } = namesBelow(domain);
  return {
    videobridge: {
      apis: {
        // Meetings by REST, for what warms the bridge: root alone reaches it (the packet filter).
        rest: { enabled: true },
        "xmpp-client": {
          configs: {
            shard: {
              HOSTNAME: control.ipv4,
              PORT: PORTS.xmpp,
              // The name that the server's certificate must hold.
              DOMAIN: auth,
              USERNAME: host.id,
              PASSWORD: reference(`prosody/${host.id}-password`),
              MUC_JIDS: brewery(blueprint),
              MUC_NICKNAME: host.id,
              // By default TLS is used only where the server offers it.
              SECURITY_MODE: "required",
            },
          },
        },
      },
      rest: {
        debug: { enabled: false },
        rtcstats: { enabled: false },
        shutdown: { enabled: false },
      },
      "http-servers": {
        private: { host: "127.0.0.1", port: PORTS.bridgeRest },
        public: {
          host: channelAddress(host),
          port: -1,
          "tls-port": PORTS.channel,
          "key-store-path": KEYS,
          "key-store-password": "public",
        },
      },
      websockets: {
        enabled: true,
        "server-id": host.id,
        // Clients come by the web server, bridges straight to each other.
        domains: [domain],
        "relay-domains": [`${host.name}:${PORTS.channel}`],
        tls: true,
      },
      // Upstream's packages could carry the channel in SCTP as well: one way is enough, and this one was seen to work.
      sctp: { enabled: false },
      relay: { enabled: true, region: "one", "relay-id": host.id },
      ice: {
        udp: { port: PORTS.media },
        // A relay reaches bridges by the private network alone, so the private address is among the candidates.
        "advertise-private-candidates": true,
      },
      // By the whole machine's processor, as it was planned, and not by packets: docs/services.md, "Bridge".
      "load-management": {
        "load-measurements": {
          "load-measurement": "cpu-usage",
          "cpu-usage": { "load-threshold": FULL },
        },
      },
      // Until it is warm.
      "initial-drain-mode": true,
      version: { announce: false },
      "redact-remote-addresses": true,
    },
    ice4j: {
      software: "",
      "redact-remote-addresses": true,
      harvest: {
        "use-link-local-addresses": false,
        // Nobody reaches it: relays come by IPv4.
        "blocked-addresses": host.ipv6 ? [host.ipv6] : [],
        udp: { "use-dynamic-ports": false, "receive-buffer-size": 10_485_760 },
        mapping: {
          // It would ask an address of Amazon's.
          aws: { enabled: false },
          stun: { addresses: [] },
          "static-mappings": addresses(blueprint, host),
        },
      },
    },
  };
}

/** Jitsi's videobridge, from its package, which is unpacked and not installed. */
export function videobridgeFragment(
  blueprint: Blueprint,
  host: Host,
  programs: Programs,
): Fragment {
  const program = unpacked(blueprint, "jitsi-videobridge2");
  const folder = `${program.folder}/usr/share/jitsi-videobridge`;
  return {
    packages: { install: [JAVA, "openssl", "python3"], absent: ["jitsi-videobridge2"] },
    unpacked: [program],
    files: [
      hoconFile(CONFIG, settings(blueprint, host)),
      javaLogging(LOGGING),
      ...programFiles(programs, "bridge/programs/warm.py", WARM, { port: PORTS.bridgeRest }),
      javaUnit(UNIT, {
        description: "Jitsi's videobridge",
        name: NAME,
        after: ["network-online.target"],
        config: CONFIG,
        logging: LOGGING,
        classPath: [`${folder}/jitsi-videobridge.jar`, `${folder}/lib/*`],
        main: "org.jitsi.videobridge.MainKt",
        heapPercent: HEAP_PERCENT[host.roles.length > 1 ? "beside" : "alone"],
        before: [
          `/usr/bin/openssl pkcs12 -export -in ${HOST_CERTIFICATE} -inkey \${CREDENTIALS_DIRECTORY}/host.key -out ${KEYS} -passout pass:public`,
        ],
        more: [
          "# In the sandbox, without a capability, and as root: nobody else may ask the bridge's REST.",
          `ExecStartPost=!${WARM}`,
          `TimeoutStartSec=${START}`,
          `LoadCredential=host.key:${HOST_KEY}`,
          "LimitNOFILE=65000",
        ],
      }),
    ],
    units: [
      {
        name: `polder-${NAME}.service`,
        reload: [],
        restart: [UNIT, CONFIG, LOGGING, CA_FILE, HOST_CERTIFICATE, HOST_KEY],
        carriesCalls: true,
      },
    ],
    masked: [],
    checks: [pythonCheck(programs, "warm-bridge", [WARM, settingsOf(WARM)])],
  };
}
