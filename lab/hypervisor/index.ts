export {
  type EdgeCounters,
  edgeCounters,
  hostCommand,
  inHost,
  inInternet,
  internetCommand,
  internetNamespace,
  type Ran,
} from "./access.ts";
export { type HypervisorPaths, hypervisorPaths } from "./paths.ts";
export { hetznerEnvironment, hetznerProjects } from "./stand-in.ts";
export {
  awaitRunning,
  type HostStatus,
  type HypervisorStatus,
  hypervisorProjects,
  hypervisorStatus,
} from "./status.ts";
export { type HypervisorOptions, hypervisorDown, hypervisorUp, prepareImage } from "./up.ts";
