import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Where a run leaves its record; test.ts reads it once vitest has ended. */
export const RECORD = join(import.meta.dirname, "../build/test-record.json");

export interface TestRecord {
  suites: {
    /** Path of the file. */
    file: string;
    seconds: number;
    tests: { name: string; title: string; state: string; errors: string[] }[];
    /** What failed beside its tests: reading the file, or a hook. */
    errors: string[];
  }[];
  /** What failed beside every suite: a rejection that nobody handled, a worker that died. */
  unhandled: string[];
}

/**
 * A reporter of vitest that records each failure there is. vitest's own JSON leaves out the errors of hooks
 * and what happens outside of suites, so that a run was red and nobody could say where.
 */
export default class Recorder implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const record: TestRecord = {
      suites: modules.map((module) => ({
        file: module.moduleId,
        seconds: module.diagnostic().duration / 1000,
        tests: [...module.children.allTests()].map((test) => ({
          name: test.fullName,
          title: test.name,
          state: test.result().state,
          errors: (test.result().errors ?? []).map(inShort),
        })),
        errors: [
          ...module.errors().map(inShort),
          ...[...module.children.allSuites()].flatMap((suite) =>
            suite.errors().map((error) => `${suite.fullName}: ${inShort(error)}`),
          ),
        ],
      })),
      unhandled: unhandled.map((error) =>
        // vitest's name for the suite that ran in that worker at the time.
        [error["VITEST_TEST_PATH"], inShort(error)].filter(Boolean).join(": "),
      ),
    };
    writeFileSync(RECORD, JSON.stringify(record));
  }
}

/** An error's message and the line of ours that it came from. */
function inShort({ message, stacks }: Pick<SerializedError, "message" | "stacks">): string {
  const at = stacks?.find(({ file }) => !file.includes("node_modules"));
  const [first = ""] = message.split("\n");
  return at ? `${first} (${at.file}:${at.line})` : first;
}
