export { bridgePart } from "./part.ts";
