import { describe, expect, test } from "vitest";
import fixture from "./diagnostics.fixture.json" with { type: "json" };
import { explain, parseEvent, type TerraformEvent } from "./events.ts";

type Diagnostic = NonNullable<TerraformEvent["diagnostic"]>;
const seen = fixture.diagnostics as Readonly<Record<string, Diagnostic>>;
const one = (name: string): Diagnostic => {
  const diagnostic = seen[name];
  if (!diagnostic) throw new Error(`no diagnostic "${name}" in the fixture`);
  return diagnostic;
};

describe("what the real provider says becomes one line that says what to do", () => {
  test.each([
    ["500", /^openstack_networking_floatingip_v2\.edge-1: .* → the cloud's API failed: try again/],
    ["503", /→ the API is overloaded: try again in a minute/],
    ["cut", /→ the cloud's API can't be reached/],
    ["EOF", /→ the cloud's API can't be reached/],
    ["password", /→ the cloud refuses the credential/],
    ["quota", /→ the project's quota is used up/],
    ["zone", /→ something with this name or address is there already/],
    ["address", /→ something with this name or address is there already/],
    ["server", /→ the cloud could not start a server/],
    ["rule", /→ something with this name or address is there already/],
    ["lock", /→ another run holds the state/],
    ["read-only", /→ this lies on a read-only file system/],
    ["protected", /→ it holds state and is protected/],
  ])("%s", (name, line) => {
    const text = explain([one(name)]);
    expect(text).toMatch(line);
    expect(text).not.toContain("\n");
    expect(text.length).toBeLessThan(700);
  });
});

test("a state server that knows another method for locks isn't taken for a lock that somebody holds", () => {
  const summary =
    "Error acquiring the state lock: Error message: HTTP remote state endpoint returned unexpected HTTP response code 405";
  expect(explain([{ severity: "error", summary }])).toMatch(/→ .*another method for locks.*GitLab/);
});

describe("many errors", () => {
  const at = (address: string, from: string): Diagnostic => ({ ...one(from), address });

  test("the same fault of many resources is one line, though their ids differ", () => {
    const text = explain([one("503"), one("503 elsewhere"), at("a.b", "503"), at("c.d", "503")]);
    expect(text).not.toContain("\n");
    expect(text).toMatch(
      /^openstack_networking_floatingip_v2\.control-1, .*turn-1, a\.b and 1 more: /,
    );
  });

  test("different faults stay different lines", () => {
    const lines = explain([one("quota"), one("zone"), one("500")]).split("\n");
    expect(lines).toHaveLength(3);
  });

  test("after eight lines the rest is counted", () => {
    const errors = Array.from({ length: 20 }, (_, i) => ({
      severity: "error",
      summary: `fault ${String.fromCharCode(97 + i)}`,
    }));
    const lines = explain(errors).split("\n");
    expect(lines).toHaveLength(9);
    expect(lines.at(-1)).toBe("and 12 other errors");
  });

  test("warnings are no errors", () => {
    expect(explain([{ ...one("500"), severity: "warning" }])).toBe("");
  });
});

test("what is no JSON is kept as a text", () => {
  expect(parseEvent("panic: runtime error")).toEqual({
    type: "text",
    "@message": "panic: runtime error",
  });
});
