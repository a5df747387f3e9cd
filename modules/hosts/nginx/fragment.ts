import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { configScript, interfaceScript } from "../client/index.ts";
import { type Fragment, type Programs, programText, reference } from "../configuration/index.ts";
import { rawFile, textFile } from "../host/index.ts";
import { unpacked } from "../jitsi/index.ts";
import { nginxConfig, SITE } from "./config.ts";
import { limitsOf } from "./limits.ts";
import { ARRIVE, landingPage, ROBOTS, refusedPage, STYLE, securityText, WEB_ROOT } from "./page.ts";
import { CONFIG, DROP_IN, dropIn, nginxCheck, UNIT } from "./service.ts";
import { CERTIFICATE, KEY, site } from "./site.ts";

/** nginx of a control host: the only way in from the web. */
export function nginxFragment(
  blueprint: Blueprint,
  host: Host,
  programs: Programs,
  arrive = ARRIVE,
): Fragment {
  const { ofWorker, memoryMiB, linesInHalfAMinute } = limitsOf(blueprint);
  const client = blueprint.jitsi ? [unpacked(blueprint, "jitsi-meet-web")] : [];
  return {
    packages: { install: ["nginx"], absent: client.map(({ name }) => name) },
    unpacked: client,
    files: [
      textFile(CONFIG, nginxConfig(blueprint)),
      textFile(SITE, site(blueprint, host)),
      rawFile(CERTIFICATE, reference("web/tls.crt")),
      rawFile(KEY, reference("web/tls.key"), { group: "www-data", mode: "0640" }),
      rawFile(`${WEB_ROOT}/index.html`, landingPage(blueprint, arrive)),
      rawFile(`${WEB_ROOT}/refused.html`, refusedPage()),
      rawFile(`${WEB_ROOT}/style.css`, STYLE),
      rawFile(`${WEB_ROOT}/name.js`, programText(programs, "nginx/programs/name.js")),
      rawFile(`${WEB_ROOT}/robots.txt`, ROBOTS),
      rawFile(`${WEB_ROOT}/security.txt`, securityText(blueprint)),
      ...(blueprint.jitsi
        ? [
            rawFile(`${WEB_ROOT}/config.js`, configScript(blueprint)),
            rawFile(`${WEB_ROOT}/interface_config.js`, interfaceScript(blueprint.organisation)),
          ]
        : []),
      dropIn({ connections: ofWorker, memoryMiB, lines: linesInHalfAMinute }),
    ],
    units: [
      {
        name: UNIT,
        // Old workers finish what they serve; the page itself is read at each request.
        reload: [CONFIG, SITE, CERTIFICATE, KEY],
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
