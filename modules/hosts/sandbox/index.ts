export { awaitAddresses, awaitAddressesFragment } from "./await-addresses.ts";
export { type Needs, sandbox } from "./sandbox.ts";
