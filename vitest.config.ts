import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Suites that take longest begin first, so that none is left to run alone at the end; the very longest even
 * before the unit tests, which fill the time until the lab is up.
 */
const LONGEST = ["enumeration.debian", "gate-limits.debian", "approve.terraform", "render.debian"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      if (moduleId.endsWith("/lab/cluster.lab.test.ts")) return -2;
      if (project.name === "unit") return -1;
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return place < 0 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

// Suites call the command as a user does, and the worker of the probes.
execFileSync(process.execPath, ["scripts/compile.mjs"], {
  cwd: import.meta.dirname,
  stdio: "inherit",
});

const everywhere = ["modules", "cli", "stacks", "providers", "lab", "docs"];
const files = (ending: string) => everywhere.map((folder) => `${folder}/**/*.${ending}.ts`);

/** Three at once on two cores: a third of a suite is waiting. Projects with the same number stand in one line. */
const maxWorkers = Math.max(3, availableParallelism());
const long = {
  testTimeout: 300_000,
  hookTimeout: 600_000,
  // What a server writes down is there when its processor gets to it: vitest's own second is too short beside others.
  expect: { poll: { timeout: 10_000 } },
};
const veryLong = { testTimeout: 3_600_000, hookTimeout: 600_000, fileParallelism: false };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // What was compiled for a run serves the next one: a tenth of the unit tests' time.
    experimental: { fsModuleCache: true, fsModuleCachePath: "build/vitest" },
    projects: [
      {
        test: {
          name: "unit",
          include: files("test"),
          exclude: [
            ...["terraform", "debian", "lab", "soak", "alone", "acceptance"].flatMap((kind) =>
              files(`${kind}.test`),
            ),
            "**/node_modules/**",
          ],
          // Three at once, beside a lab that comes up: what takes seconds alone may take a minute.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers,
          // Modules are read once a worker, not once a file: cdktf and zod alone take a second.
          isolate: false,
          setupFiles: ["lab/testing/after-the-lab.ts"],
        },
      },
      {
        // What asks the real Terraform for minutes, by the command itself: plan, apply, approvals, drift, audit.
        test: {
          ...long,
          maxWorkers,
          name: "terraform",
          include: files("terraform.test"),
          isolate: false,
        },
      },
      {
        // Debian's own programs, in a root that is never booted, and the kernel's: root's rights, no lab.
        test: {
          ...long,
          maxWorkers,
          name: "debian",
          include: files("debian.test"),
          isolate: false,
          setupFiles: ["lab/testing/await-validator-root.ts"],
        },
      },
      {
        // Real browsers at a cluster that stands already: make acceptance.
        test: { ...veryLong, name: "acceptance", include: files("acceptance.test") },
      },
      {
        // One lab, shared by all; each suite has instances and projects of its own.
        test: {
          ...long,
          maxWorkers,
          name: "lab",
          include: files("lab.test"),
          globalSetup: ["lab/testing/shared-lab.ts"],
          setupFiles: ["lab/testing/await-lab.ts"],
        },
      },
      {
        // What takes long, one suite after the other, on one lab.
        test: {
          ...veryLong,
          name: "soak",
          include: files("soak.test"),
          globalSetup: ["lab/testing/shared-lab.ts"],
          setupFiles: ["lab/testing/await-lab.ts"],
        },
      },
      {
        // What brings labs up and down itself, or looks at all of the machine: nobody else may.
        test: { ...veryLong, name: "alone", include: files("alone.test") },
      },
    ],
  },
});
