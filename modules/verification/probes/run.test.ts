import { describe, expect, it } from "vitest";
import { pass } from "../../common/findings/index.ts";
import { buildBlueprint } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import type { Context, Group, Probe } from "./probe.ts";
import { onceOnly, runProbes } from "./run.ts";

const context = { blueprint: buildBlueprint(inputOf(someInstance())) } as Context;
const probe = (over: Partial<Probe>): Probe => ({
  id: "a-probe",
  group: "ports",
  holds: "",
  attack: "",
  control: "",
  norms: [],
  subjects: () => ["one"],
  alive: async () => undefined,
  run: async () => pass("shut"),
  ...over,
});
const verdicts = async (over: Partial<Probe>) =>
  (await runProbes([probe(over)], context)).map(({ subject, verdict, message }) => [
    subject,
    verdict,
    message,
  ]);

describe("running probes", () => {
  it("says something about each subject", async () => {
    expect(await verdicts({ subjects: () => ["one", "two"] })).toEqual([
      ["one", "pass", "shut"],
      ["two", "pass", "shut"],
    ]);
  });

  it("doesn't attack what wasn't seen alive, and doesn't let it pass", async () => {
    let attacked = false;
    const run = async () => {
      attacked = true;
      return pass("silent");
    };
    expect(await verdicts({ run, alive: async () => "nothing answers" })).toEqual([
      ["one", "not-tested", "nothing answers"],
    ]);
    expect(attacked).toBe(false);
  });

  it("lets nothing pass that broke on the way", async () => {
    const broken = async () => {
      throw new Error("no route\nat there");
    };
    expect(await verdicts({ alive: broken })).toEqual([
      ["one", "not-tested", "its positive control failed: no route"],
    ]);
    expect(await verdicts({ run: broken })).toEqual([
      ["one", "not-tested", "it couldn't be tried: no route"],
    ]);
  });

  it("stops before the next probe when it is interrupted", async () => {
    const controller = new AbortController();
    const first = probe({
      run: async () => {
        controller.abort();
        return pass("");
      },
    });
    const found = await runProbes(
      [first, probe({ id: "b" })],
      context,
      undefined,
      controller.signal,
    );
    expect(found.map(({ id }) => id)).toEqual(["a-probe"]);
  });

  it("asks from outside one after the other, and the admin's way beside that; its findings keep their order", async () => {
    const at: string[] = [];
    const slow = (id: string, group: Group) =>
      probe({
        ...{ id, group },
        run: async () => {
          at.push(`${id} begins`);
          await new Promise((resolve) => setTimeout(resolve, 20));
          at.push(`${id} ends`);
          return pass("");
        },
      });
    const probes = [slow("scan", "ports"), slow("hello", "tls"), slow("files", "drift")];
    const found = await runProbes(probes, context);
    expect(found.map(({ id }) => id)).toEqual(["scan", "hello", "files"]);
    expect(at.indexOf("hello begins")).toBeGreaterThan(at.indexOf("scan ends"));
    expect(at.indexOf("files begins")).toBeLessThan(at.indexOf("scan ends"));
  });

  it("does shared work once, a failure too", async () => {
    const once = onceOnly();
    let times = 0;
    const work = async () => {
      times++;
      throw new Error("no");
    };
    await expect(once("a", work)).rejects.toThrow("no");
    await expect(once("a", work)).rejects.toThrow("no");
    expect(times).toBe(1);
  });
});
