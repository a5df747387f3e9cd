export { Apt } from "./apt.ts";
export { filesBelow, fillArchive, megabytes } from "./archive.ts";
export { archiveOf } from "./manifest.ts";
export { fillMirror, JITSI_FOLDER, useProviders, verifyMirror, withPackages } from "./mirror.ts";
export { WHEELS_FOLDER } from "./tools.ts";
