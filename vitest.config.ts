import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Suites that take longest begin first, so that none is left to run alone at the end. */
const LONGEST = [
  "cluster.lab",
  "deploy.lab",
  "cdktf.lab",
  "faults.lab",
  "hetzner.debian",
  "hypervisor/hypervisor.lab",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/lab/${name}.test.ts`));
      return place < 0 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const everywhere = ["modules", "cli", "stacks", "providers", "lab", "docs"];
const files = (ending: string) => everywhere.map((folder) => `${folder}/**/*.${ending}.ts`);

/** Three at once: on two cores a third of a suite is waiting. */
const besideOthers = {
  testTimeout: 300_000,
  hookTimeout: 600_000,
  maxWorkers: 3,
  sequence: { groupOrder: 1 },
};

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: files("test"),
          exclude: [
            ...["debian.test", "lab.test", "soak.test"].flatMap(files),
            "**/node_modules/**",
          ],
          testTimeout: 20_000,
        },
      },
      {
        // Debian's own programs, in a root that is never booted, and the kernel's: root's rights, no lab.
        // In one line with the lab's suites, to fill what those wait.
        test: { ...besideOthers, name: "debian", include: files("debian.test") },
      },
      {
        // One lab, shared by all; each suite has instances and projects of its own.
        test: {
          ...besideOthers,
          name: "lab",
          include: files("lab.test"),
          globalSetup: ["lab/testing/shared-lab.ts"],
        },
      },
      {
        test: {
          name: "soak",
          include: files("soak.test"),
          testTimeout: 3_600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
