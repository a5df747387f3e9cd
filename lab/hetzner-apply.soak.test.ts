// Applies against the stand-in of Hetzner's API that are cut short, or made by cdktf. Needs Terraform and loopback;
// not the lab.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testbed } from "../cli/testbed.ts";
import { KINDS } from "../modules/clouds/hetzner-api/index.ts";
import { readHistory } from "../modules/operations/history/index.ts";
import { terraformEnvironment } from "../modules/operations/plan/index.ts";
import { HetznerProjects } from "./testing/hetzner-projects.ts";
import {
  CDKTF,
  polder,
  program,
  type Ran,
  type TestInstance,
  testInstance,
} from "./testing/polder.ts";

const hetzner = new HetznerProjects();
beforeAll(() => hetzner.start());
afterAll(() => hetzner.close());

describe("an apply that is interrupted", () => {
  let instance: TestInstance;
  beforeAll(() => {
    instance = testInstance("eea-voorbeeld", "t-hz-cut");
  });
  afterAll(() => instance.forget());

  /** What the cut caught between the cloud and the state is named, with how it is deleted. */
  async function deleteWhatIsNamed(): Promise<void> {
    const { stdout } = await polder(["plan", instance.folder], { env: hetzner.environment("i") });
    for (const [, kind = "", id] of stdout.matchAll(/\(hcloud (\S+) delete (\d+)\)/g))
      await fetch(`${hetzner.endpoint}/${kind.replace("-", "_")}s/${id}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${"i".repeat(64)}` },
      });
  }

  test("goes on from what was made, and takes no running host away", async () => {
    for (const step of ["plan", "apply", "addresses", "plan"])
      await hetzner.polderOk("i", step, instance.folder);
    let cut = false;
    const ran = await polder(["apply", instance.folder], {
      env: hetzner.environment("i"),
      onLine: (line, child) => {
        if (cut || !/done, create/.test(line)) return;
        cut = true;
        child.kill("SIGINT");
      },
    });
    expect([cut, ran.code]).toEqual([true, 3]);
    const before = (await hetzner.api("i").list("servers")).map(({ id }) => id);
    await deleteWhatIsNamed();
    for (const step of ["plan", "apply"]) await hetzner.polderOk("i", step, instance.folder);
    expect(await hetzner.polderOk("i", "plan", instance.folder)).toContain("t-hz-cut: no changes");
    const after = (await hetzner.api("i").list("servers")).map(({ id }) => id);
    expect(after).toEqual(expect.arrayContaining(before));
  });
});

describe("cdktf on Hetzner Cloud", () => {
  let instance: TestInstance;
  const output = join(hetzner.folder, "cdktf.out");
  beforeAll(() => {
    instance = testInstance("eea-voorbeeld", "t-hz-cdktf");
  });
  afterAll(() => instance.forget());

  async function cdktf(...args: string[]): Promise<Ran> {
    const ran = await program(CDKTF, [...args, "--output", output], {
      env: {
        ...hetzner.environment("c"),
        ...terraformEnvironment(testbed, instance.load().blueprint),
        POLDER_INSTANCE: instance.folder,
        CI: "true",
        NO_COLOR: "1",
      },
    });
    return { ...ran, stdout: ran.stdout + ran.stderr };
  }
  const deploy = (stack: string) =>
    cdktf("deploy", stack, "--auto-approve", "--skip-provider-lock");

  test("stands in the history, and the next plan says that the state changed", async () => {
    await hetzner.polderOk("c", "plan", instance.folder);
    expect((await deploy("t-hz-cdktf-addresses")).code).toBe(0);
    const env = hetzner.environment("c");
    const stale = await polder(["apply", instance.folder], { env });
    expect([stale.code, stale.stderr]).toEqual([3, expect.stringContaining("the plan is stale")]);
    await hetzner.polderOk("c", "plan", instance.folder);
    const events = readHistory(instance.load()).lines.map(({ event }) => event);
    expect(events).toContainEqual({ kind: "cdktf", verb: "deploy t-hz-cdktf-addresses" });
    expect(events).toContainEqual({
      kind: "changed-elsewhere",
      serials: { "t-hz-cdktf-addresses": expect.any(Number) },
    });
    const told = await hetzner.polderOk("c", "history", instance.folder);
    expect(told.replace(/\s+/g, " ")).toMatch(/changed by something else than polder apply/);
  });

  test("deploys the addresses, then the cluster, and diffs to nothing", async () => {
    for (const stack of ["t-hz-cdktf-addresses", "t-hz-cdktf"]) {
      const { code, stdout } = await deploy(stack);
      // The addresses may stand already.
      expect([code, stdout]).toEqual([0, expect.stringMatching(/Apply complete|No changes/)]);
      if (stack.endsWith("-addresses")) await hetzner.polderOk("c", "addresses", instance.folder);
    }
    expect((await cdktf("diff", "t-hz-cdktf", "--skip-provider-lock")).stdout).toContain(
      "No changes",
    );
  });

  test("destroys nothing of what stands there", async () => {
    const names = async () => {
      const lists = await Promise.all(KINDS.map((kind) => hetzner.api("c").list(kind)));
      return lists.map((list) => list.map(({ name }) => name));
    };
    const before = await names();
    const { code } = await cdktf("destroy", "t-hz-cdktf", "--auto-approve", "--skip-provider-lock");
    expect(code).not.toBe(0);
    expect(await names()).toEqual(before);
    expect(before.flat().length).toBeGreaterThan(30);
  });
});
