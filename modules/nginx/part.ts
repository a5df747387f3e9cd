import type { Blueprint, Host } from "../blueprint/index.ts";
import { rawFile, textFile } from "../host/index.ts";
import { sandbox } from "../sandbox/index.ts";
import { reference, type TreePart } from "../tree/index.ts";
import { nginxConfig, SITE } from "./config.ts";
import { landingPage, ROBOTS, refusedPage, STYLE, securityText, WEB_ROOT } from "./page.ts";
import { CERTIFICATE, KEY, site } from "./site.ts";

const CONFIG = "/etc/nginx/nginx.conf";
const UNIT = "nginx.service";
const DROP_IN = `/etc/systemd/system/${UNIT}.d/polder.conf`;

const UNIT_LINES = [
  "[Service]",
  "# No process of it is root: the ports come by a capability, the key by its group.",
  "User=www-data",
  "Group=www-data",
  "RuntimeDirectory=nginx",
  "RuntimeDirectoryMode=0750",
  "PIDFile=/run/nginx/nginx.pid",
  "ExecStartPre=",
  "ExecStart=",
  "ExecStart=/usr/sbin/nginx",
  "# A bad file keeps the old workers: tried first, then told.",
  "ExecReload=",
  "ExecReload=/usr/sbin/nginx -t -q",
  "ExecReload=/bin/kill -HUP $MAINPID",
  "ExecStop=",
  "KillSignal=SIGQUIT",
  "TimeoutStopSec=10",
  "Restart=on-failure",
  "RestartSec=2",
  "LimitNOFILE=16384",
  ...sandbox({
    capabilities: ["CAP_NET_BIND_SERVICE"],
    families: ["AF_UNIX", "AF_INET", "AF_INET6"],
  }),
];

/** nginx of a control host: the only way in from the web, and until the gate comes a page and a 404. */
export function nginxPart(blueprint: Blueprint, _host: Host): TreePart {
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
      rawFile(`${WEB_ROOT}/robots.txt`, ROBOTS),
      rawFile(`${WEB_ROOT}/security.txt`, securityText(blueprint)),
      textFile(DROP_IN, UNIT_LINES),
    ],
    units: [
      {
        name: UNIT,
        // Old workers finish what they serve; the page itself is read at each request.
        reload: [CONFIG, SITE, CERTIFICATE, KEY],
        restart: [DROP_IN],
        carriesCalls: false,
      },
    ],
    masked: [],
    checks: [
      {
        id: "nginx-config",
        // It wants its folder for temporary files, which the unit makes at its start.
        command: ["/usr/bin/bash", "-ec", "mkdir -p /run/nginx; exec /usr/sbin/nginx -t -q"],
      },
    ],
  };
}
