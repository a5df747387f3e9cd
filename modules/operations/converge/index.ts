export { Connections, type Reached } from "./connections.ts";
export { type HostResult, Results } from "./events.ts";
export { inventory, type Wishes } from "./inventory.ts";
export { type PlaybookOptions, playbook } from "./playbook.ts";
export { inForce, inRestartOrder, restartCost } from "./restarts.ts";
export { shipRevoked } from "./revoked.ts";
export { sshArguments, sshFiles } from "./ssh-arguments.ts";
export { knownHosts, type SshUser, sshConfig } from "./ssh-config.ts";
