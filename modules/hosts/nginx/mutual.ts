import type { Host } from "../../planning/blueprint/index.ts";
import { reference } from "../configuration/index.ts";
import { CA_FILE, HOST_CERTIFICATE, rawFile } from "../host/index.ts";

/** nginx's copy of the host's key: the original is root's. */
export const HOST_KEY = "/etc/nginx/tls/host.key";

export const hostKeyFile = ({ id }: Host) =>
  rawFile(HOST_KEY, reference(`tls/${id}.key`), { group: "www-data", mode: "0640" });

/** RFC 5280's bound of a common name; a longer host name's certificate has the id there. */
const commonName = ({ id, name }: Host): string => (name.length <= 64 ? name : id);

/** A variable that names a host by its certificate alone, and is empty for every other certificate of the instance. */
export const hostsByCertificate = (
  variable: string,
  hosts: readonly Host[],
  value: (host: Host) => string,
): string[] => [
  `map $ssl_client_s_dn ${variable} {`,
  '  default "";',
  ...hosts.map((host) => `  "CN=${commonName(host)}" ${value(host)};`),
  "}",
];

/** The beginning of a server that answers the hosts of such a variable, over TLS by the instance's CA, and nobody else. */
export const forHosts = (port: number, variable: string): string[] => [
  `  listen ${port} ssl;`,
  `  listen [::]:${port} ssl;`,
  `  ssl_certificate ${HOST_CERTIFICATE};`,
  `  ssl_certificate_key ${HOST_KEY};`,
  `  ssl_client_certificate ${CA_FILE};`,
  "  ssl_verify_client on;",
  "  ssl_verify_depth 1;",
  `  if (${variable} = "") {`,
  "    return 403;",
  "  }",
];
