export { prosodyPart } from "./part.ts";
