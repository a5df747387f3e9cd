export { awaitAddresses, awaitAddressesProgram } from "./await-addresses.ts";
export { type Needs, sandbox } from "./sandbox.ts";
