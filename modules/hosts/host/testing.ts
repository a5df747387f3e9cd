import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadPrograms } from "../../workspace/index.ts";
import { programText } from "../configuration/index.ts";
import { settingsOf } from "./index.ts";

/** A folder of Python modules that are programs of hosts; what tests run there may import them. */
export class PythonFolder {
  readonly path = mkdtempSync(join(tmpdir(), "polder-programs-"));

  /** @param name of the module @param source the program's path in `programs`: by default below `modules/hosts` */
  add(name: string, source: string, settings?: object, programs = loadPrograms()): void {
    const file = join(this.path, `${name}.py`);
    writeFileSync(file, programText(programs, source));
    if (settings) writeFileSync(settingsOf(file), JSON.stringify(settings));
  }

  /** What a script prints, as JSON. */
  run(script: string): unknown {
    // What a machine has installed beside Python's own modules takes a third of its start, and no host has it.
    const output = execFileSync("python3", ["-B", "-S", "-c", `import json\n${script}`], {
      cwd: this.path,
      encoding: "utf8",
    });
    return JSON.parse(output);
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
