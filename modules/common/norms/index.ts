export { type Norm, type NormDocument, normsOf, normsSchema, type Text } from "./norms.ts";
