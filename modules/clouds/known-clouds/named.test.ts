// Where a cloud is named outside its own folders: what a third cloud needs beside folders of its own, as
// docs/clouds.md lists it. Code that may not know in which cloud an instance stands is not on the list.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { TOOLKIT } from "../../common/toolkit/index.ts";

const CLOUD = /openstack|hetzner|hcloud/i;
const OWN = /^modules\/(clouds|policy)\/(openstack|hetzner)(-api)?\//;

/** Files that name a cloud, or folders with a slash at their end, each with the reason. */
const NAMED: Readonly<Record<string, string>> = {
  "modules/planning/instance/schema.ts": "what `cloud` may say",
  "modules/planning/instance/cross-checks.ts": "settings that one cloud alone has",
  "modules/planning/residency/location.ts":
    "which kinds of cloud there are, and what each must record",
  "modules/planning/blueprint/": "the part of the decision that depends on the cloud",
  "modules/clouds/cloud/endpoint.ts": "the settings of each cloud that a message names",
  "modules/clouds/known-clouds/": "the list of clouds",
  "modules/clouds/terraform/events.ts": "what the providers' messages mean",
  "stacks/instance-stacks.ts": "the list of stacks",
  "modules/policy/": "which types of each provider a rule reads",
  "modules/operations/review/exposure.ts": "how each provider writes a packet filter",
  "modules/reports/sizing-report/spec-machines.ts": "products that a buyer may ask for",
  "cli/text/describe.ts": "how each cloud's credential is called",
  "cli/commands/size.ts": "the catalogue with which costs are compared",
  "cli/commands/new.ts": "the cloud of a location that isn't recorded",
  "cli/commands/lab.ts": "the lab's two clouds",
  "cli/testbed.ts": "the lab's two clouds",
  "cli/commands.ts": "the lab in a help text",
};

/** Whether code, and not only a comment, names a cloud. */
function namesCloud(text: string): boolean {
  if (!CLOUD.test(text)) return false;
  const visit = (node: ts.Node): boolean =>
    (ts.isIdentifier(node) ||
    ts.isLiteralExpression(node) ||
    ts.isTemplateMiddleOrTemplateTail(node)
      ? CLOUD.test(node.text)
      : ts.isTemplateHead(node) && CLOUD.test(node.text)) ||
    (ts.forEachChild(node, visit) ?? false);
  return visit(ts.createSourceFile("x.ts", text, ts.ScriptTarget.Latest));
}

const files = ["modules", "stacks", "cli"]
  .flatMap((folder) =>
    readdirSync(join(TOOLKIT, folder), { recursive: true, encoding: "utf8" }).map((file) =>
      join(folder, file),
    ),
  )
  .filter((file) => file.endsWith(".ts"))
  .filter((file) => !/\.test\.ts$|\/testing\.ts$/.test(file) && !OWN.test(file))
  .filter((file) => namesCloud(readFileSync(join(TOOLKIT, file), "utf8")));
const reasonFor = (file: string) =>
  Object.keys(NAMED).find((name) => file === name || (name.endsWith("/") && file.startsWith(name)));

describe("a cloud's name outside its own folders", () => {
  it.each([
    ['const cloud = "openstack";', true],
    ["const hcloudServer = 1;", true],
    ["const text = `a ${b} of Hetzner's`;", true],
    ["/** Hetzner's way. */\nconst b = 1; // openstack", false],
  ])("is seen in code, not in comments: %s", (text, named) => {
    expect(namesCloud(text)).toBe(named);
  });

  it("stands where the list says, and nowhere else", () => {
    expect(files.filter((file) => !reasonFor(file))).toEqual([]);
  });

  it("has no reason for what doesn't name one", () => {
    const used = new Set(files.map(reasonFor));
    expect(Object.keys(NAMED).filter((name) => !used.has(name))).toEqual([]);
  });
});
