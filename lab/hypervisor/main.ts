// The hypervisor's process, started by enter.sh: `main.ts FOLDER`, the folder being
// `<lab>/hypervisor`. Hetzner's stand-in lives in it, too: it needs nothing of the lab's OpenStack.
import { dirname } from "node:path";
import { LabError } from "../cloud/error.ts";
import { parseNet } from "../cloud/network.ts";
import { HetznerSource } from "./hetzner.ts";
import { OpenStackSource } from "./openstack.ts";
import { hypervisorPaths } from "./paths.ts";
import { Reconciler } from "./reconciler.ts";
import { nameOfProject, startStandIn } from "./stand-in.ts";
import { readSettings } from "./state.ts";

const paths = hypervisorPaths(dirname(process.argv[2] ?? ""));
const settings = readSettings(paths);
if (!settings) throw new LabError(`${paths.settingsFile} is missing`);
const net = parseNet(settings.range);
const { endpoint, operator: token } = await startStandIn(paths);
const reconciler = new Reconciler(paths, [
  new OpenStackSource(paths.lab, net),
  new HetznerSource({ endpoint, token, resolver: net.machine, nameOf: nameOfProject(paths) }),
]);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => reconciler.stop());
await reconciler.run();
// Whatever still runs ends with our pid 1.
process.exit(0);
