import { beforeAll, describe, expect, it } from "vitest";
import { FAULTS } from "./testing/planted-faults.ts";
import { expectRead, leftOut, Programs, rendered } from "./testing/rendered.ts";
import { validateFiles } from "./testing/validate-files.ts";
import { VALIDATORS } from "./testing/validators.ts";

// An instance of seven hosts and one of two. The other examples' are render.soak.test.ts's.
const EXAMPLES = [rendered("lab"), rendered("lab-single")] as const;

let programs: Programs;
beforeAll(async () => {
  programs = await Programs.start();
}, 300_000);

describe("every file is read by its own program", () => {
  it.concurrent.each(EXAMPLES)("of $name", (example) => expectRead(programs, example));

  it("no file of any role is left out without a reason", () => {
    expect(leftOut(EXAMPLES.flatMap(({ configurations }) => configurations))).toEqual([]);
  });
});

describe("each program refuses a planted fault", () => {
  const [{ blueprint, configurations }] = EXAMPLES;
  const used = VALIDATORS.flatMap((validator) => {
    const configuration = configurations.find(({ files }) =>
      files.some(({ path }) => validator.reads.test(path)),
    );
    return configuration ? [{ validator, configuration }] : [];
  });

  it("there is no validator without work", () => {
    const idle = VALIDATORS.filter(({ id }) => !used.some(({ validator }) => validator.id === id));
    expect(idle.map(({ id }) => id)).toEqual([]);
    expect(Object.keys(FAULTS).sort()).toEqual(VALIDATORS.map(({ id }) => id).sort());
  });

  it.concurrent.each(
    used.map(({ validator, configuration }) => [validator.id, validator, configuration] as const),
  )("%s", async (id, validator, configuration) => {
    const whole = programs.filled(blueprint, configuration);
    const at = whole.findIndex(({ path }) => validator.reads.test(path));
    const spoilt = whole.map((file, i) =>
      i === at ? { ...file, content: FAULTS[id]?.(file.content) ?? file.content } : file,
    );
    expect(spoilt[at]?.content).not.toBe(whole[at]?.content);
    const [verdict] = await validateFiles(programs.root, spoilt, [validator]);
    expect(verdict?.accepted, verdict?.output).toBe(false);
  });
});
