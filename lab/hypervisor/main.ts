// The hypervisor's process, started by enter.sh: `main.ts FOLDER`, the folder being
// `<lab>/hypervisor`.
import { dirname } from "node:path";
import { hypervisorPaths } from "./paths.ts";
import { Reconciler } from "./reconciler.ts";

const reconciler = new Reconciler(hypervisorPaths(dirname(process.argv[2] ?? "")));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => reconciler.stop());
await reconciler.run();
// Whatever still runs ends with our pid 1.
process.exit(0);
