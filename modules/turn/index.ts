export { turnPart } from "./part.ts";
