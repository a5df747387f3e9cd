import {
  type Blueprint,
  type Host,
  hostsWith,
  privateAddresses,
} from "../../planning/blueprint/index.ts";
import { bridgesOf } from "../bridge/index.ts";
import { type Fragment, type HostFile, type Programs, reference } from "../configuration/index.ts";
import { FOLDER, gateFiles, gateHosts, limitsOf, PLUGINS, REVOKED_FOLDER } from "../gate/index.ts";
import { HOST_CERTIFICATE, rawFile, textFile } from "../host/index.ts";
import { unpacked } from "../jitsi/index.ts";
import { awaitAddresses, sandbox } from "../sandbox/index.ts";
import { certificateAndKeyMatch, opensslConfig } from "../tls/index.ts";
import { KEY, prosodyConfig } from "./config.ts";
import { PACKAGED_AUTHORITY } from "./packaged-authority.ts";

const CONFIG = "/etc/prosody/prosody.cfg.lua";
const OPENSSL = "/etc/prosody/openssl.cnf";
/**
 * Debian's ssl-cert, on which Prosody's package depends, makes a certificate for itself, with its key, and puts it among those that
 * all programs trust. It makes none where it finds one of RSA with SHA-256: here it finds one that is trusted anyway, and no key.
 */
const SNAKEOIL = [
  rawFile("/etc/ssl/certs/ssl-cert-snakeoil.pem", PACKAGED_AUTHORITY),
  rawFile("/etc/ssl/private/ssl-cert-snakeoil.key", ""),
];
const UNIT = "prosody.service";
const DROP_IN = `/etc/systemd/system/${UNIT}.d/polder.conf`;
const PRIVATE = { group: "prosody", mode: "0640" } as const;

/** A host's or a user's name as Prosody's file storage writes it (util.datamanager, `encode`). */
const stored = (name: string): string =>
  name.replace(/[^A-Za-z0-9]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);

/** Where Prosody keeps its accounts. */
const accountsFolder = (blueprint: Blueprint): string =>
  `/var/lib/prosody/${stored(gateHosts(blueprint).auth)}/accounts`;

/**
 * All accounts that there are, Jicofo's and one of each bridge of the shard: salted SCRAM keys, not
 * passwords. Nobody registers another.
 */
function accounts(blueprint: Blueprint, { shard }: Host): HostFile[] {
  const bridges = bridgesOf(blueprint, shard);
  return ["focus", ...bridges.map(({ id }) => id)].map((user) =>
    rawFile(
      `${accountsFolder(blueprint)}/${stored(user)}.dat`,
      reference(`prosody/${user}.dat`),
      PRIVATE,
    ),
  );
}

/** Prosody of a control host: where bridges log in, and, behind the gate, where meetings are. */
export function prosodyFragment(blueprint: Blueprint, host: Host, programs: Programs): Fragment {
  const hasRelays = hostsWith(blueprint, "turn").length > 0;
  const jitsi = blueprint.jitsi ? [unpacked(blueprint, "jitsi-meet-prosody")] : [];
  return {
    packages: {
      // Jitsi's modules read JSON by it.
      install: ["prosody", "openssl", "iproute2", ...(blueprint.jitsi ? ["lua-cjson"] : [])],
      absent: jitsi.map(({ name }) => name),
    },
    unpacked: jitsi,
    files: [
      textFile(CONFIG, prosodyConfig(blueprint, host), { ...PRIVATE, comment: "--" }),
      rawFile(KEY, reference(`tls/${host.id}.key`), PRIVATE),
      ...accounts(blueprint, host),
      ...gateFiles(programs, hasRelays),
      textFile(OPENSSL, opensslConfig()),
      ...SNAKEOIL,
      textFile(DROP_IN, [
        "[Service]",
        "# Signatures, for which Prosody has no setting.",
        `Environment=OPENSSL_CONF=${OPENSSL}`,
        "# Stops by a signal that it handles: what was asked for is no failure.",
        "Restart=on-failure",
        "RestartSec=2",
        "# One for each socket. Of systemd's 1,024 one address could take all in a large plan (gate_limits.sockets).",
        `LimitNOFILE=${Math.max(16_384, 4 * limitsOf(blueprint).sockets)}`,
        "RuntimeDirectoryMode=0750",
        "# Root writes there what is revoked; without the folder the gate lets nobody in.",
        `ExecStartPre=+/usr/bin/install -d -o root -g prosody -m 0750 ${REVOKED_FOLDER}`,
        awaitAddresses(privateAddresses(host)),
        ...sandbox({ families: ["AF_UNIX", "AF_INET", "AF_INET6"] }),
      ]),
    ],
    units: [
      {
        name: UNIT,
        // Certificates and the gate's keys are read anew at SIGHUP; accounts at each login, and at SIGHUP who has none any more.
        reload: [KEY, HOST_CERTIFICATE, FOLDER, accountsFolder(blueprint)],
        restart: [CONFIG, DROP_IN, OPENSSL, PLUGINS],
        carriesCalls: true,
      },
    ],
    masked: [],
    checks: [
      { id: "prosody-config", command: ["/usr/bin/prosodyctl", "check", "config"] },
      certificateAndKeyMatch("prosody", HOST_CERTIFICATE, KEY),
    ],
  };
}
