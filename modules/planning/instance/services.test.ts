import { refuses } from "./testing.ts";

refuses([
  [
    "",
    "packages: { source: miror }\n",
    [
      'f.yaml:21:21: packages.source: got "miror", allowed: upstream, mirror, folder; did you mean "mirror"?',
    ],
  ],
  [
    "",
    "packages: { source: mirror }\n",
    ["f.yaml:21:21: packages.source: source: mirror needs packages.mirror"],
  ],
  [
    "",
    "packages: { folder: p }\n",
    ["f.yaml:21:21: packages.folder: only used with source: folder, got source: upstream"],
  ],
  [
    "residency: lab",
    "residency: eea\ncertificates: { source: instance-ca }",
    [
      "f.yaml:6:25: certificates.source: got instance-ca, which no browser trusts: allowed in the lab alone, elsewhere file or acme",
    ],
  ],
  [
    "",
    'certificates: { source: acme, acmeKeyId: "kid-1" }\n',
    ["f.yaml:21:25: certificates.source: source: acme needs certificates.acmeDirectory"],
  ],
  [
    "",
    "certificates: { acmeKeyId: kid-1 }\n",
    ["f.yaml:21:28: certificates.acmeKeyId: only used with source: acme"],
  ],
  [
    "residency: lab",
    'residency: eea\nalarms: { webhook: "http://alarm.example/" }',
    ["f.yaml:6:20: alarms.webhook: http:// is allowed in the lab alone: alarms tell what is weak"],
  ],
  [
    "",
    'packages: { source: mirror, mirror: "ftp://x" }\n',
    [
      'f.yaml:21:37: packages.mirror: got "ftp://x", an address that starts with https:// or http:// is allowed',
    ],
  ],
  [
    "",
    'packages: { source: mirror, mirror: "https://me:pw@x.nl/" }\n',
    [
      "f.yaml:21:37: packages.mirror: an address without user, password, ? and # is allowed: no secret belongs into this file",
    ],
  ],
  ["", "state: { backend: s3 }\n", ['f.yaml:21:19: state.backend: got "s3", allowed: local, http']],
  [
    "",
    'state: { backend: http, address: "http://x.nl/" }\n',
    [
      'f.yaml:21:34: state.address: got "http://x.nl/", an address that starts with https:// is allowed',
    ],
  ],
  ["", "state: { backend: http }\n", ["f.yaml:21:8: state.address: missing, a text is required"]],
  [
    "mailto:security@voorbeeld.example",
    "security@voorbeeld.example",
    [
      'f.yaml:20:18: securityContact: got "security@voorbeeld.example", mailto:someone@example.nl or an https:// address is allowed',
    ],
  ],
]);
