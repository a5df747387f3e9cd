export { loadFeatures } from "./features.ts";
export { keyIdOf, LONGEST, linkOf, type Role, signToken, type Ticket } from "./token.ts";
