export { type Collected, collectEvidence } from "./collect.ts";
export { assertNew, signerOf, type Verified, verifySigned, writeSigned } from "./folder.ts";
