export { loadFeatures } from "./features.ts";
export { keyIdOf, linkOf, type Role, signToken, type Ticket } from "./token.ts";
