import { describe, expect, it } from "vitest";
import { example } from "../../../lab/testing/examples.ts";
import { AS_OF, asInput, body, bothWays, doing, type Planted, set, subject } from "../testing.ts";
import { overridesAreNamed } from "./overrides-are-named.ts";

const SERVER = "openstack_compute_instance_v2";

const overridden = (p: Planted, resource: string, set: object) => {
  p.blueprint.overrides = [{ resource, set, reason: "the second hall", owner: "Sam de Vries" }];
};

bothWays(overridesAreNamed, () => example(), [
  [
    "a value that the document doesn't have",
    (p) => {
      overridden(p, "turn-*/server", { availability_zone: "hall-2" });
      set(p, SERVER, "turn-1", { availability_zone: "hall-2" });
      return subject(p, SERVER, "turn-2");
    },
    /availability_zone: got nothing, overrides\.yaml says "hall-2"/,
  ],
  [
    "a resource that isn't there",
    (p) => doing(overridden(p, "turn-9/server", { availability_zone: "x" }), "lab"),
    /no resource is called so/,
  ],
  [
    "a resource of the other stack",
    (p) => doing(overridden(p, "addresses/turn-1/server", { description: "x" }), "lab"),
    /no resource is called so/,
  ],
]);

describe("overrides-are-named", () => {
  it("tells each change as a warning, with who and why", () => {
    const p = example();
    overridden(p, "turn-1/server", { availability_zone: "hall-2", metadata: { rack: "7" } });
    set(p, SERVER, "turn-1", {
      availability_zone: "hall-2",
      metadata: { ...body(p, SERVER, "turn-1").metadata, rack: "7" },
    });
    expect(overridesAreNamed.check(asInput(p), AS_OF)).toMatchObject([
      {
        verdict: "pass",
        warns: true,
        subject: subject(p, SERVER, "turn-1"),
        message: 'availability_zone = "hall-2" by overrides.yaml, Sam de Vries: the second hall',
      },
      { verdict: "pass", warns: true },
    ]);
  });
});
