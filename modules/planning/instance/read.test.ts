import { describe, expect, it } from "vitest";
import { GOOD, read, refusal, WAIVER } from "./testing.ts";

describe("a good file", () => {
  it("is read, with every default filled in and the safe choice as the default", () => {
    const instance = read(GOOD);
    expect(instance.meetings).toEqual({
      guests: true,
      maxMinutes: 240,
      guestWaitMinutes: 30,
    });
    expect(instance.retention).toEqual({
      operationsDays: 14,
      securityDays: 183,
      incidentDays: 1096,
    });
    expect(instance.certificateAuthorities).toEqual([]);
    expect(instance.state).toEqual({ backend: "local" });
    expect(instance.packages).toEqual({ source: "upstream" });
    expect(instance.chat).toBe("off");
  });

  it.each<[string, string]>([
    [
      "a waiver for a weaker setting",
      `retention: { securityDays: 92 }\nwaivers: [{ ${WAIVER}, expires: 2027-01-31 }]\n`,
    ],
    [
      "a waiver for a rule",
      "waivers: [{ waives: some-rule, reason: r, owner: o, expires: 2027-01-31 }]\n",
    ],
    ["a leap day", "waivers: [{ waives: some-rule, reason: r, owner: o, expires: 2028-02-29 }]\n"],
    ["a state server", 'state: { backend: http, address: "https://state.example/" }\n'],
    ["packages in a folder", "packages: { source: folder, folder: packages }\n"],
    ["stricter terms", "retention: { securityDays: 366, operationsDays: 1 }\n"],
    ["shares that add up", "# demand is above\n"],
  ])("may have %s", (_, more) => {
    expect(refusal(GOOD + more)).toEqual([]);
  });
});

describe("what a file must have", () => {
  it("is told all at once", () => {
    expect(refusal("name: lab\n")).toEqual([
      "f.yaml:1:1: organisation: missing, a text is required",
      "f.yaml:1:1: domain: missing, a text is required",
      "f.yaml:1:1: classification: missing, a block of keys is required",
      "f.yaml:1:1: residency: missing, required: one of nl-sovereign, nl-located, eea, lab",
      "f.yaml:1:1: cloud: missing, required: one of openstack, hetzner",
      "f.yaml:1:1: location: missing, a text is required",
      "f.yaml:1:1: chat: missing, required: one of off, on",
      "f.yaml:1:1: demand: missing, a block of keys is required",
      "f.yaml:1:1: admins: missing, a list is required",
      "f.yaml:1:1: adminNetworks: missing, a list is required",
      "f.yaml:1:1: securityContact: missing, a text is required",
    ]);
  });
});

describe("what is refused, and where", () => {
  it("tells several mistakes at once, in the order of the file", () => {
    const text = GOOD.replace("tbb: 4", "tbb: 9")
      .replace("cloud: openstack", "cluod: openstack")
      .replace("chat: off", "chat: maybe")
      .replace("192.0.2.0/30", "0.0.0.0/0");
    expect(refusal(text)).toEqual([
      "f.yaml:4:39: classification.tbb: got 9, allowed: 1, 2, 3, 4",
      'f.yaml:6:1: unknown key "cluod"; did you mean "cloud"?',
      'f.yaml:8:7: chat: got "maybe", allowed: off, on',
      'f.yaml:19:17: adminNetworks[0]: "0.0.0.0/0" is the whole internet, which is never an admin network',
    ]);
  });
});
