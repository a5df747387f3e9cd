import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterAll, describe, expect, test } from "vitest";
import { composition } from "../cli/composition.ts";
import { BadInput } from "../modules/common/input/index.ts";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { packOf } from "../modules/operations/rules/index.ts";
import { policyInput } from "../modules/operations/working-folder/index.ts";
import { evaluate } from "../modules/policy/index.ts";
import { loadInstance } from "../modules/workspace/index.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-overrides-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const AS_OF = "2026-11-24";
let count = 0;

/** The lab's example in a folder of its own, its addresses allocated, with these overrides. */
function lab(overrides: string, allocated = true): string {
  const folder = join(parent, `${++count}`, "lab");
  mkdirSync(folder, { recursive: true });
  cpSync(join(TOOLKIT, "instances/lab/instance.yaml"), join(folder, "instance.yaml"));
  if (allocated) {
    const open = loadInstance(folder).blueprint.hosts.filter((host) => host.exposure.public);
    const entries = open.map((host, i) => [host.id, { id: `ip-${i}`, ipv4: `203.0.113.${i + 1}` }]);
    writeFileSync(
      join(folder, "addresses.yaml"),
      dump({
        instance: "lab",
        cloud: "openstack",
        location: "lab-floating",
        addresses: Object.fromEntries(entries),
      }),
    );
  }
  writeFileSync(join(folder, "overrides.yaml"), overrides);
  return folder;
}

const WHO = "    reason: The second hall has the second line.\n    owner: Sam de Vries\n";
const one = (resource: string, set: string) =>
  `overrides:\n  - resource: ${resource}\n    set: ${set}\n${WHO}`;

const input = (folder: string) =>
  policyInput(loadInstance(folder), { outdir: join(parent, "cdktf.out") }, composition);

const bodies = (folder: string, type: string, stack = "lab") => {
  const document = input(folder).stacks.get(stack) as {
    resource: Record<string, Record<string, Record<string, unknown>>>;
  };
  return Object.entries(document.resource[type] ?? {});
};

const refusal = (folder: string): string[] => {
  try {
    input(folder);
    return [];
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return error.message.replaceAll(`${folder}/`, "").split("\n");
  }
};

describe("overrides.yaml", () => {
  test("changes what it names and nothing else, and the plan's findings tell it", async () => {
    const folder = lab(
      one("turn-*/server", "{ availability_zone: hall-2, metadata: { rack: '7' } }"),
    );
    for (const [name, body] of bodies(folder, "openstack_compute_instance_v2")) {
      const turn = name.startsWith("turn-");
      expect(body["availability_zone"]).toBe(turn ? "hall-2" : undefined);
      expect(body["metadata"]).toEqual(
        expect.objectContaining(turn ? { polder: "1", rack: "7" } : { polder: "1" }),
      );
    }
    const findings = evaluate(input(folder), AS_OF, await packOf(loadInstance(folder)));
    expect(findings.filter((finding) => finding.verdict === "fail")).toEqual([]);
    const told = findings.filter((finding) => finding.warns);
    expect(told.map(({ id, message }) => `${id} ${message}`)).toEqual(
      [1, 2].flatMap(() => [
        'overrides-are-named availability_zone = "hall-2" by overrides.yaml, Sam de Vries: The second hall has the second line.',
        'overrides-are-named metadata = {"rack":"7"} by overrides.yaml, Sam de Vries: The second hall has the second line.',
      ]),
    );
    expect(loadInstance(folder).blueprint.overrides).toMatchObject([{ owner: "Sam de Vries" }]);
  });

  test("adds to our lists, and reaches the addresses too", () => {
    const folder = lab(one("addresses/edge-1", "{ tags: [cost-centre=4711] }"));
    const found = bodies(folder, "openstack_networking_floatingip_v2", "lab-addresses");
    const edge = found.find(([name]) => name.startsWith("edge-1"))?.[1];
    expect(edge?.["tags"]).toEqual([
      "polder",
      "polder-instance=lab",
      "polder-part=edge-1",
      "cost-centre=4711",
    ]);
  });

  test.each<[string, string, RegExp]>([
    [
      "a smaller server",
      one("bridge-1/server", "{ flavor_name: lab.small }"),
      /overrides-are-named/,
    ],
    [
      "a port without a filter",
      one("control-1/port", "{ port_security_enabled: false }"),
      /ports-are-guarded/,
    ],
    [
      "a program in user data",
      one("edge-1/server", '{ user_data: "#!/bin/sh" }'),
      /user-data-is-identity/,
    ],
    ["a password", one("edge-1/server", "{ admin_pass: hunter2hunter2 }"), /no-secret/],
  ])("can't open what the policy guards: %s", (_, text, rule) => {
    const failed = evaluate(input(lab(text)), AS_OF).filter(
      (finding) => finding.verdict === "fail",
    );
    expect(failed.map(({ id }) => id).join()).toMatch(rule);
  });

  test.each<[string, string, RegExp[]]>([
    [
      "a resource that isn't there",
      one("turn-1/sever", "{ availability_zone: x }"),
      [
        /^overrides\.yaml:2:15: overrides\[0\]\.resource: got "turn-1\/sever", no resource is called so; did you mean "turn-1\/server"\?$/,
      ],
    ],
    [
      "an argument that the provider doesn't know",
      one("turn-1/server", "{ availabilty_zone: x }"),
      [
        /^overrides\.yaml:3:30: overrides\[0\]\.set\.availabilty_zone: .*did you mean "?availability_zone"?.*\(openstack_compute_instance_v2\)$/,
      ],
    ],
    [
      "a value of another type",
      one("control-1/control-1-data", "{ size: much }"),
      [/^overrides\.yaml:3:18: overrides\[0\]\.set\.size: .*number/],
    ],
    [
      "Terraform's own arguments",
      one("turn-1/server", "{ lifecycle: { prevent_destroy: false } }"),
      [
        /^overrides\.yaml:3:23: overrides\[0\]\.set\.lifecycle: is Terraform's own, and polder's to decide$/,
      ],
    ],
    [
      "an expression",
      one("turn-1/server", '{ availability_zone: "${file(1)}" }'),
      [/^overrides\.yaml:3:31: overrides\[0\]\.set\.availability_zone: has \$\{ or %\{ in it/],
    ],
    [
      "no owner",
      "overrides:\n  - resource: router\n    set: { description: x }\n    reason: y\n",
      [/^overrides\.yaml:2:5: overrides\[0\]\.owner: missing, a text is required$/],
    ],
    ["nothing", one("router", "{}"), [/set: empty: name at least one argument$/]],
  ])("with %s is refused", (_, text, says) => {
    const told = refusal(lab(text));
    expect(told.length).toBe(says.length);
    for (const [i, line] of says.entries()) expect(told[i]).toMatch(line);
  });

  test("may name the cluster before its addresses are allocated", () => {
    const folder = lab(one("turn-1/server", "{ availability_zone: hall-2 }"), false);
    const findings = evaluate(input(folder), AS_OF).filter(
      ({ id }) => id === "overrides-are-named",
    );
    expect(findings).toMatchObject([{ verdict: "not-tested", subject: "turn-1/server" }]);
  });
});
