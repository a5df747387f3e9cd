import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { type Fragment, type Programs, programText, reference } from "../configuration/index.ts";
import { rawFile, textFile } from "../host/index.ts";
import { nginxConfig, SITE } from "./config.ts";
import { limitsOf } from "./limits.ts";
import { landingPage, ROBOTS, refusedPage, STYLE, securityText, WEB_ROOT } from "./page.ts";
import { CONFIG, DROP_IN, dropIn, nginxCheck, UNIT } from "./service.ts";
import { CERTIFICATE, KEY, site } from "./site.ts";

/** nginx of a control host: the only way in from the web, and until the gate comes a page and a 404. */
export function nginxFragment(blueprint: Blueprint, _host: Host, programs: Programs): Fragment {
  const { ofWorker, memoryMiB, linesInHalfAMinute } = limitsOf(blueprint);
  return {
    packages: { install: ["nginx"], absent: [] },
    files: [
      textFile(CONFIG, nginxConfig(blueprint)),
      textFile(SITE, site(blueprint)),
      rawFile(CERTIFICATE, reference("web/tls.crt")),
      rawFile(KEY, reference("web/tls.key"), { group: "www-data", mode: "0640" }),
      rawFile(`${WEB_ROOT}/index.html`, landingPage(blueprint)),
      rawFile(`${WEB_ROOT}/refused.html`, refusedPage()),
      rawFile(`${WEB_ROOT}/style.css`, STYLE),
      rawFile(`${WEB_ROOT}/name.js`, programText(programs, "nginx/programs/name.js")),
      rawFile(`${WEB_ROOT}/robots.txt`, ROBOTS),
      rawFile(`${WEB_ROOT}/security.txt`, securityText(blueprint)),
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
      },
    ],
    masked: [],
    checks: [nginxCheck],
  };
}
