import { describe, expect, it } from "vitest";
import { GOOD, refusal } from "./testing.ts";

describe("an instance of the lab", () => {
  const told = (more: string): string[] => refusal(`${GOOD}${more}`);
  it.each([
    "https://terraform.uitvoeringsdienst.example/state",
    "https://127.0.0.1:8443/state",
    "https://[::1]:8443/state",
    "https://198.18.64.1/state",
    "https://203.0.113.9/state",
    "https://[2001:db8::1]/state",
  ])("calls %s", (address) => {
    expect(told(`state: { backend: http, address: "${address}" }\n`)).toEqual([]);
  });
  it.each([
    "https://terraform.rijksoverheid.nl/state",
    "https://1.1.1.1/state",
    "https://[2606:4700::1]/state",
    "https://notexample/state",
    "https://198.20.0.1/state",
  ])("doesn't call %s", (address) => {
    expect(told(`state: { backend: http, address: "${address}" }\n`)).toEqual([
      expect.stringMatching(
        /^f\.yaml:\d+:\d+: state\.address: got \S+, which leads out of the lab: /,
      ),
    ]);
  });
  it("has no mirror, ACME server or alarm outside either; a real one may", () => {
    const alarms = 'alarms: { webhook: "https://alarm.rijksoverheid.nl/" }\n';
    expect(told(alarms)).toEqual([expect.stringContaining("alarms.webhook: got")]);
    const real = GOOD.replace("residency: lab", "residency: eea");
    expect(refusal(`${real}${alarms}`)).toEqual([]);
  });
});
