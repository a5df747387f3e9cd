export { type DownOptions, down } from "./down.ts";
export { LabInterrupted } from "./error.ts";
export { defaultFolder, type LabPaths, labPaths } from "./paths.ts";
export type { Progress } from "./progress.ts";
export { defaultQuota, type LabProject, type LabQuota } from "./project.ts";
export { type LabService, type LabStatus, labEnvironment, status } from "./status.ts";
export { prepare, type UpOptions, up } from "./up.ts";
