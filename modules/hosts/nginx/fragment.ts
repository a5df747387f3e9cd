import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import type { Logo } from "../../planning/instance/index.ts";
import { configScript, interfaceScript } from "../client/index.ts";
import {
  type Fragment,
  type HostFile,
  type Programs,
  programText,
  reference,
} from "../configuration/index.ts";
import { CA_FILE, HOST_CERTIFICATE, rawFile, textFile } from "../host/index.ts";
import { unpacked } from "../jitsi/index.ts";
import { nginxConfig, SITE } from "./config.ts";
import { limitsOf } from "./limits.ts";
import { brandingFile, meetingIncludes, meetingStyle } from "./meeting-page.ts";
import { HOST_KEY, hostKeyFile } from "./mutual.ts";
import {
  ARRIVE,
  landingPage,
  ROBOTS,
  refusedPage,
  securityText,
  style,
  unsupportedPage,
  WEB_ROOT,
} from "./page.ts";
import { CONFIG, DROP_IN, dropIn, nginxCheck, UNIT } from "./service.ts";
import { hasShards } from "./shards.ts";
import { CERTIFICATE, KEY, site } from "./site.ts";

/** As bytes, an SVG, too: whatever is written in it is no reference to a secret. */
const logoFile = ({ type, base64 }: Logo): HostFile => ({
  ...rawFile(`${WEB_ROOT}/logo.${type}`, base64),
  binary: true,
});

/** nginx of a control host: the only way in from the web. */
export function nginxFragment(
  blueprint: Blueprint,
  host: Host,
  programs: Programs,
  arrive = ARRIVE,
): Fragment {
  const { ofWorker, memoryMiB, linesInHalfAMinute } = limitsOf(blueprint);
  const { logo } = blueprint.branding;
  const shards = hasShards(blueprint);
  const script = (name: string) =>
    rawFile(`${WEB_ROOT}/${name}`, programText(programs, `nginx/programs/${name}`));
  const client = blueprint.jitsi ? [unpacked(blueprint, "jitsi-meet-web")] : [];
  return {
    packages: { install: ["nginx"], absent: client.map(({ name }) => name) },
    unpacked: client,
    files: [
      textFile(CONFIG, nginxConfig(blueprint)),
      textFile(SITE, site(blueprint, host)),
      rawFile(CERTIFICATE, reference("web/tls.crt")),
      rawFile(KEY, reference("web/tls.key"), { group: "www-data", mode: "0640" }),
      ...(shards ? [hostKeyFile(host)] : []),
      rawFile(`${WEB_ROOT}/index.html`, landingPage(blueprint, arrive)),
      rawFile(`${WEB_ROOT}/refused.html`, refusedPage(blueprint)),
      rawFile(`${WEB_ROOT}/style.css`, style(blueprint)),
      ...["name.js", "page.js"].map(script),
      ...(logo ? [logoFile(logo)] : []),
      rawFile(`${WEB_ROOT}/robots.txt`, ROBOTS),
      rawFile(`${WEB_ROOT}/security.txt`, securityText(blueprint)),
      ...(blueprint.jitsi
        ? [
            rawFile(`${WEB_ROOT}/config.js`, configScript(blueprint)),
            rawFile(`${WEB_ROOT}/interface_config.js`, interfaceScript(blueprint)),
            ...["address.js", "meeting.js", "invitation.js"].map(script),
            rawFile(`${WEB_ROOT}/meeting.css`, meetingStyle(blueprint)),
            rawFile(`${WEB_ROOT}/unsupported.html`, unsupportedPage(blueprint)),
            rawFile(`${WEB_ROOT}/branding.json`, brandingFile(blueprint)),
            ...Object.entries(meetingIncludes(blueprint)).map(([name, text]) =>
              rawFile(`${WEB_ROOT}/${name}.html`, text),
            ),
          ]
        : []),
      dropIn({ connections: ofWorker, memoryMiB, lines: linesInHalfAMinute }),
    ],
    units: [
      {
        name: UNIT,
        // Old workers finish what they serve; the page itself is read at each request.
        reload: [
          ...[CONFIG, SITE, CERTIFICATE, KEY],
          ...(blueprint.jitsi || shards ? [CA_FILE] : []),
          ...(shards ? [HOST_CERTIFICATE, HOST_KEY] : []),
        ],
        restart: [DROP_IN],
        // Everybody's signalling goes through it, and no session outlives its connection.
        carriesCalls: true,
        handsOver: true,
      },
    ],
    masked: [],
    checks: [nginxCheck],
  };
}
