export { renderedDigest, writeConfigurations } from "./configurations.ts";
export {
  type ConvergeOptions,
  convergeInstance,
  sshUser,
  writeSshFiles,
} from "./converge.ts";
export { type HostResult, runsOlderFiles } from "./events.ts";
export { runRemotely } from "./remote.ts";
export { type RestartContext, type Restarts, restartAtOnce, restartCost } from "./restarts.ts";
export { shipRevoked } from "./revoked.ts";
export { sshArguments, sshFiles } from "./ssh-arguments.ts";
