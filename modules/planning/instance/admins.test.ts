import { KEY, OTHER, refuses, TYPES } from "./testing.ts";

const key = (text: string, line: string): [string, string, string[]] => [
  KEY,
  text,
  [`f.yaml:15:10: admins[0].key: ${line}`],
];

refuses([
  key(
    "hallo",
    `got "hallo", but an SSH public key has a type and a base64 part; allowed: ${TYPES}`,
  ),
  key(
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "this is a PRIVATE key: put the .pub line here, and make a new key",
  ),
  key(
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 x",
    `key type "ssh-rsa" is refused; allowed: ${TYPES}`,
  ),
  key(KEY.slice(0, 60), "the key's base64 part is cut short or has something behind it"),
  key(`${KEY} ${KEY}`, "two keys on one line: each person has one"),
  key(
    `${KEY.split(" ").slice(0, 2).join(" ")}${KEY.split(" ")[1]}`,
    "the key's base64 part holds more or less than one key: was it pasted twice?",
  ),
  key("ssh-ed25519 !!!", "the key's base64 part is damaged"),
  key(
    KEY.replace("ssh-ed25519", "sk-ssh-ed25519@openssh.com"),
    'the key says "sk-ssh-ed25519@openssh.com" but contains "ssh-ed25519"',
  ),
  [
    KEY,
    `|\n      ${KEY}`,
    [
      `f.yaml:16:1: admins[0].key: a public key is one line without spaces around it; allowed: ${TYPES}`,
    ],
  ],
  [
    OTHER,
    KEY.replace("sam.devries", "noor"),
    ["f.yaml:18:10: admins[1].key: the same key as admins[0]: each person has their own"],
  ],
  [
    "user: noorbakker",
    "user: samdevries",
    ["f.yaml:17:11: admins[1].user: the same user as admins[0]: each person has their own"],
  ],
  [
    "user: noorbakker",
    "user: root",
    [
      'f.yaml:17:11: admins[1].user: got "root", which is an account of the system: a person\'s own login name is allowed',
    ],
  ],
  [
    "user: noorbakker",
    "user: Noor.Bakker",
    [
      'f.yaml:17:11: admins[1].user: got "Noor.Bakker", 2 to 31 of a-z and 0-9 are allowed, a letter first',
    ],
  ],
]);
