export { type Features, featuresSchema } from "./features.ts";
export { keyIdOf, linkOf, type Role, signToken, type Ticket } from "./token.ts";
