// What is rendered for the examples, as digests: a commit that means to change no rendered byte leaves
// instances/rendered.txt as it is, and any other shows there what it changed, and for whom.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EXAMPLES, example } from "../../../lab/testing/examples.ts";
import { TOOLKIT } from "../../common/toolkit/index.ts";

const FILE = join(TOOLKIT, "instances/rendered.txt");
const HEADING = `# Digests of what is rendered for the examples, so that a change to it shows in a review. A line that differs names the
# example, or the file of a host or the resource of the cloud, over all examples that have it. Where the change is meant:
# npx vitest run --project unit modules/hosts/render -u
`;

/** Texts under a name, each kind in its own order; the first 16 characters of their SHA-256. */
class Digests {
  private readonly sums = new Map<string, ReturnType<typeof createHash>>();

  add(name: string, ...values: readonly unknown[]): void {
    const sum = this.sums.get(name) ?? createHash("sha256");
    this.sums.set(name, sum.update(`${JSON.stringify(values)}\n`));
  }

  lines(): string[] {
    return [...this.sums]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, sum]) => `${sum.digest("hex").slice(0, 16)}  ${name}\n`);
  }
}

it("is for every example as instances/rendered.txt says", async () => {
  const [examples, things] = [new Digests(), new Digests()];
  for (const name of EXAMPLES) {
    const { hosts = [], stacks } = example(name);
    examples.add(`${name}: files of ${hosts.length} hosts`, hosts);
    for (const { host, files, ...others } of hosts) {
      for (const file of files) things.add(file.path, name, host, file);
      for (const [kind, list] of Object.entries(others)) things.add(kind, name, host, list);
    }
    for (const [stack, { resource, ...others }] of stacks) {
      examples.add(`${name}: Terraform's documents`, stack, resource, others);
      for (const [type, bodies] of Object.entries(resource ?? {})) things.add(type, stack, bodies);
      for (const [kind, block] of Object.entries(others)) things.add(kind, stack, block);
    }
  }
  const text = [HEADING, "\n", ...examples.lines(), "\n", ...things.lines()].join("");
  const message =
    "what is rendered for the examples changed: instances/rendered.txt says how to renew it";
  await expect(text, message).toMatchFileSnapshot(FILE);
});
