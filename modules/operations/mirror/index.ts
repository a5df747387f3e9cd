export { megabytes } from "./archive.ts";
export { archiveOf } from "./manifest.ts";
export { fillMirror, JITSI_FOLDER, verifyMirror } from "./mirror.ts";
