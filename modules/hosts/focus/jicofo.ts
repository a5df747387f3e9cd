import { type Blueprint, type Host, PORTS } from "../../planning/blueprint/index.ts";
import { brewery, bridgesOf } from "../bridge/index.ts";
import { type Fragment, reference } from "../configuration/index.ts";
import { gateHosts } from "../gate/index.ts";
import { CA_FILE, textFile } from "../host/index.ts";
import { type Hocon, hoconFile, JAVA, javaLogging, javaUnit, unpacked } from "../jitsi/index.ts";

const NAME = "jicofo";
const UNIT = `/etc/systemd/system/polder-${NAME}.service`;
const BESIDE_PROSODY = `/etc/systemd/system/prosody.service.d/polder-${NAME}.conf`;
const CONFIG = `/etc/polder/${NAME}/${NAME}.conf`;
const LOGGING = `/etc/polder/${NAME}/logging.properties`;

/** Of the machine's memory, beside Prosody, nginx and the system, and where a bridge and a relay are there, too. Assumed. */
const HEAP_PERCENT = { alone: 25, beside: 12.5 };

/** Of what a bridge calls full, from which on others are taken first: figures.yaml, bridgeUse. */
const USE = 0.8;

/** jicofo.conf. Keys and defaults: jicofo 7ebb13dc3 (2026-08-19), reference.conf of its three modules. */
function settings(blueprint: Blueprint, { shard }: Host): Hocon {
  const { domain, auth, conference } = gateHosts(blueprint);
  const several = bridgesOf(blueprint, shard).length > 1;
  return {
    jicofo: {
      conference: {
        // Who is a moderator is the token's to say.
        "enable-auto-owner": false,
        "shared-document": { "use-random-name": true },
      },
      bridge: {
        "brewery-jid": brewery(blueprint),
        "stress-threshold": USE,
        "selection-strategy": several
          ? "RegionBasedBridgeSelectionStrategy"
          : "SingleBridgeSelectionStrategy",
      },
      octo: { enabled: several, "sctp-datachannels": false },
      sctp: { enabled: false },
      health: { enabled: true },
      rest: {
        host: "127.0.0.1",
        port: PORTS.focusRest,
        // Each opens or pins something for whoever reaches the port.
        "conference-request": { enabled: false },
        // `polder upgrade` empties a bridge by it. Programs of this host alone reach it, and it cuts nobody off.
        "move-endpoints": { enabled: true },
        debug: { enabled: false },
        pin: { enabled: false },
      },
      xmpp: {
        client: {
          // Jicofo can't be made to insist on TLS, so it speaks with Prosody on its own machine alone.
          hostname: "127.0.0.1",
          port: PORTS.xmpp,
          domain: auth,
          "xmpp-domain": domain,
          username: "focus",
          password: reference("prosody/focus-password"),
          "conference-muc-jid": conference,
          "use-tls": true,
        },
        "trusted-domains": [],
      },
    },
  };
}

/** Jitsi's focus on a control host: it opens meetings and gives each its bridges. */
export function jicofoFragment(blueprint: Blueprint, host: Host): Fragment {
  const program = unpacked(blueprint, "jicofo");
  const folder = `${program.folder}/usr/share/jicofo`;
  return {
    packages: { install: [JAVA, "openssl"], absent: ["jicofo"] },
    unpacked: [program],
    files: [
      hoconFile(CONFIG, settings(blueprint, host)),
      javaLogging(LOGGING),
      javaUnit(UNIT, {
        description: "Jitsi's focus: opens meetings and gives them bridges",
        name: NAME,
        after: ["prosody.service"],
        // Prosody's restart ends all meetings that it knows of. Left running it leaves its bridges' room before it comes
        // back, waits 15 s for an answer that Prosody doesn't give, and 15 s more until it tries again: 30 s without a
        // bridge (7ebb13dc3, BaseBrewery.start, seen). Started anew it is there within seconds.
        partOf: "prosody.service",
        config: CONFIG,
        logging: LOGGING,
        classPath: [`${folder}/jicofo.jar`, `${folder}/lib/*`],
        main: "org.jitsi.jicofo.Main",
        heapPercent: HEAP_PERCENT[host.roles.length > 1 ? "beside" : "alone"],
      }),
      textFile(BESIDE_PROSODY, [
        "[Unit]",
        "# It stops with Prosody, so it starts with it.",
        `Wants=polder-${NAME}.service`,
      ]),
    ],
    units: [
      {
        name: `polder-${NAME}.service`,
        reload: [],
        restart: [UNIT, CONFIG, LOGGING, CA_FILE],
        // Media runs on without it, and it knows nothing of meetings that were open before: clients come anew.
        carriesCalls: true,
      },
    ],
    masked: [],
    checks: [],
  };
}
