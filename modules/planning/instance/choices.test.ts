import { refuses } from "./testing.ts";

refuses([
  [
    "residency: lab",
    "residency: nl-soverign",
    [
      'f.yaml:5:12: residency: got "nl-soverign", allowed: nl-sovereign, nl-located, eea, lab; did you mean "nl-sovereign"?',
    ],
  ],
  [
    "location: lab-floating",
    "location: lab-floting",
    [
      'f.yaml:7:11: location: got "lab-floting", no such location is known; did you mean "lab-floating"?',
    ],
  ],
  [
    "location: lab-floating",
    "location: amsterdam",
    [
      'f.yaml:7:11: location: got "amsterdam", no such location is known; allowed: lab-floating, lab-direct',
    ],
  ],
  ["chat: off\n", "", ["f.yaml:1:1: chat: missing, required: one of off, on"]],
  ["chat: off", "chat: true", ["f.yaml:8:7: chat: got true, allowed: off, on"]],
  ["chat: off", "chat: no", ['f.yaml:8:7: chat: got "no", allowed: off, on']],
  [
    "cloud: openstack",
    "cluod: openstack",
    ['f.yaml:6:1: unknown key "cluod"; did you mean "cloud"?'],
  ],
]);
