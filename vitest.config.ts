import { defineConfig } from "vitest/config";

const everywhere = ["modules", "cli", "stacks", "providers", "lab", "docs"];
const files = (ending: string) => everywhere.map((folder) => `${folder}/**/*.${ending}.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: files("test"),
          exclude: [...files("lab.test"), ...files("soak.test"), "**/node_modules/**"],
          testTimeout: 20_000,
        },
      },
      {
        // One lab, shared by all; each suite has instances and projects of its own. Three at once: on two
        // cores a third of a suite is waiting.
        test: {
          name: "lab",
          include: files("lab.test"),
          globalSetup: ["lab/testing/shared-lab.ts"],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
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
