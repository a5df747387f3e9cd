import { refuses } from "./testing.ts";

const RANGE =
  "a range like 198.51.100.0/24 or 2001:db8:1::/48 is allowed (no bits set behind the prefix)";
const network = (text: string, ...lines: string[]): [string, string, string[]] => [
  "[192.0.2.0/30]",
  `["${text}"]`,
  lines.map((line) => `f.yaml:19:17: adminNetworks[0]: ${line}`),
];
const nowhere = (text: string, inside: string): [string, string, string[]] =>
  network(
    text,
    `"${text}" is in ${inside}, from which no admin can come: give the network's own range`,
  );
refuses([
  network("0.0.0.0/0", '"0.0.0.0/0" is the whole internet, which is never an admin network'),
  network("::/0", '"::/0" is the whole internet, which is never an admin network'),
  [
    "[192.0.2.0/30]",
    "[0.0.0.0/1, 128.0.0.0/1]",
    [
      'f.yaml:19:17: adminNetworks[0]: "0.0.0.0/1" is too wide for an admin network, /9 or narrower is allowed',
      'f.yaml:19:28: adminNetworks[1]: "128.0.0.0/1" is too wide for an admin network, /9 or narrower is allowed',
    ],
  ],
  network("2000::/3", '"2000::/3" is too wide for an admin network, /20 or narrower is allowed'),
  network("192.0.2.1/24", `got "192.0.2.1/24", ${RANGE}`),
  network("2001:db8::1/32", `got "2001:db8::1/32", ${RANGE}`),
  network("192.0.2.1", `got "192.0.2.1", ${RANGE}`),
  network("192.0.2.0/33", `got "192.0.2.0/33", ${RANGE}`),
  network("256.0.0.0/24", `got "256.0.0.0/24", ${RANGE}`),
  network("010.0.0.0/24", `got "010.0.0.0/24", ${RANGE}`),
  network("192.0.2.0/255.255.255.0", `got "192.0.2.0/255.255.255.0", ${RANGE}`),
  nowhere("::ffff:0.0.0.0/96", "::/8"),
  nowhere("127.0.0.0/9", "127.0.0.0/8"),
  nowhere("224.0.0.0/9", "224.0.0.0/3"),
  nowhere("fe80::/64", "fe80::/10"),
  [
    "[192.0.2.0/30]",
    "[]",
    ["f.yaml:19:16: adminNetworks: got a list of 0 entries, at least 1 is needed"],
  ],
  [
    "[192.0.2.0/30]",
    "192.0.2.0/30",
    ['f.yaml:19:16: adminNetworks: got "192.0.2.0/30", a list is allowed'],
  ],
  [
    "[192.0.2.0/30]",
    "[192.0.2.0/30, 192.0.2.2/31]",
    ["f.yaml:19:31: adminNetworks[1]: 192.0.2.2/31 overlaps adminNetworks[0] (192.0.2.0/30)"],
  ],
  [
    "[192.0.2.0/30]",
    "[10.80.2.0/24]",
    ["f.yaml:19:17: adminNetworks[0]: 10.80.2.0/24 overlaps network.ipv4 (10.80.0.0/22)"],
  ],
  [
    "",
    "network: { ipv4: 8.8.0.0/22 }\n",
    [
      'f.yaml:21:18: network.ipv4: got "8.8.0.0/22", a private IPv4 range (RFC 1918) of /22 or wider is allowed',
    ],
  ],
  [
    "",
    "network: { ipv4: 10.0.0.0/24 }\n",
    [
      'f.yaml:21:18: network.ipv4: got "10.0.0.0/24", a private IPv4 range (RFC 1918) of /22 or wider is allowed',
    ],
  ],
  [
    "",
    'network: { ipv6: "2001:db8::/48" }\n',
    [
      'f.yaml:21:18: network.ipv6: got "2001:db8::/48", a unique local IPv6 range (RFC 4193) of /60 or wider is allowed',
    ],
  ],
  [
    "cloud: openstack",
    'cloud: hetzner\nnetwork: { ipv6: "fd00:82::/48" }',
    [
      "f.yaml:7:18: network.ipv6: only used with cloud: openstack; Hetzner's networks have IPv4 alone",
    ],
  ],
]);
