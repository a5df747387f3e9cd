import { describe, expect, it } from "vitest";
import { BadInput } from "../../common/input/index.ts";
import { type Instance, readInstance } from "./index.ts";

/** Public keys of two people, and an age recipient. */
export const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICZZP6QBrHcj+rLvtQmxye1Q67Ks+C8hj2y+EEM1tjmg sam.devries";
export const OTHER =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDy9EfRFHEBAjWLXiguh/SCm+a+CXs9NyXW9OgB79oKf noor.bakker";
export const AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
export const TYPES = "ssh-ed25519, sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com";

/** A waiver for a weaker setting, without its end. */
export const WAIVER = "waives: retention.securityDays, reason: r, owner: o";

/** Every line is the start of a case's edit, so the numbers below are the lines of this text. */
export const GOOD = `name: lab
organisation: Ministerie van Voorbeeld
domain: vergaderen.voorbeeld.example
classification: { marking: none, tbb: 4 }
residency: lab
cloud: openstack
location: lab-floating
chat: off
demand:
  meetings:
    - { kind: overleg, simultaneous: 2, participants: 4, cameras: all }
admins:
  - name: Sam de Vries
    user: samdevries
    key: ${KEY}
  - name: Noor Bakker
    user: noorbakker
    key: ${OTHER}
adminNetworks: [192.0.2.0/30]
securityContact: mailto:security@voorbeeld.example
`;

/** The text, read as the instance file of folder lab. */
export const read = (text: string): Instance =>
  readInstance(text, {
    file: "f.yaml",
    folder: "lab",
    waivable: ["some-rule"],
    locations: ["lab-floating", "lab-direct"],
  });

export function refusal(text: string): string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    if (error instanceof BadInput) return error.message.split("\n");
    throw error;
  }
}

/** The good file with `from` replaced; `from` empty: with `to` behind it (line 21 and on). */
function edited(from: string, to: string): string {
  if (from === "") return GOOD + to;
  expect(GOOD).toContain(from);
  return GOOD.replace(from, to);
}

/** Edits of the good file, each with the lines that refuse it. */
export function refuses(cases: readonly [from: string, to: string, lines: string[]][]): void {
  describe("what is refused, and where", () => {
    it.each(cases)("%j -> %j", (from, to, lines) => {
      expect(refusal(edited(from, to))).toEqual(lines);
    });
  });
}
