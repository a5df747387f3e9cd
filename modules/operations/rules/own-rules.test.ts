import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BadInput } from "../../common/input/index.ts";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import { evaluate } from "../../policy/index.ts";
import { loadInstance } from "../../workspace/index.ts";
import { loadOwnRules } from "./own-rules.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-own-rules-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const LAB = readFileSync(join(TOOLKIT, "instances/lab/instance.yaml"), "utf8");

let count = 0;
/** A folder `lab` of its own with this instance file; gives its path. */
function folder(text: string): string {
  const path = join(parent, `${++count}`, "lab");
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "instance.yaml"), text);
  return path;
}

describe("rules/, an instance's own rules", () => {
  const RULE = `
    export default {
      id: "few-bridges", level: "error", what: "at most one bridge", why: "We have one machine.",
      looksAt: "blueprint", waivable: true,
      check: ({ blueprint }, asOf) => {
        const bridges = blueprint.hosts.filter((host) => host.role === "bridge");
        blueprint.hosts = [];
        return bridges.length > 1
          ? [{ verdict: "fail", subject: blueprint.instance, message: bridges.length + " on " + asOf }]
          : [{ verdict: "pass", subject: blueprint.instance, message: "one" }];
      },
    };`;
  const withRule = (text: string, name = "few-bridges", instance = LAB) => {
    const path = folder(instance);
    mkdirSync(join(path, "rules"));
    writeFileSync(join(path, "rules", `${name}.ts`), text);
    return path;
  };
  const evaluated = async (path: string) => {
    const { blueprint } = loadInstance(path);
    const input = {
      blueprint,
      stacks: new Map(),
      expected: new Map(),
      jitsiReleases: [],
      schema: { provider_schemas: {} },
    };
    const pack = { name: "own", why: "", rules: await loadOwnRules(path) };
    return [evaluate(input, "2026-11-24", pack), blueprint] as const;
  };

  it("judge with polder's, on a copy", async () => {
    const [findings, blueprint] = await evaluated(withRule(RULE));
    expect(findings).toEqual([
      { id: "few-bridges", verdict: "fail", subject: "lab", message: "2 on 2026-11-24" },
    ]);
    expect(blueprint.hosts.length).toBeGreaterThan(1);
  });

  it("may be waived where they say so", async () => {
    const waived = `${LAB}waivers:\n  - { waives: few-bridges, reason: "The second comes.", owner: Sam, expires: 2026-12-31 }\n`;
    const [[finding]] = await evaluated(withRule(RULE, "few-bridges", waived));
    expect(finding?.verdict).toBe("waived");
    expect(() => loadInstance(folder(waived))).toThrow(/few-bridges/);
  });

  it.each<[string, string, string, RegExp]>([
    ["another id", RULE.replace('"few-bridges"', '"few"'), "few-bridges", /id: got "few", but the/],
    ["no rule", "export const x = 1;", "few-bridges", /exports no rule: `export default/],
    ["no check", RULE.replace("check:", "chekc:"), "few-bridges", /check: a function of input/],
    ["a fault", "export default nothing;", "few-bridges", /can't be run: ReferenceError: nothing/],
    ["an id of polder's", RULE, "no-secret", /polder has a rule "no-secret"/],
    ["a name that is no id", RULE, "Few_Bridges", /a rule's file is called like its id/],
  ])("with %s are refused", async (_, text, name, says) => {
    await expect(loadOwnRules(withRule(text, name))).rejects.toThrow(BadInput);
    await expect(loadOwnRules(withRule(text, name))).rejects.toThrow(says);
  });

  it.each([
    ["says waived by itself", 'verdict: "fail"', 'verdict: "waived"'],
    ["gives no list", "return bridges", "return 0; return bridges"],
    ["throws", "return bridges", "throw new Error('x'); return bridges"],
  ])("that %s fail", async (_, from, to) => {
    const [[finding]] = await evaluated(withRule(RULE.replace(from, to)));
    expect(finding).toMatchObject({ verdict: "fail" });
    expect(finding?.message).toMatch(/^the rule itself failed/);
  });

  it("get no environment, no file, no program, and no module of Node.js", async () => {
    process.env["POLDER_TEST_SECRET"] = "value";
    const reach = [
      "typeof process",
      "typeof setTimeout",
      "typeof fetch",
      "typeof globalThis.constructor.constructor",
      `(() => { try { return blueprint.constructor.constructor("return typeof process")(); } catch (e) { return "no code from text"; } })()`,
    ];
    const [[finding]] = await evaluated(
      withRule(
        RULE.replace(
          "return bridges",
          `return [{ verdict: "pass", subject: "s", message: [${reach.join()}].join("; ") }]; return bridges`,
        ),
      ),
    );
    expect(finding?.message).toBe("undefined; undefined; undefined; function; no code from text");
    await expect(
      loadOwnRules(
        withRule(`import { readFileSync } from "node:fs"; readFileSync("/etc/hostname"); ${RULE}`),
      ),
    ).rejects.toThrow(/can't be run: Could not resolve "node:fs"/);
  });

  it("that break out of their context find a process that may do nothing", async () => {
    // The known way: an error of an import that isn't there comes from outside.
    const out = `
      let found = "no way out";
      export const done = import("x").catch((error) => {
        found = error.constructor.constructor("return process")();
        const fs = found.getBuiltinModule ? found.getBuiltinModule("fs") : found.binding("fs");
        fs.writeFileSync(${JSON.stringify(join(parent, "written"))}, "here");
      });
    `;
    await loadOwnRules(withRule(`${out}${RULE}`)).catch(() => undefined);
    expect(existsSync(join(parent, "written"))).toBe(false);
  });

  it("may import what lies beside them, and its code is part of theirs", async () => {
    const path = withRule(`import { most } from "./.more.ts"; ${RULE.replace("> 1", "> most")}`);
    const more = join(path, "rules/.more.ts");
    writeFileSync(more, "export const most: number = 1;");
    const [one] = await loadOwnRules(path);
    writeFileSync(more, "export const most: number = 9;");
    const [other] = await loadOwnRules(path);
    expect(one?.code).not.toBe(other?.code);
    const [[finding]] = await evaluated(path);
    expect(finding?.verdict).toBe("pass");
  });
});
