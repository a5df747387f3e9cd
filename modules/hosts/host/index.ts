export { DEBIAN_ARCHIVES, UPSTREAM } from "./apt.ts";
export { baseFragment } from "./base.ts";
export { programFiles, pythonCheck, rawFile, settingsOf, textFile } from "./file.ts";
export { CA_FILE, HOST_CERTIFICATE, HOST_KEY } from "./paths.ts";
export { restartPolicy } from "./restart-policy.ts";
