export type { Admin, AdminOptions, Ran } from "./admin.ts";
export { PROBES } from "./catalogue.ts";
export { type EnumerationQuestion, enumerate } from "./enumeration/enumerate.ts";
export type { Door } from "./enumeration/socket.ts";
export { isListed, loadNotTested, type NotTested } from "./not-tested.ts";
export { type Outside, startWorker, type Worker, workerCommand } from "./outside.ts";
export { type Context, GROUPS, type Group, type Probe } from "./probe.ts";
export { onceOnly, runProbes } from "./run.ts";
export { startAdmin } from "./ssh-admin.ts";
