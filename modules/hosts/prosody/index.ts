export { prosodyFragment } from "./fragment.ts";
