import { setPriority } from "node:os";
import { report } from "../cli/exit.ts";
import { defaultFolder, prepare } from "./cloud/index.ts";
import { prepareImage } from "./hypervisor/index.ts";

// The Debian root of the lab and the image of its hosts, while `make` fetches and builds everything else, and runs the
// tests that need neither. All others wait for it, so it gets the processor first.
setPriority(-5);

const folder = defaultFolder();
const progress = (line: string) => process.stderr.write(`lab: ${line}\n`);
const controller = new AbortController();
const { signal } = controller;
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => controller.abort());
try {
  await prepare({
    ...{ folder, progress, signal },
    besideRoot: () => prepareImage({ folder, progress, signal }),
  });
} catch (error) {
  process.exitCode = report(error, progress);
}
