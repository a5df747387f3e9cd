import { refuses, WAIVER } from "./testing.ts";

refuses([
  // Weaker than the default
  [
    "",
    "meetings: { lobby: false }\n",
    ['f.yaml:21:13: unknown key "lobby", allowed here: guests, maxMinutes, guestWaitMinutes'],
  ],
  [
    "",
    "retention: { securityDays: 182 }\n",
    [
      "f.yaml:21:28: retention.securityDays: weaker than the default: BIO2 8.18.02 asks for half a year (183 days). Allowed only with a waiver (waives: retention.securityDays, reason, owner, expires)",
    ],
  ],
  [
    "residency: lab",
    "residency: nl-sovereign",
    [
      "f.yaml:13:3: admins: weaker than the default: profile nl-sovereign asks that every admin key lives in hardware (a type that starts with sk-). Allowed only with a waiver (waives: admins.hardwareKey, reason, owner, expires)",
    ],
  ],
  [
    "",
    "meetings: { guests: no }\n",
    ['f.yaml:21:21: meetings.guests: got "no", true or false is allowed'],
  ],
  // Waivers
  [
    "",
    "waivers: [{ waives: retention.securityDay, reason: r, owner: o, expires: 2027-01-31 }]\n",
    [
      'f.yaml:21:21: waivers[0].waives: got "retention.securityDay", did you mean "retention.securityDays"?',
    ],
  ],
  [
    "",
    `waivers: [{ ${WAIVER}, expires: 2027-01-31 }]\n`,
    [
      'f.yaml:21:21: waivers[0].waives: "retention.securityDays" is not weakened here: take this waiver out',
    ],
  ],
  [
    "",
    `retention: { securityDays: 92 }\nwaivers: [{ ${WAIVER}, expires: 31-01-2027 }]\n`,
    ['f.yaml:22:75: waivers[0].expires: got "31-01-2027", a date like 2027-01-31 is allowed'],
  ],
  [
    "",
    `retention: { securityDays: 92 }\nwaivers: [{ ${WAIVER}, expires: 2027-02-29 }]\n`,
    ['f.yaml:22:75: waivers[0].expires: got "2027-02-29", a date like 2027-01-31 is allowed'],
  ],
  [
    "",
    `retention: { securityDays: 92 }\nwaivers: [{ ${WAIVER} }]\n`,
    ["f.yaml:22:11: waivers[0].expires: missing, a text is required"],
  ],
  [
    "",
    `retention: { securityDays: 92 }\nwaivers:\n  - { ${WAIVER}, expires: 2027-01-31 }\n  - { ${WAIVER}, expires: 2027-02-28 }\n`,
    ['f.yaml:24:15: waivers[1].waives: "retention.securityDays" is waived twice'],
  ],
]);
