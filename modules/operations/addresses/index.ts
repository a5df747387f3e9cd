export { recordAddresses } from "./addresses.ts";
