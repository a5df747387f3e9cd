export { certificateAndKeyMatch } from "./pair.ts";
export { GROUPS, opensslConfig, SIGNATURES, SUITES_12, SUITES_13 } from "./profile.ts";
