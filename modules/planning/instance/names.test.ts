import { refuses } from "./testing.ts";

const NAME =
  "a name DNS can hold is allowed: 1 to 20 of a-z, 0-9 and single -, starting with a letter, not ending in -addresses";
const DOMAIN =
  "a domain name is allowed: at least two labels, each 1 to 63 of a-z, 0-9 and -, like vergaderen.voorbeeld.nl";
refuses([
  [
    "name: lab",
    "name: lap",
    ['f.yaml:1:7: name: got "lap", but the folder is called "lab": the two are one name'],
  ],
  ["name: lab", "name: Lab", [`f.yaml:1:7: name: got "Lab", ${NAME}`]],
  ["name: lab", "name: lab_1", [`f.yaml:1:7: name: got "lab_1", ${NAME}`]],
  ["name: lab", "name: 9lab", [`f.yaml:1:7: name: got "9lab", ${NAME}`]],
  ["name: lab", "name: lab-", [`f.yaml:1:7: name: got "lab-", ${NAME}`]],
  ["name: lab", "name: l--b", [`f.yaml:1:7: name: got "l--b", ${NAME}`]],
  ["name: lab", `name: ${"a".repeat(21)}`, [`f.yaml:1:7: name: got "${"a".repeat(21)}", ${NAME}`]],
  ["name: lab", "name: lab-addresses", [`f.yaml:1:7: name: got "lab-addresses", ${NAME}`]],
  ["name: lab", "name: 42", ["f.yaml:1:7: name: got 42, a text is allowed"]],
  ["name: lab", "name:", ["f.yaml:1:1: name: got nothing, a text is allowed"]],
  [
    "domain: vergaderen.voorbeeld.example",
    "domain: localhost",
    [`f.yaml:3:9: domain: got "localhost", ${DOMAIN}`],
  ],
  [
    "domain: vergaderen.voorbeeld.example",
    "domain: a_b.nl",
    [`f.yaml:3:9: domain: got "a_b.nl", ${DOMAIN}`],
  ],
  [
    "domain: vergaderen.voorbeeld.example",
    "domain: 1.2.3.4",
    [`f.yaml:3:9: domain: got "1.2.3.4", ${DOMAIN}`],
  ],
  [
    "domain: vergaderen.voorbeeld.example",
    "domain: Voorbeeld.nl",
    [`f.yaml:3:9: domain: got "Voorbeeld.nl", ${DOMAIN}`],
  ],
  [
    "Ministerie van Voorbeeld",
    '"a\\nb"',
    ['f.yaml:2:15: organisation: got "a\\nb", one line of 1 to 80 characters is allowed'],
  ],
  [
    "Ministerie van Voorbeeld",
    '"a\\u202Eb"',
    ['f.yaml:2:15: organisation: got "a\\u202eb", one line of 1 to 80 characters is allowed'],
  ],
]);
